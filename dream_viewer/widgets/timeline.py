"""The value timeline: how good the agent thinks each state of the episode is."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QFont, QLinearGradient, QMouseEvent, QPen
from PyQt6.QtWidgets import QLabel, QWidget

from dream_viewer import theme
from dream_viewer.scales import EXCESS, SteadyScale, steps_shown
from trainer.episode import Outcome

_ENDS: dict[Outcome, tuple[str, str]] = {
    "won": ("won", "high"),
    "lost": ("lost", "low"),
    "timeout": ("time-out", "reward"),
}


class Timeline(pg.PlotWidget):
    """Value against step: green where high, red where low, on a scale that only widens; click or drag to scrub.

    Signals:
        scrubbed: a person asked for this step (clamped to the episode by whoever listens).
    """

    scrubbed = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, background=theme.colour("panel"))
        self.scale_of_values = SteadyScale()
        self._values: NDArray[np.float32] = np.empty(0, np.float32)
        self.setMinimumHeight(80)
        self.setAccessibleName("Value timeline")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        item = self.getPlotItem()
        item.setMenuEnabled(False)
        item.hideButtons()
        item.setContentsMargins(2, 16, 10, 0)
        item.getViewBox().setMouseEnabled(False, False)
        item.getViewBox().setDefaultPadding(0)
        self._style_axes()

        self._zero = pg.InfiniteLine(0, angle=0, pen=pg.mkPen(theme.colour("line"), width=1))
        self._fill = pg.PlotCurveItem(pen=None, brush=theme.colour("text", 12), connect="finite")
        self._line = pg.PlotCurveItem(connect="finite", antialias=True)
        self._future = pg.PlotCurveItem(
            pen=pg.mkPen(theme.colour("text", 190), width=1.5, style=Qt.PenStyle.DotLine), antialias=True
        )
        self._rewards = pg.ScatterPlotItem(
            size=11, symbol="d", brush=theme.colour("reward"), pen=pg.mkPen(theme.colour("panel"), width=1)
        )
        self._end = pg.InfiniteLine(angle=90, pen=pg.mkPen(theme.colour("muted"), width=1))
        self._end_word = pg.TextItem(anchor=(1, 0))
        self._cursor = pg.InfiniteLine(0, angle=90, pen=pg.mkPen(theme.colour("text"), width=1))
        self._dot = pg.ScatterPlotItem(
            size=9, brush=theme.colour("text"), pen=pg.mkPen(theme.colour("panel"), width=1.5)
        )
        for mark in (
            self._zero,
            self._fill,
            self._line,
            self._future,
            self._end,
            self._end_word,
            self._cursor,
            self._rewards,
            self._dot,
        ):
            item.addItem(mark, ignoreBounds=True)
        title = QLabel("Value: the return it expects from here", self)
        title.setProperty("role", "label")
        title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        title.move(48, 4)
        self._fit(0)
        self.show_episode(self._values, self._values, None)

    @property
    def cursor_index(self) -> int:
        """Where the cursor is drawn."""
        return round(self._cursor.value())

    def forget_scale(self) -> None:
        """Begin with a new scale: for another agent or another game."""
        self.scale_of_values.reset()
        self._fit(len(self._values))

    def show_episode(self, values: NDArray[np.float32], rewards: NDArray[np.float32], outcome: Outcome | None) -> None:
        """Draw an episode as far as it is known.

        Args:
            values: (T,), NaN where nothing was read. rewards: (T,). outcome: how it ended, once it has.
        """
        self._values = values
        self.scale_of_values.include(values)
        self._fit(len(values))
        steps = np.arange(len(values), dtype=np.float32)
        self._line.setData(steps, values)
        self._fill.setData(steps, values)
        rewarded = np.flatnonzero(rewards)
        self._rewards.setData(rewarded.astype(np.float32), self._heights(rewarded))
        self._show_end(outcome)

    def show_cursor(self, index: int) -> None:
        """Move the cursor."""
        self._cursor.setValue(index)
        value = self._values[index] if index < len(self._values) else np.nan
        if np.isfinite(value):
            self._dot.setData([index], [float(value)])
        else:
            self._dot.clear()

    def show_future(self, start: int, values: NDArray[np.float32] | None) -> None:
        """Draw what the model imagines the values to become.

        Args:
            start: index of the Moment it starts from. values: (H,), values[i] belongs to step start + i + 1; None
                takes the line away.
        """
        if values is None or start >= len(self._values) or not np.isfinite(self._values[start]):
            self._future.setData([], [])
            return
        self._future.setData(
            np.arange(start, start + len(values) + 1, dtype=np.float32), np.concatenate([self._values[[start]], values])
        )

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Scrub to the step under the mouse."""
        if ev.button() == Qt.MouseButton.LeftButton:
            self._scrub(ev)

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Scrub along while the button is down."""
        if ev.buttons() & Qt.MouseButton.LeftButton:
            self._scrub(ev)

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Nothing: pyqtgraph's own dragging stays away."""

    def _scrub(self, event: QMouseEvent) -> None:
        place = self.getPlotItem().getViewBox().mapSceneToView(self.mapToScene(event.pos()))
        self.scrubbed.emit(round(place.x()))

    def _heights(self, steps: NDArray[np.intp]) -> NDArray[np.float32]:
        """Where to draw marks: on the line, or on the last known value where nothing was read."""
        known = np.flatnonzero(np.isfinite(self._values))
        if not len(known):
            return np.zeros(len(steps), np.float32)
        before = np.maximum(np.searchsorted(known, steps, side="right") - 1, 0)
        return self._values[known[before]]

    def _show_end(self, outcome: Outcome | None) -> None:
        ended = outcome is not None and len(self._values) > 0
        self._end.setVisible(ended)
        self._end_word.setVisible(ended)
        if outcome is None or not ended:
            return
        word, tone = _ENDS[outcome]
        last = len(self._values) - 1
        self._end.setPen(pg.mkPen(theme.colour(tone), width=1, style=Qt.PenStyle.DashLine))
        self._end.setValue(last)
        self._end_word.setText(word, color=theme.colour(tone))
        self._end_word.setAnchor((0 if last < steps_shown(last) * 0.8 else 1, 0))
        self._end_word.setPos(last, self._limits()[1])

    def _limits(self) -> tuple[float, float]:
        scale = self.scale_of_values
        room = (scale.high - scale.low) * EXCESS
        return scale.low - room, scale.high + room

    def _fit(self, steps: int) -> None:
        scale = self.scale_of_values
        wanted = (steps_shown(steps), scale.low, scale.high)
        if getattr(self, "_fitted", None) == wanted:
            return
        self._fitted = wanted
        view = self.getPlotItem().getViewBox()
        view.setRange(xRange=(-0.5, wanted[0] + 0.5), yRange=self._limits(), padding=0)
        middle = (scale.low + scale.high) / 2
        ticks = sorted({scale.low, 0.0, middle, scale.high})
        self.getAxis("left").setTicks([[(tick, f"{tick:g}") for tick in ticks]])
        pen = QPen(QBrush(self._gradient()), 2.5)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._fill.setFillLevel(scale.low)

    def _gradient(self) -> QLinearGradient:
        gradient = QLinearGradient(QPointF(0, self.scale_of_values.low), QPointF(0, self.scale_of_values.high))
        for place, word in theme.VALUE_STOPS:
            gradient.setColorAt(place, theme.colour(word))
        return gradient

    def _style_axes(self) -> None:
        font = QFont(theme.base_font())
        font.setPixelSize(11)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(QColor(0, 0, 0, 0))
            axis.setTextPen(theme.colour("muted"))
            axis.setStyle(tickFont=font, tickLength=0, tickTextOffset=5, hideOverlappingLabels=False)
        self.getAxis("left").setWidth(38)
        self.getAxis("bottom").setHeight(20)
