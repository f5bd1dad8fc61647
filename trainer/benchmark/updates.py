"""Timing a training run from outside: its updates, its vector steps, its logging, and the parts of an update."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import torch

from trainer.benchmark.fingerprint import parameter_hash
from trainer.events import EpisodeEnded, Event, Metrics, Progress
from trainer.loop import TrainingLoop
from trainer.machine import wait_for
from trainer.metrics import EventConsumer
from trainer.randomness import numpy_generator, torch_generator

HASHED_UPDATES = 5
"""Updates after which the parameters' hash is taken; they also warm the machine up."""
OVERHEAD = ("collect", "sample", "write_back", "log")
"""The parts of training that are not the update itself."""
_PART_UPDATES = 5


@dataclass
class Timings:
    """Seconds spent on a stretch of training.

    Attributes:
        updates: of every update, from sampling to write-back. steps: of every step of all games, with its inference
            and its entry into replay. logging: of all rows of metrics and of all that hear events, together.
    """

    updates: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)
    logging: float = 0.0


def drive(
    loop: TrainingLoop,
    events: Iterator[Event],
    until: int,
    consumers: Sequence[EventConsumer],
    tick: Callable[[int], None],
) -> Timings:
    """Train up to a number of updates.

    With saves and evaluations switched off, what comes between two Progress events is one update or one step of all
    games, and what comes before a Metrics event is the making of its row.

    Args:
        loop: whose events these are. until: updates of the whole run.
        consumers: hear every event, as they do when `train` runs. tick: hears the number of updates made.
    """
    timings = Timings()
    spent = 0.0
    while (updates := loop.updates) < until:
        start = time.perf_counter()
        event = next(events)
        spent += time.perf_counter() - start
        if isinstance(event, Progress):
            (timings.updates if event.updates > updates else timings.steps).append(spent)
        elif isinstance(event, Metrics):
            timings.logging += spent
        if not isinstance(event, EpisodeEnded):  # which comes between a step and its Progress
            spent = 0.0
        start = time.perf_counter()
        for consumer in consumers:
            consumer.handle(event)
        timings.logging += time.perf_counter() - start
        if loop.updates > updates:
            tick(loop.updates)
    return timings


def fingerprint(loop: TrainingLoop) -> str:
    """The hash of the trained parameters as they are now."""
    weights = loop.learner.state_tensors()
    return parameter_hash({name: weights[name] for name in loop.learner.names})


class _Marks:
    """Notes when each part of an update begins, in place of the poll that could stop it."""

    def __init__(self, device: torch.device) -> None:
        self.times: list[tuple[str, float]] = []
        self._device = device

    def __call__(self, part: str) -> bool:
        wait_for(self._device)
        self.times.append((part, time.perf_counter()))
        return False


def part_seconds(loop: TrainingLoop) -> dict[str, float]:
    """Median seconds of each part of an update, in order; the parts are those a stop is polled between.

    The updates are made with the loop's learner and replay, outside of its run: nothing is trained after them.
    """
    device, seed = loop.agent.device, loop.config.seed
    seconds: dict[str, list[float]] = defaultdict(list)
    for i in range(_PART_UPDATES):
        mark = _Marks(device)
        mark("sample")
        batch = loop.replay.sample(loop.config.batch_size, numpy_generator(seed, "parts", i))
        result = loop.learner.update(batch, torch_generator(seed, "parts", i, device=device), mark)
        mark("write_back")
        loop.replay.commit(batch, result.deter, result.stoch)
        mark("end")
        for (part, start), (_, end) in pairwise(mark.times):
            seconds[part].append(end - start)
    return {part: statistics.median(times) for part, times in seconds.items()}


def training_parts(loop: TrainingLoop, timings: Timings) -> dict[str, float]:
    """Seconds that each part of training costs per update: collecting what an update calls for, it, and the log."""
    config = loop.config
    steps = config.batch_size * config.batch_length / config.train_ratio / config.num_envs
    return {
        "collect": statistics.median(timings.steps) * steps,
        **part_seconds(loop),
        "log": timings.logging / len(timings.updates),
    }
