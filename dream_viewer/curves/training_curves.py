"""What the training's events are as curves: names to points. No Qt here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.events import Evaluated, Metrics

Points = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(T,) environment steps and (T,) values; both empty where nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One line.

    Attributes:
        key: name of its points. text: what the legend calls it. colour: a word of `theme.COLOURS`.
        marks: few points, each worth a mark.
    """

    key: str
    text: str
    colour: str
    marks: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """Lines that share axes.

    Attributes:
        title: what they tell. curves: the lines; the last one's newest value is written beside the title.
    """

    title: str
    curves: tuple[Curve, ...]


PLOTS: tuple[Plot, ...] = (
    Plot(
        "Return",
        (
            Curve("episodes", "live", "faint"),
            Curve("train", "train", "accent", marks=True),
            Curve("validation", "validation", "reward", marks=True),
        ),
    ),
    Plot("Image loss", (Curve("loss/image", "", "accent"),)),
    Plot("KL", (Curve("loss/dyn", "", "accent"),)),
    Plot("Updates per second", (Curve("updates_per_second", "", "accent"),)),
)
"""The live curves of the training panel, top to bottom."""

WINDOW = 20
"""Training episodes that the curve of their returns averages over."""


def points(
    metrics: Sequence[Metrics], evaluations: Sequence[Evaluated], returns: Sequence[tuple[int, float]]
) -> dict[str, Points]:
    """The points of every curve of PLOTS, from a training's records as `Training` keeps them."""
    found: dict[str, Points] = {"episodes": _running_mean(returns)}
    for key in ("train", "validation"):
        found[key] = _points([(row.env_steps, row.scores.get(f"{key}.mean_return")) for row in evaluations])
    for key in ("loss/image", "loss/dyn", "updates_per_second"):
        found[key] = _points([(row.env_steps, row.values.get(key)) for row in metrics])
    return found


def _points(pairs: Iterable[tuple[int, float | None]]) -> Points:
    known = np.array([(steps, value) for steps, value in pairs if value is not None], np.float64).reshape(-1, 2)
    return known[:, 0], known[:, 1]


def _running_mean(returns: Sequence[tuple[int, float]]) -> Points:
    steps, values = _points(returns)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - WINDOW, 0)
    return steps, (sums[ends] - sums[starts]) / (ends - starts)
