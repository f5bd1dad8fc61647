"""What a person played, as a line along the foot of the timeline, and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt

from dream_viewer.look import theme

WIDTH = 4
"""Of the line, in pixels."""
WORDS = "you played"


class PlayedLine(pg.PlotCurveItem):
    """A line under the steps at which a person acted, in the colour of the border that a pane has meanwhile."""

    def __init__(self) -> None:
        super().__init__(connect="pairs")
        self._stretches: tuple[tuple[int, int], ...] = ()
        self._foot = 0.0

    def restyle(self) -> None:
        """Take the colour anew from the theme."""
        pen = theme.stroke(theme.colour("played"), WIDTH)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        self.setPen(pen)

    def show_stretches(self, stretches: Sequence[tuple[int, int]]) -> None:
        """Draw the line under these steps: the first and the last of each stretch, in order of time."""
        if tuple(stretches) != self._stretches:
            self._stretches = tuple(stretches)
            self._draw()

    def put_at(self, foot: float) -> None:
        """Take the scale: the value at the foot of the timeline."""
        if foot != self._foot:
            self._foot = foot
            self._draw()

    @property
    def legend(self) -> str:
        """What the line is; empty where there is none."""
        return WORDS if self._stretches else ""

    def words(self, step: int) -> str:
        """That a person acted at a step; empty where nobody did."""
        return WORDS if any(first <= step <= last for first, last in self._stretches) else ""

    def _draw(self) -> None:
        ends = np.array(self._stretches, np.float32).reshape(-1, 2)
        ends[:, 1] += 1  # an action lasts from its step to the next one; a single one is to be seen, too
        self.setData(ends.ravel(), np.full(ends.size, self._foot, np.float32))
