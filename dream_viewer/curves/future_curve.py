"""The values of the one future in the dream pane as a curve of the timeline, and in words."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt

from dream_viewer.look import theme
from dream_viewer.words.numerals import decimal

_EMPTY = np.empty(0, np.float32)


class FutureCurve(pg.PlotCurveItem):
    """From the value of a Moment on, what the model imagines the values to become."""

    def __init__(self) -> None:
        super().__init__(antialias=True)
        self._start, self._heights = 0, _EMPTY

    def restyle(self) -> None:
        """Take the colour anew from the theme."""
        self.setPen(theme.stroke(theme.colour("text", 190), 1.5, Qt.PenStyle.DotLine))

    def show_values(self, start: int, values: NDArray[np.float32]) -> None:
        """Draw a future.

        Args:
            start: index of the Moment it starts from.
            values: (H + 1,) from that Moment's own on; empty: nothing.
        """
        self._start, self._heights = start, values
        self.setData(np.arange(start, start + len(values), dtype=np.float32), values)

    @property
    def end(self) -> int:
        """The last step of the future; -1 where there is none."""
        return self._start + len(self._heights) - 1 if len(self._heights) else -1

    @property
    def legend(self) -> str:
        """What the curve is; empty where there is none."""
        return "future on show (dotted)" if len(self._heights) else ""

    def words(self, step: int) -> str:
        """The value imagined for a step; empty where there is none."""
        place = step - self._start
        return f"future on show {decimal(float(self._heights[place]))}" if 0 < place < len(self._heights) else ""
