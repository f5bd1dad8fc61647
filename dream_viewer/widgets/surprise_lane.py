"""The surprise lane: how far each frame was from what the model expected, beneath the timeline and on its scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPixmap, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QToolTip, QWidget

from dream_viewer import theme
from dream_viewer.records import Course

HEIGHT = 26
_WORD = "Surprise"
_PEAK = 4.0
_REACH = 8
"""Distance from a peak within which the mouse means it, in logical pixels."""


class SurpriseLane(QWidget):
    """A bar for each step, peaks marked; a click on a peak asks for it, one elsewhere for the step there.

    Args:
        left, right: room that the timeline's axis and margin take at both sides, in logical pixels.

    Signals:
        scrubbed: a person asked for this step.
    """

    scrubbed = pyqtSignal(int)

    def __init__(self, left: int, right: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._left, self._right = left, right
        self._surprises: NDArray[np.float32] = np.empty(0, np.float32)
        self._peaks: tuple[int, ...] = ()
        self._span = (-0.5, 100.5)
        self._cursor = 0
        self._drawn: QPixmap | None = None
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Surprise")
        theme.LOOKS.changed.connect(self.restyle)
        self.restyle()

    @pyqtSlot()
    def restyle(self) -> None:
        """Take colours and letters anew from the theme."""
        self.setFont(theme.base_font(10))
        self.setFixedHeight(theme.sized(HEIGHT))
        self._forget()

    def show_course(self, course: Course) -> None:
        """Draw an episode as far as it is known."""
        self._surprises, self._peaks = course.surprises, course.peaks
        self._forget()

    def show_span(self, first: float, last: float) -> None:
        """Show this stretch of the episode, as the timeline does."""
        if (first, last) != self._span:
            self._span = (first, last)
            self._forget()

    def show_cursor(self, index: int) -> None:
        """Move the cursor."""
        if index != self._cursor:
            self._cursor = index
            self.update()

    def place_of(self, step: float) -> float:
        """Where a step is drawn, in logical pixels from the left."""
        first, last = self._span
        return self._left + (step - first) / (last - first) * (self.width() - self._left - self._right)

    def peak_at(self, point: QPoint) -> int | None:
        """The peak that the mouse means there."""
        near = [peak for peak in self._peaks if abs(self.place_of(peak) - point.x()) <= _REACH]
        return min(near, key=lambda peak: abs(self.place_of(peak) - point.x())) if near else None

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Ask for the peak or step under the mouse."""
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            peak = self.peak_at(a0.pos())
            self.scrubbed.emit(self._step_at(a0.pos()) if peak is None else peak)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Scrub along while the button is down; tell a peak's number otherwise."""
        if a0 is None:
            return
        if a0.buttons() & Qt.MouseButton.LeftButton:
            self.scrubbed.emit(self._step_at(a0.pos()))
            return
        peak = self.peak_at(a0.pos())
        if peak is not None:
            text = f"step {peak}: surprise of {self._surprises[peak]:.1f} nats"
            QToolTip.showText(a0.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Draw everything anew."""
        self._forget()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw bars and peaks, once for an episode and a stretch of it, and the cursor over them."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatioF() != ratio:
            self._drawn = self._draw(ratio)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setPen(theme.colour("text"))
        at = self.place_of(self._cursor)
        if self._left <= at <= self.width() - self._right:
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        painter.end()

    def _forget(self) -> None:
        self._drawn = None
        self.update()

    def _draw(self, ratio: float) -> QPixmap:
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(theme.colour("panel"))
        painter = QPainter(drawn)
        painter.setFont(self.font())
        base = self.height() - 4.0
        painter.setPen(theme.colour("line"))
        painter.drawLine(QPointF(self._left, base), QPointF(self.width() - self._right, base))
        painter.setClipRect(QRectF(self._left - 1, 0, self.width() - self._left - self._right + 2, self.height()))
        self._paint_bars(painter, base)
        self._paint_word(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("reward"))
        for peak in self._peaks:
            x = self.place_of(peak)
            painter.drawPolygon(QPolygonF([QPointF(x - _PEAK, 0), QPointF(x + _PEAK, 0), QPointF(x, _PEAK + 2)]))
        painter.end()
        return drawn

    def _paint_word(self, painter: QPainter) -> None:
        metrics = self.fontMetrics()
        plate = QRectF(self._left + 2, 1, metrics.horizontalAdvance(_WORD) + 8, metrics.height())
        painter.fillRect(plate, theme.colour("panel", 200))
        painter.setPen(theme.colour("muted"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, _WORD)

    def _paint_bars(self, painter: QPainter, base: float) -> None:
        """One bar a step, or one a pixel of the greatest of its steps."""
        filled = np.nan_to_num(self._surprises, nan=0.0)
        first, last = max(0, int(self._span[0])), min(len(filled), int(self._span[1]) + 2)
        shown = filled[first:last]
        highest = float(filled.max(initial=0.0))
        if highest <= 0 or not len(shown):
            return
        wide = self.place_of(1) - self.place_of(0)
        together = max(1, int(np.ceil(1 / wide)))
        heights = np.maximum.reduceat(shown, np.arange(0, len(shown), together)) / highest * (base - 7)
        left = self.place_of(first) - wide / 2
        bar = wide * together
        fill = theme.colour("accent", 150)
        for i, height in enumerate(heights.tolist()):
            painter.fillRect(QRectF(left + i * bar, base - height, max(bar - (1 if bar > 3 else 0), 1), height), fill)

    def _step_at(self, point: QPoint) -> int:
        first, last = self._span
        return round(first + (point.x() - self._left) / (self.width() - self._left - self._right) * (last - first))
