"""What else is going on in this machine while something is timed, and how fast it multiplies and moves memory."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

BUSY_CORES = 0.25
"""Foreign load, in cores, from which a timing is not to be trusted: one busy thread slows torch's team severalfold."""

_STAT = Path("/proc/stat")
_STATUS = Path("/proc/self/status")
_SIDES = {"cpu": 4096, "cuda": 8192}  # large enough for the rate to stand still
_COPIED = {"cpu": 2**28, "cuda": 2**30}  # bytes; larger than the caches of one core's share
_RATE_SECONDS = 1.0
_LEAST_REPEATS = 4


class LoadMeter:
    """How many cores other processes kept busy since the meter was made.

    On Linux it is what the kernel counts as busy, stolen time included, less this process's own time. Elsewhere in
    POSIX it is the load average of the minute before, so the meter must be made before the work begins.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._own = time.process_time()
        self._busy = _busy_seconds()
        self._before = os.getloadavg()[0] if self._busy is None and hasattr(os, "getloadavg") else None

    def foreign_cores(self, known: float = 0.0) -> float | None:
        """Cores, a mean over the time since; None where the system does not tell.

        Args:
            known: processor seconds that processes started on purpose have used since.
        """
        busy = _busy_seconds()
        if busy is None or self._busy is None:
            return self._before
        seconds = max(time.monotonic() - self._since, 1e-3)
        return max(0.0, busy - self._busy - (time.process_time() - self._own) - known) / seconds


def _busy_seconds() -> float | None:
    """Processor seconds that all processes together have used since the machine started, of all cores."""
    if not sys.platform.startswith("linux") or not _STAT.is_file():
        return None
    user, nice, system, _idle, _waiting, *others = map(int, _STAT.read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


def matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    """The best rate of a large square matrix product, in floating-point operations a second, with torch's threads."""
    side = _SIDES[device.type]
    left = torch.ones(side, side, dtype=dtype, device=device)
    out = torch.empty_like(left)
    return 2.0 * side**3 / _fastest(lambda: torch.mm(left, left, out=out), device)


def copy_rate(device: torch.device) -> float:
    """The best rate of a large copy in memory that is in use already, in bytes a second, read and written together."""
    source = torch.ones(_COPIED[device.type], dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2.0 * source.numel() / _fastest(lambda: target.copy_(source), device)


def _fastest(work: Callable[[], object], device: torch.device) -> float:
    """The shortest of many times in seconds, after one that does not count."""
    work()
    wait_for(device)
    times: list[float] = []
    while len(times) < _LEAST_REPEATS or sum(times) < _RATE_SECONDS:
        start = time.perf_counter()
        work()
        wait_for(device)
        times.append(time.perf_counter() - start)
    return min(times)


def wait_for(device: torch.device) -> None:
    """Return when the device has done what was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_memory_bytes(device: torch.device) -> int | None:
    """Most memory ever in use: on a GPU torch's allocations there, else this process's; None where nobody counts."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    if _STATUS.is_file():  # what getrusage tells on Linux includes the process that this one was started from
        peaks = [line.split()[1] for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peaks[0]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def memory_bytes() -> int | None:
    """Memory that this process and those it started to train hold now; its most so far where the system tells no more;
    None where nobody counts."""
    if not _STATUS.is_file():
        return peak_memory_bytes(torch.device("cpu"))
    held = 0
    for status in (_STATUS, *(Path(f"/proc/{child.pid}/status") for child in multiprocessing.active_children())):
        with contextlib.suppress(OSError):  # one that has just ended
            lines = status.read_text().splitlines()
            held += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
    return held


def processor_name() -> str:
    """The processor as people call it."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
