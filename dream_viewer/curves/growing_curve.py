"""A curve that grows at its end: what was drawn of it is kept as pixels, and only the newest steps are drawn anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QBrush, QColor, QPen
from PyQt6.QtWidgets import QGraphicsItem

FRESH = 64
"""Steps at the end that are drawn again and again, until they are drawn together with those before them."""


class GrowingCurve:
    """Values of the steps from 0 on; NaN leaves a gap.

    To draw 2,000 steps as a thick smooth line takes 4 ms, more than all else on a timeline, and it is asked for with
    every step of the cursor.

    Args:
        overlap: steps before the seam that are drawn twice: 1 for a line, so that it bends there as it does elsewhere,
            0 for what is translucent.
        options: of both curves, as pyqtgraph's PlotCurveItem takes them.

    Attributes:
        items: to be put on the plot.
    """

    def __init__(self, overlap: int, **options: Any) -> None:
        self._overlap = overlap
        self._past = pg.PlotCurveItem(connect="finite", **options)
        self._fresh = pg.PlotCurveItem(connect="finite", **options)
        self._past.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
        self._values: NDArray[np.float32] = np.empty(0, np.float32)
        self._kept = 0
        self.items: Sequence[pg.PlotCurveItem] = (self._past, self._fresh)

    def show_values(self, values: NDArray[np.float32]) -> None:
        """Draw the values (T,) of all steps."""
        kept = self._kept
        grown = kept <= len(values) <= kept + FRESH
        if not (grown and np.array_equal(values[:kept], self._values[:kept], equal_nan=True)):
            kept = self._kept = len(values)
            _draw(self._past, values, 0)
        self._values = values
        first = max(kept - 1 - self._overlap, 0) if kept < len(values) else kept
        _draw(self._fresh, values, first)

    def set_pen(self, pen: QPen) -> None:
        """Take the line's pen; its ends are cut where the values end, or the two parts would stick out at the seam."""
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        for item in self.items:
            item.setPen(pen)

    def set_brush(self, brush: QBrush | QColor) -> None:
        """Take what the room down to the fill level is painted with."""
        for item in self.items:
            item.setBrush(brush)

    def set_fill_level(self, level: float) -> None:
        """Fill the room down to this value."""
        for item in self.items:
            item.setFillLevel(level)


def _draw(item: pg.PlotCurveItem, values: NDArray[np.float32], first: int) -> None:
    item.setData(np.arange(first, len(values), dtype=np.float32), values[first:])
