"""What is worth jumping to in an episode: rewards, its end, swings of the value, surprises, a person's turns. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dream_viewer.episodes.reel import Reel
from dream_viewer.words.numerals import decimal, signed
from dream_viewer.words.wording import ENOUGH_SURPRISES, outcome_word

Kind = Literal["reward", "end", "value drop", "value peak", "surprise", "bookmark", "played"]

SWING = 0.15
"""Part of the largest value that a rise or fall must reach to be worth a mark."""

SURPRISING = 3.0
"""How many times the episode's median a surprise must reach."""

APART = 5
"""Steps on both sides over which only the greatest surprise counts."""


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place in an episode.

    Attributes:
        index: of the Moment. kind: what happened. text: the same in words and numbers.
    """

    index: int
    kind: Kind
    text: str


def landmarks(reel: Reel) -> tuple[Landmark, ...]:
    """Everything worth jumping to, in order of time."""
    found = [
        Landmark(int(t), "reward", f"reward {signed(float(reel.rewards[t]))}") for t in np.flatnonzero(reel.rewards)
    ]
    if reel.outcome is not None:
        found.append(Landmark(reel.last, "end", f"the end: {outcome_word(reel.outcome)}"))
    peaks, drops = value_swings(reel.values)
    # What opens an episode is high for want of a past, and no peak.
    found += [Landmark(t, "value peak", f"value peak {decimal(float(reel.values[t]))}") for t in peaks if t]
    found += [Landmark(t, "value drop", f"value drop to {decimal(float(reel.values[t]))}") for t in drops]
    found += [Landmark(t, "surprise", f"surprise {reel.surprises[t]:.1f} nats") for t in surprise_peaks(reel.surprises)]
    found += [Landmark(t, "bookmark", "bookmark") for t in reel.bookmarks]
    found += [Landmark(first, "played", "you take over") for first, _ in reel.played]
    # The newest action is not taken yet: a person may still hold other keys.
    found += [Landmark(last + 1, "played", "you hand back") for _, last in reel.played if last + 1 < reel.last]
    return tuple(sorted(found, key=lambda mark: mark.index))


def beside(marks: Iterable[Landmark], index: int, direction: int) -> int | None:
    """Index of the next landmark after (direction 1) or before (-1) a Moment; None where there is none."""
    places = [mark.index for mark in marks if (mark.index - index) * direction > 0]
    return min(places, key=lambda place: abs(place - index)) if places else None


def value_swings(values: NDArray[np.float32]) -> tuple[list[int], list[int]]:
    """Peaks of the value, and its steepest step in each fall from one.

    A peak is a greatest value that is followed by a fall of SWING of the largest value (at least of 1) and came after
    a rise of as much, or opens the episode.

    Args:
        values: (T,), NaN where there is no Reading.

    Returns:
        Indices of the peaks, indices right after the drops.
    """
    steps = np.flatnonzero(np.isfinite(values))
    if len(steps) < 2:
        return [], []
    known = values[steps].astype(np.float64)
    line, least = known.tolist(), SWING * max(1.0, float(np.abs(known).max()))
    peaks: list[int] = []
    drops: list[int] = []
    high = low = 0
    rising = True
    for i, value in enumerate(line):
        if value > line[high]:
            high = i
        if value < line[low]:
            low = i
        if rising and line[high] - value >= least:
            peaks.append(high)
            rising, low = False, i
        elif not rising and value - line[low] >= least:
            drops.append(_steepest(known, peaks[-1], low))
            rising, high = True, i
    if not rising:
        drops.append(_steepest(known, peaks[-1], low))
    return [int(steps[i]) for i in peaks], [int(steps[i]) for i in drops]


def surprise_peaks(surprises: NDArray[np.float32]) -> list[int]:
    """Steps that surprise far more than the episode's others, each the greatest of those around it.

    Args:
        surprises: (T,) in nats, NaN where undefined.
    """
    known = surprises[np.isfinite(surprises)]
    if len(known) < ENOUGH_SURPRISES:
        return []
    least = SURPRISING * max(float(np.median(known)), 0.1)
    filled = np.nan_to_num(surprises, nan=0.0)
    around = sliding_window_view(np.pad(filled, APART), 2 * APART + 1).max(axis=1)
    peaks: list[int] = np.flatnonzero((filled >= least) & (filled == around)).tolist()
    return peaks


def _steepest(line: NDArray[np.float64], first: int, last: int) -> int:
    """Where the line falls most in one step between two places."""
    return first + 1 + int(np.argmin(np.diff(line[first : last + 1])))
