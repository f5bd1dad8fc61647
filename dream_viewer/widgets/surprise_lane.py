"""The surprise lane: how far each frame was from what the model expected, beneath the timeline and on its scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PyQt6.QtWidgets import QToolTip, QWidget

from dream_viewer.look import theme
from dream_viewer.records import Course

HEIGHT = 26
_WORD = "Surprise"
_WORD_GAP = 5
_PEAK = 4.0
_REACH = 8
"""Distance from a peak within which the mouse means it, in logical pixels."""


class SurpriseLane(QWidget):
    """A bar for each step, peaks marked; a click on a peak asks for it, one elsewhere for the step there.

    A second agent's surprises are a line over the bars, on one scale with them.

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
        self._others: NDArray[np.float32] = np.empty(0, np.float32)
        self._names = ("", "")
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

    def show_companion(self, surprises: NDArray[np.float32] | None, mine: str = "", other: str = "") -> None:
        """Draw how surprised a second agent is by the same steps.

        Args:
            surprises: (T,) in nats, NaN where there are none; None: nothing is compared.
            mine, other: names of the agent on show and of the second one.
        """
        self._others = np.empty(0, np.float32) if surprises is None else surprises
        self._names = ("", "") if surprises is None else (mine, other)
        self._forget()

    def words(self, step: int) -> str:
        """The surprises at a step; empty where nothing is known of it."""
        mine, other = self._names
        known = [
            f"{series[step]:.1f} nats" + (f" ({name})" if name else "")
            for series, name in ((self._surprises, mine), (self._others, other))
            if 0 <= step < len(series) and np.isfinite(series[step])
        ]
        return f"step {step}: surprise of {', '.join(known)}" if known else ""

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
        """Scrub along while the button is down; tell a peak's number otherwise, and every step's of two agents."""
        if a0 is None:
            return
        if a0.buttons() & Qt.MouseButton.LeftButton:
            self.scrubbed.emit(self._step_at(a0.pos()))
            return
        peak = self.peak_at(a0.pos())
        if peak is None and self._names[1]:
            peak = self._step_at(a0.pos())
        text = "" if peak is None else self.words(peak)
        QToolTip.showText(a0.globalPosition().toPoint(), text, self)  # an empty one hides what is there

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Draw everything anew."""
        self._forget()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw bars and peaks, once for an episode and a stretch of it, over them the cursor, and the words."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatioF() != ratio:
            self._drawn = self._draw(ratio)
        painter.drawPixmap(0, 0, self._drawn)
        painter.setPen(theme.colour("text"))
        at = self.place_of(self._cursor)
        if self._left <= at <= self.width() - self._right:
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        painter.setFont(self.font())
        self._paint_words(painter)  # last: nothing crosses them
        painter.end()

    def _forget(self) -> None:
        self._drawn = None
        self.update()

    def _draw(self, ratio: float) -> QPixmap:
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(theme.colour("panel"))
        painter = QPainter(drawn)
        base = self.height() - 4.0
        painter.setPen(theme.colour("line"))
        painter.drawLine(QPointF(self._left, base), QPointF(self.width() - self._right, base))
        painter.setClipRect(QRectF(self._left - 1, 0, self.width() - self._left - self._right + 2, self.height()))
        self._paint_bars(painter, base)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_others(painter, base)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("reward"))
        for peak in self._peaks:
            x = self.place_of(peak)
            painter.drawPolygon(QPolygonF([QPointF(x - _PEAK, 0), QPointF(x + _PEAK, 0), QPointF(x, _PEAK + 2)]))
        painter.end()
        return drawn

    def _paint_words(self, painter: QPainter) -> None:
        """The lane's name beside it and, at the right, where most episodes are over, which agent is what."""
        metrics, (mine, other) = self.fontMetrics(), self._names
        painter.setPen(theme.colour("muted"))
        beside = QRectF(0, 0, self._left - _WORD_GAP, self.height())
        painter.drawText(beside, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, _WORD)
        if not other:
            return
        right = self.width() - self._right - 2.0
        longest = (self.width() - self._left - self._right) // 4
        for whole, word in ((f"line: {other}", "companion"), (f"bars: {mine}", "accent")):
            text = metrics.elidedText(whole, Qt.TextElideMode.ElideMiddle, longest)
            width = metrics.horizontalAdvance(text) + 8
            plate = QRectF(right - width, 1, width, metrics.height())
            painter.fillRect(plate, theme.colour("panel"))
            painter.setPen(theme.colour(word))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
            right = plate.left()

    @property
    def _highest(self) -> float:
        both = np.concatenate([self._surprises, self._others])
        return float(np.nan_to_num(both, nan=0.0).max(initial=0.0))

    def _paint_others(self, painter: QPainter, base: float) -> None:
        """A line through the second agent's surprises, or through the greatest of those that share a pixel."""
        first, last = max(0, int(self._span[0])), min(len(self._others), int(self._span[1]) + 2)
        together, highest = self._together(), max(self._highest, 1e-6)
        parts = {i: self._others[i : i + together] for i in range(first, last, together)}
        line = [
            QPointF(self.place_of(i + (together - 1) / 2), base - float(np.nanmax(part)) / highest * (base - 7))
            for i, part in parts.items()
            if np.isfinite(part).any()
        ]
        painter.setPen(QPen(theme.colour("companion"), 1.5))
        painter.drawPolyline(QPolygonF(line))

    def _together(self) -> int:
        """Steps that share a pixel."""
        return max(1, int(np.ceil(1 / (self.place_of(1) - self.place_of(0)))))

    def _paint_bars(self, painter: QPainter, base: float) -> None:
        """One bar a step, or one a pixel of the greatest of its steps."""
        filled = np.nan_to_num(self._surprises, nan=0.0)
        first, last = max(0, int(self._span[0])), min(len(filled), int(self._span[1]) + 2)
        shown = filled[first:last]
        highest = self._highest
        if highest <= 0 or not len(shown):
            return
        wide = self.place_of(1) - self.place_of(0)
        together = self._together()
        heights = np.maximum.reduceat(shown, np.arange(0, len(shown), together)) / highest * (base - 7)
        left = self.place_of(first) - wide / 2
        bar = wide * together
        thick = max(bar - (1 if bar > 3 else 0), 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", 150))
        painter.drawRects(
            *(QRectF(left + i * bar, base - high, thick, high) for i, high in enumerate(heights.tolist()))
        )

    def _step_at(self, point: QPoint) -> int:
        first, last = self._span
        return round(first + (point.x() - self._left) / (self.width() - self._left - self._right) * (last - first))
