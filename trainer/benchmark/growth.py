"""How the time of an update grows: with the batch, the length of its sequences, the imagined steps and the model."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

from trainer.benchmark.random_work import RandomWork
from trainer.config import SIZES, Config
from trainer.evaluation.scores import Tick
from trainer.flops import update_flops

AXES = ("batch_size", "batch_length", "imagination", "preset")
"""Settings that are varied, each alone."""
_FACTORS = (0.25, 0.5, 1, 2)
_ROUNDS = 3


def points(config: Config, axis: str) -> list[Config]:
    """The settings to time along an axis: a quarter to twice the config's own number, or the presets around its own."""
    if axis == "preset":
        names = list(SIZES)
        own = names.index(config.preset)
        return [config.replace(preset=name) for name in names[max(0, own - 2) : own + 2]]
    least = 2 if axis == "batch_length" else 1
    values = {max(least, round(factor * getattr(config, axis))) for factor in _FACTORS}
    return [config.replace(**{axis: value}) for value in sorted(values)]


def growth(config: Config, matrix_rate: float, tick: Callable[[Tick], None]) -> dict[str, list[dict[str, Any]]]:
    """Time updates on random data along every axis; an axis' points take turns, so that a drift hits all of them.

    Args:
        config: settled; the point from which each axis starts. matrix_rate: floating-point operations a second.
        tick: hears of every update.

    Returns:
        For each axis its points: `value`, `seconds` (a median), `frames_per_second` (replayed), `floor_ratio`.
    """
    axes = {axis: points(config, axis) for axis in AXES}
    total = sum(len(configs) for configs in axes.values()) * (1 + _ROUNDS)
    done = 0
    grown = {}
    for axis, configs in axes.items():
        works = [RandomWork(point) for point in configs]
        seconds: list[list[float]] = [[] for _ in works]
        for round_ in range(1 + _ROUNDS):  # the first one warms up
            for work, times in zip(works, seconds, strict=True):
                spent = work.update()
                if round_:
                    times.append(spent)
                done += 1
                tick(Tick(f"growth with {axis}", done, total))
        grown[axis] = [
            _row(axis, work, statistics.median(times), matrix_rate) for work, times in zip(works, seconds, strict=True)
        ]
    return grown


def _row(axis: str, work: RandomWork, seconds: float, matrix_rate: float) -> dict[str, Any]:
    config = work.config
    flops = update_flops(
        config.size, config.batch_size, config.batch_length, config.imagination, work.agent.num_actions
    )
    return {
        "value": getattr(config, axis),
        "seconds": seconds,
        "frames_per_second": config.batch_size * config.batch_length / seconds,
        "floor_ratio": seconds * matrix_rate / flops.total,
    }
