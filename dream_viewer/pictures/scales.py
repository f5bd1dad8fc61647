"""Scales that do not jump: limits on a ladder of round numbers that only ever widen."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

EXCESS = 0.08
"""What may exceed the limits, as a part of them; whoever draws keeps so much room free."""


def ladder(value: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, 50, ... that is at least `value`; 0 for 0 and below, no less than 1 above."""
    if value <= 0:
        return 0.0
    power = 10.0 ** max(0, math.floor(math.log10(value)))
    return next(float(rung * power) for rung in (1, 2, 5, 10, 20) if rung * power >= value)


class SteadyScale:
    """Limits that hold everything seen since the last reset, on round numbers, with 0 among them.

    A value keeps its height and its colour while an episode goes on; only what clearly exceeds the limits moves them:
    a prediction of 10.3 where 10 is the most there is would halve everything else.

    Attributes:
        low: 0 or below, on the ladder.
        high: 1 or above, on the ladder.
    """

    def __init__(self) -> None:
        self.low = 0.0
        self.high = 1.0

    def reset(self) -> None:
        """Forget everything: other weights, other games have other values."""
        self.__init__()  # type: ignore[misc]

    def tone(self, value: float) -> float:
        """A value's place between the limits, 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def include(self, values: NDArray[np.floating]) -> bool:
        """Widen the limits to hold finite values, NaN aside, but for a small excess; says whether they moved."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return False
        before = (self.low, self.high)
        self.high = max(self.high, ladder(float(finite.max()) / (1 + EXCESS)))
        lowest = float(finite.min())
        if lowest < -EXCESS * self.high:
            self.low = min(self.low, -ladder(-lowest / (1 + EXCESS)))
        return (self.low, self.high) != before


_LENGTHS = (100, 150, 250, 400, 600, 1000, 1500, 2500, 4000, 6000)


def steps_shown(steps: int) -> int:
    """How many steps a timeline shows for an episode of `steps` steps so far, so that its scale changes seldom."""
    return next((length for length in _LENGTHS if steps <= length), steps)
