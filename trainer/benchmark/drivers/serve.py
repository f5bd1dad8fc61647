"""The other end of :mod:`trainer.benchmark.peers`: builds a driver's update, then makes one whenever a line comes in.

Command line: the driver's module, and the work as JSON. It answers on the standard output with a line of JSON each:
first what the driver tells about itself, then of every update its `seconds`, and the `peak_memory_gb` and `cpu_seconds`
of the process so far; of the first one, which nobody times, also `gflop`, its matrix products and convolutions.
Whatever the other library prints goes to the standard error.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

STATUS = Path("/proc/self/status")
"""What Linux tells about this process."""


class Arithmetic(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts matrix products and convolutions while it is entered, those of gradients too.

    torch's own counter also keeps a book of modules, and some libraries' tensors have no truth value to put in there.

    Attributes:
        gflop: so far, in 10^9 operations.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.gflop = 0.0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Do what was asked, and count it."""
        out = func(*args, **(kwargs or {}))
        count = flop_registry.get(func.overloadpacket)
        if count is not None:
            self.gflop += count(*args, **(kwargs or {}), out_val=out) / 1e9
        return out


def main() -> None:
    """Serve updates until the standard input ends."""
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        driver, work = sys.argv[1], json.loads(sys.argv[2])
        torch.set_num_threads(work["threads"])
        torch.manual_seed(0)
        update, facts = importlib.import_module(driver).build(work)
        answers.write(json.dumps(facts) + "\n")
        on_gpu = work["device"] == "cuda"
        counter: Arithmetic | None = Arithmetic()
        for _ in sys.stdin:
            start = time.perf_counter()
            with counter or contextlib.nullcontext():
                update()
            if on_gpu:
                torch.cuda.synchronize()
            seconds = time.perf_counter() - start
            answer = {"seconds": seconds, "peak_memory_gb": peak_memory_gb(on_gpu), "cpu_seconds": time.process_time()}
            if counter:
                answer["gflop"] = counter.gflop
                counter = None
            answers.write(json.dumps(answer) + "\n")


def peak_memory_gb(on_gpu: bool) -> float | None:
    """Most memory ever in use, in 10^9 bytes: torch's on a GPU, else the process's; None where nobody counts."""
    if on_gpu:
        return torch.cuda.max_memory_allocated() / 1e9
    if STATUS.is_file():  # what getrusage tells on Linux includes the process that this one was started from
        peaks = [line.split()[1] for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peaks[0]) * 1024 / 1e9
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return (peak if sys.platform == "darwin" else peak * 1024) / 1e9


if __name__ == "__main__":
    main()
