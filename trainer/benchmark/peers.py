"""Other people's DreamerV3 on the same work: same batch, same widths, random data, in alternation with ours.

A peer runs in an environment and a process of its own. It is timed as it comes, and with what makes it faster without
a change to its code: the compute type of ours, and glibc's allocator set from outside. Only one peer is there at a
time; while it makes an update ours waits, and the other way round. Where a peer's networks are others than the
reference's its update may ask for less arithmetic; so that of both is counted, by the same counter, as they do it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import torch

from trainer.benchmark.drivers.serve import Arithmetic
from trainer.benchmark.environments import environment
from trainer.benchmark.random_work import RandomWork
from trainer.config import Config
from trainer.evaluation.scores import Tick
from trainer.machine import LoadMeter

DRIVERS = Path(__file__).parent / "drivers"
TUNABLES = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=20000000000"
"""What spares a process on Linux the page faults that ours avoids by itself; read when it starts, ignored elsewhere."""
_WARM_UP = 2


@dataclass(frozen=True)
class Peer:
    """A public implementation.

    Attributes:
        name: of the project. requirement: for pip, one exact version. driver: a module in `drivers`.
    """

    name: str
    requirement: str
    driver: str


PEERS = (
    Peer("sheeprl", "sheeprl==0.8.4", "sheeprl_driver"),
    Peer("torchrl", "torchrl==0.14.1", "torchrl_driver"),
)
"""Those that a package index has and that are looked after."""


@dataclass(frozen=True)
class Variant:
    """A way to run a peer.

    Attributes:
        name: for people. dtype: it computes in. tuned: the allocator is set for it.
    """

    name: str
    dtype: str
    tuned: bool


def variants(config: Config) -> list[Variant]:
    """As it comes, and tuned."""
    return [Variant("as it comes", "float32", False), Variant("tuned", config.dtype, True)]


def work_of(config: Config, num_actions: int, dtype: str) -> dict[str, Any]:
    """What a driver is to do, as plain values.

    Returns:
        `batch` and `length` of the sequences, `imagination` steps, `actions`, `device`, `dtype`, `threads`, and `size`,
        the fields of :class:`trainer.config.ModelSize` by name.
    """
    return {
        "batch": config.batch_size,
        "length": config.batch_length,
        "imagination": config.imagination,
        "actions": num_actions,
        "device": config.device,
        "dtype": dtype,
        "threads": config.threads,
        "size": dataclasses.asdict(config.size),
    }


def install_peers(say: Callable[[str], None]) -> dict[Peer, Path]:
    """The Python of every peer's environment, with the torch of ours.

    Raises:
        UserError: one of them cannot be installed.
    """
    same_torch = f"torch=={torch.__version__.partition('+')[0]}"
    return {peer: environment(peer.name, (peer.requirement, same_torch), say) for peer in PEERS}


def time_peers(
    pythons: Mapping[Peer, Path], config: Config, rounds: int, tick: Callable[[Tick], None]
) -> list[dict[str, Any]]:
    """Time every peer in every variant, in alternation with ours.

    Args:
        pythons: of :func:`install_peers`. config: settled. rounds: updates of each that count. tick: hears of each.

    Returns:
        One record each: `peer`, `variant`, `version`, `dtype`, `parameters`, `our_parameters`, `seconds` and
        `our_seconds` (medians), `ratio` (theirs to ours), `gflop` and `our_gflop` (matrix products and convolutions of
        an update, in 10^9 operations), `ratio_per_flop`, `peak_memory_gb`, `foreign_cores`, and `differs`, sentences
        about what is not the same work. Where a peer gave up there is `failed`, its last line, in place of figures.
    """
    ours = RandomWork(config)
    with Arithmetic() as counter:
        ours.update()
    asked = [(peer, variant) for peer in pythons for variant in variants(config)]
    total = len(asked) * (_WARM_UP + rounds)
    records = []
    for i, (peer, variant) in enumerate(asked):
        done = i * (_WARM_UP + rounds)

        def told(made: int, peer: Peer = peer, done: int = done) -> None:
            tick(Tick(peer.name, done + made, total))

        about = {"peer": peer.name, "variant": variant.name, "dtype": variant.dtype}
        try:
            records.append(about | _compare(pythons[peer], peer, variant, ours, counter.gflop, rounds, told))
        except PeerFailed as failure:
            records.append(about | {"failed": str(failure)})
    return records


class PeerFailed(Exception):
    """A peer's process ended before it was asked to; the message is its last line."""


def _compare(
    python: Path,
    peer: Peer,
    variant: Variant,
    ours: RandomWork,
    our_gflop: float,
    rounds: int,
    told: Callable[[int], None],
) -> dict[str, Any]:
    config = ours.config
    work = work_of(config, ours.agent.num_actions, variant.dtype)
    meter = LoadMeter()
    theirs, mine = [], []
    with _serving(python, peer.driver, work, variant.tuned) as answers:
        facts = next(answers)
        for made in range(_WARM_UP + rounds):
            answer = next(answers)
            seconds = ours.update()
            if made == 0:
                gflop = answer["gflop"]
            if made >= _WARM_UP:
                theirs.append(answer["seconds"])
                mine.append(seconds)
            told(made + 1)
        foreign = meter.foreign_cores(known=answer["cpu_seconds"])
    median, our_median = statistics.median(theirs), statistics.median(mine)
    return {
        "version": facts["version"],
        "torch": facts["torch"],
        "parameters": facts["parameters"],
        "our_parameters": ours.agent.parameter_count,
        "seconds": median,
        "our_seconds": our_median,
        "ratio": median / our_median,
        "gflop": gflop,
        "our_gflop": our_gflop,
        "ratio_per_flop": (median / gflop) / (our_median / our_gflop),
        "peak_memory_gb": answer["peak_memory_gb"],
        "foreign_cores": foreign,
        "differs": _differences(facts, variant, ours),
    }


def _differences(facts: Mapping[str, Any], variant: Variant, ours: RandomWork) -> list[str]:
    differs = list(facts["differs"])
    if facts["parameters"] != ours.agent.parameter_count:
        differs.insert(0, f"{facts['parameters']:,} parameters, ours {ours.agent.parameter_count:,}")
    if variant.dtype != ours.config.dtype:
        differs.insert(0, f"computes in {variant.dtype}, ours in {ours.config.dtype}")
    if facts["torch"] != torch.__version__:
        differs.insert(0, f"torch {facts['torch']}, ours {torch.__version__}")
    return differs


@contextlib.contextmanager
def _serving(python: Path, driver: str, work: Mapping[str, Any], tuned: bool) -> Iterator[Iterator[dict[str, Any]]]:
    """A peer's process: an iterator of what it tells about itself, then of updates, made when they are asked for."""
    environ = {**os.environ, "GLIBC_TUNABLES": TUNABLES} if tuned else dict(os.environ)
    # -E, -s: nothing of ours on its path
    command = [str(python), "-E", "-s", str(DRIVERS / "serve.py"), driver, json.dumps(work)]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=environ
        )
        try:
            yield _answers(process, said)
        finally:
            process.kill()
            process.communicate()


def _answers(process: subprocess.Popen[str], said: IO[str]) -> Iterator[dict[str, Any]]:
    assert process.stdin is not None and process.stdout is not None
    while line := process.stdout.readline():
        yield json.loads(line)
        with contextlib.suppress(BrokenPipeError):  # it has ended; readline says so
            process.stdin.write("update\n")
            process.stdin.flush()
    process.wait()
    said.seek(0)
    raise PeerFailed((said.read().strip().splitlines() or ["it said nothing"])[-1])
