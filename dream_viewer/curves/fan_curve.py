"""Many imagined futures as a band of the timeline, and in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray

from dream_viewer.look import theme
from dream_viewer.words.numerals import decimal


class FanCurve:
    """The middle of what the futures promise, and the band around it.

    Attributes:
        items: to be put on the plot, in this order.
    """

    def __init__(self) -> None:
        self._start = 0
        self._band: NDArray[np.float32] | None = None
        self._low, self._high = pg.PlotCurveItem(pen=None), pg.PlotCurveItem(pen=None)
        self._median = pg.PlotCurveItem(antialias=True)
        self._between = pg.FillBetweenItem(self._low, self._high)
        self._between.hide()
        self.items: Sequence[pg.GraphicsObject] = (self._low, self._high, self._between, self._median)

    def restyle(self) -> None:
        """Take the colours anew from the theme."""
        self._between.setBrush(theme.colour("accent", 46))
        self._median.setPen(theme.stroke(theme.colour("accent"), 1.5))

    def show_band(self, start: int, band: NDArray[np.float32] | None) -> None:
        """Draw a fan.

        Args:
            start: index of the Moment where the futures start.
            band: (3, H + 1) lower edge, median, upper edge; column i belongs to step start + i. None: nothing.
        """
        self._start, self._band = start, band
        curves = (self._low, self._median, self._high)
        if band is None:
            for curve in curves:
                curve.setData([], [])
        else:
            steps = np.arange(start, start + band.shape[1], dtype=np.float32)
            for curve, heights in zip(curves, band, strict=True):
                curve.setData(steps, heights)
        self._between.setVisible(band is not None)

    @property
    def end(self) -> int:
        """The last step of the futures; -1 where there are none."""
        return -1 if self._band is None else self._start + self._band.shape[1] - 1

    @property
    def legend(self) -> str:
        """What the band is; empty where there is none."""
        return "" if self._band is None else "imagined futures: median, 5\u201395 %"

    def words(self, step: int) -> str:
        """The median at a step and the edges around it; empty where there are none."""
        place = step - self._start
        if self._band is None or not 0 <= place < self._band.shape[1]:
            return ""
        low, middle, high = (decimal(float(edge)) for edge in self._band[:, place])
        return f"imagined {middle} ({low} to {high})"
