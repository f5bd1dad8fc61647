"""A second agent's values as a curve of the timeline, and in words."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from dream_viewer.look import theme

_EMPTY = np.empty(0, np.float32)


class CompanionCurve(pg.PlotCurveItem):
    """The values of the same steps as another agent expects them.

    Attributes:
        values: (T,) float32, NaN where there are none.
        mine, other: names of the agent on show and of the second one; empty while nothing is compared.
    """

    def __init__(self) -> None:
        super().__init__(connect="finite", antialias=True)
        self.values: NDArray[np.float32] = _EMPTY
        self.mine = self.other = ""

    def restyle(self) -> None:
        """Take the colour anew from the theme."""
        self.setPen(theme.stroke(theme.colour("companion"), 2))

    def show_values(self, values: NDArray[np.float32] | None, mine: str, other: str) -> None:
        """Draw the values; None: nothing is compared."""
        self.values = _EMPTY if values is None else values
        self.mine, self.other = (mine, other) if values is not None else ("", "")
        self.setData(np.arange(len(self.values), dtype=np.float32), self.values)

    def value(self, step: int) -> float | None:
        """The value at a step; None where there is none."""
        return float(self.values[step]) if step < len(self.values) and np.isfinite(self.values[step]) else None
