"""The value timeline: how good the agent thinks each state of the episode is, and what really came of it."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QBrush, QLinearGradient, QMouseEvent, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QLabel, QWidget

from dream_viewer.curves import timeline_words
from dream_viewer.curves.companion_curve import CompanionCurve
from dream_viewer.curves.end_mark import EndMark
from dream_viewer.curves.fan_curve import FanCurve
from dream_viewer.curves.future_curve import FutureCurve
from dream_viewer.curves.growing_curve import GrowingCurve
from dream_viewer.curves.horizon_curve import HorizonCurve
from dream_viewer.curves.played_line import PlayedLine
from dream_viewer.curves.span import Span
from dream_viewer.look import theme
from dream_viewer.pictures.scales import EXCESS, SteadyScale
from dream_viewer.records import Course
from trainer.horizons import Horizons

AXIS = 60
"""Width of the scale's numbers at the left, and of the surprise lane's name beneath them."""
_LEFT, _RIGHT = 2, 10
_OWN = 1
"""What pyqtgraph leaves free left and right of a plot, whatever it is told."""
SIDES = (_LEFT + AXIS + _OWN, _RIGHT + _OWN)
"""Room left and right of the curves, in logical pixels."""
_NOTCH = 120
_EMPTY = np.empty(0, np.float32)


class Timeline(pg.PlotWidget):
    """Value against step: green where high, red where low, on a scale that only widens.

    A click or drag with the left button scrubs; with Shift a drag marks a stretch, and a click takes the mark away.
    The wheel zooms, a drag with another button pans, a double click shows the whole episode again. Under the mouse the
    title tells every curve's number.

    Signals:
        scrubbed: a person asked for this step (clamped to the episode by whoever listens).
        ranged: another stretch of the episode is shown: its first and last step, fractions of steps too.
        stretched: a person marked the steps from (first) to (last); None: they are to be no more.
        hovered: the mouse is over this step; None: it is elsewhere.
    """

    scrubbed = pyqtSignal(int)
    ranged = pyqtSignal(float, float)
    stretched = pyqtSignal(object)
    hovered = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self.scale_of_values = SteadyScale()
        self._course = Course(_EMPTY, _EMPTY, _EMPTY, _EMPTY)
        self._span = Span()
        self._fitted: object = None
        self._grip: float | None = None
        self._hovered: int | None = None
        self._anchor: int | None = None  # where a stretch is dragged from
        self._stretch: tuple[int, int] | None = None
        self._looped = False
        self.setMinimumHeight(60)
        self.setAccessibleName("Value timeline")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self.setMouseTracking(True)
        item = self.getPlotItem()
        item.hideButtons()
        item.getViewBox().setMouseEnabled(False, False)
        item.getViewBox().setDefaultPadding(0)
        self._make_items()
        self._titled: tuple[list[str], int] = ([], 0)
        self._title = QLabel(self)
        self._title.setProperty("role", "legend")
        self._title.setTextFormat(Qt.TextFormat.RichText)
        self._title.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title.move(AXIS + 10, 3)
        theme.LOOKS.changed.connect(self.restyle)
        self.restyle()

    def _make_items(self) -> None:
        self._zero = pg.InfiniteLine(0, angle=0)
        self._marked = pg.LinearRegionItem(movable=False)
        self._marked.hide()
        self._fill = GrowingCurve(overlap=0, pen=None)
        self._realised = pg.PlotCurveItem(connect="finite", antialias=True)
        self._fan = FanCurve()
        self._horizon = HorizonCurve()
        self._companion = CompanionCurve()
        self._played = PlayedLine()
        self._line = GrowingCurve(overlap=1, antialias=True)
        self._future = FutureCurve()
        self._rewards = pg.ScatterPlotItem(size=11, symbol="d")
        self._bookmarks = pg.ScatterPlotItem(size=15, symbol="t")  # seen around the cursor's dot, too
        self._end = EndMark()
        self._ghost = pg.InfiniteLine(0, angle=90)
        self._cursor = pg.InfiniteLine(0, angle=90)
        self._dot = pg.ScatterPlotItem(size=9)
        self._ghost.hide()
        for curve in (self._realised, self._companion, self._horizon):
            curve.setCacheMode(pg.PlotCurveItem.CacheMode.DeviceCoordinateCache)
        for mark in (
            self._marked,
            self._zero,
            *self._fill.items,
            *self._fan.items,
            self._horizon,
            self._realised,
            self._companion,
            self._played,
            *self._line.items,
            self._future,
            *self._end.items,
            self._ghost,
            self._cursor,
            self._bookmarks,
            self._rewards,
            self._dot,
        ):
            self.getPlotItem().addItem(mark, ignoreBounds=True)

    @pyqtSlot()
    def restyle(self) -> None:
        """Take all colours and letters anew from the theme."""
        self.setBackground(theme.colour("panel"))
        self.getPlotItem().setContentsMargins(_LEFT, theme.sized(16), _RIGHT, 0)
        self._style_axes()
        panel = theme.stroke(theme.colour("panel"), 1)
        self._zero.setPen(theme.stroke(theme.colour("line"), 1))
        self._fill.set_brush(theme.colour("text", 12))
        self._realised.setPen(theme.stroke(theme.colour("text", 150), 1.5, Qt.PenStyle.DashLine))
        self._fan.restyle()
        self._future.restyle()
        self._horizon.restyle()
        self._companion.restyle()
        self._played.restyle()
        self._rewards.setBrush(theme.colour("reward"))
        self._rewards.setPen(panel)
        self._bookmarks.setBrush(theme.colour("accent"))
        self._bookmarks.setPen(panel)
        self._end.restyle()
        self._ghost.setPen(theme.stroke(theme.colour("muted", 130), 1))
        self._cursor.setPen(theme.stroke(theme.colour("text"), 1))
        self._dot.setBrush(theme.colour("text"))
        self._dot.setPen(theme.stroke(theme.colour("panel"), 1.5))
        self._fitted = None
        self._draw_stretch(self._stretch)
        self.show_course(self._course)
        self._titled = ([], self.width())
        self._retitle()

    @property
    def cursor_index(self) -> int:
        """Where the cursor is drawn."""
        return round(self._cursor.value())

    @property
    def title(self) -> str:
        """The line above the curves: what they are, or under the mouse their numbers."""
        return self._title.text()

    @property
    def span(self) -> tuple[float, float]:
        """First and last step on show."""
        return self._span.edges

    def numbers(self, step: int) -> str:
        """Every curve at a step of the episode, in words."""
        return timeline_words.line(timeline_words.numbers(step, self._course, self._curves), lambda _: True)

    def forget_scale(self) -> None:
        """Begin with a new scale: for another agent or another game."""
        self.scale_of_values.reset()
        self._fit()

    def show_course(self, course: Course) -> None:
        """Draw an episode as far as it is known."""
        self._course = course
        self._span.length = len(course.values)
        self.scale_of_values.include(course.values)
        self.scale_of_values.include(course.realised)
        self._fit()
        self._line.show_values(course.values)
        self._fill.show_values(course.values)
        self._realised.setData(np.arange(len(course.realised), dtype=np.float32), course.realised)
        self._mark(self._rewards, np.flatnonzero(course.rewards))
        self._mark(self._bookmarks, np.array(course.bookmarks, np.intp))
        self._played.show_stretches(course.played)
        self._end.show_end(course, self._limits()[1])
        self._end.put_word(*self.span)
        self._read_off()

    def show_cursor(self, index: int) -> None:
        """Move the cursor; zoomed in, what is shown moves along when it would be lost from sight."""
        self._cursor.setValue(index)
        values = self._course.values
        value = values[index] if index < len(values) else np.nan
        if np.isfinite(value):
            self._dot.setData([index], [float(value)])
        else:
            self._dot.clear()
        if self._grip is None and self._span.keep_in_sight(index):
            self._fit()

    def show_future(self, start: int, values: NDArray[np.float32] | None) -> None:
        """Draw what the model imagines the values to become.

        Args:
            start: index of the Moment it starts from. values: (H,), values[i] belongs to step start + i + 1; None
                takes the line away.
        """
        known = self._course.values
        shown = values is not None and start < len(known) and bool(np.isfinite(known[start]))
        self._future.show_values(start, np.concatenate([known[[start]], values]) if shown else _EMPTY)
        self._read_off()

    def show_fan(self, start: int, band: NDArray[np.float32] | None) -> None:
        """Draw what many imagined futures promise.

        Args:
            start: index of the Moment they start from.
            band: (3, H + 1) lower edge, median, upper edge; column i belongs to step start + i. None: nothing.
        """
        self._fan.show_band(start, band)
        self._read_off()

    def show_companion(self, values: NDArray[np.float32] | None, mine: str = "", other: str = "") -> None:
        """Draw what a second agent expects of the same steps.

        Args:
            values: (T,) NaN where there are none; None: nothing is compared, and the scale is as if nothing had been.
            mine, other: names of the agent on show and of the second one.
        """
        compared = bool(self._companion.other)
        if values is None and not compared:
            return
        self._companion.show_values(values, mine, other)
        if values is not None:
            self.scale_of_values.include(values)
        else:
            self.scale_of_values.reset()
            self.scale_of_values.include(self._course.values)
            self.scale_of_values.include(self._course.realised)
        self._fit()
        self._read_off()

    def show_horizons(self, horizons: Horizons | None, lacking: str = "") -> None:
        """Draw how long dreams hold, as far as it is known; None takes the curve away.

        Args:
            horizons: that are known. lacking: why there are none, in words.
        """
        self._horizon.show_horizons(horizons, lacking)
        self._read_off()

    def show_stretch(self, stretch: tuple[int, int] | None, looped: bool) -> None:
        """Draw the part of the episode that a person marked: its first and last step; stronger where it is looped."""
        self._stretch, self._looped = stretch, looped
        if self._anchor is None:
            self._draw_stretch(stretch)

    def fit(self) -> None:
        """Show the whole episode."""
        self._span.fit()
        self._fit()

    # The mouse

    def mousePressEvent(self, ev: QMouseEvent) -> None:
        """Scrub to the step under the mouse, begin to mark a stretch, or take hold of what is shown."""
        if ev.button() == Qt.MouseButton.LeftButton and ev.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._anchor = self._known_step_at(ev.pos())
        elif ev.button() == Qt.MouseButton.LeftButton:
            self.scrubbed.emit(self._step_at(ev.pos()))
        else:
            self._grip = self._place_at(ev.pos())

    def mouseMoveEvent(self, ev: QMouseEvent) -> None:
        """Scrub, mark or pan along while a button is down; tell the numbers otherwise."""
        if self._grip is not None:
            self._span.move_by(self._grip - self._place_at(ev.pos()))
            self._fit()
        elif self._anchor is not None:
            self._draw_stretch(_ordered(self._anchor, self._known_step_at(ev.pos())))
        elif ev.buttons() & Qt.MouseButton.LeftButton:
            self.scrubbed.emit(self._step_at(ev.pos()))
        self._hover(self._step_at(ev.pos()))

    def mouseReleaseEvent(self, ev: QMouseEvent) -> None:
        """Let go."""
        self._grip = None
        if self._anchor is not None and ev.button() == Qt.MouseButton.LeftButton:
            marked = _ordered(self._anchor, self._known_step_at(ev.pos()))
            self._anchor = None
            self.stretched.emit(marked if marked[0] < marked[1] else None)

    def mouseDoubleClickEvent(self, ev: QMouseEvent) -> None:
        """Show the whole episode."""
        if ev.button() == Qt.MouseButton.LeftButton:
            self.fit()

    def wheelEvent(self, ev: QWheelEvent) -> None:
        """Zoom around the step under the mouse; a sideways wheel pans."""
        sideways, turns = (delta / _NOTCH for delta in (ev.angleDelta().x(), ev.angleDelta().y()))
        if sideways:
            first, last = self.span
            self._span.move_by(-sideways * (last - first) / 10)
            self._fit()
        if turns:
            self._span.zoom_around(self._place_at(ev.position().toPoint()), turns)
            self._fit()
        ev.accept()

    def resizeEvent(self, ev: QResizeEvent | None) -> None:
        """Tell as much above the curves as there is room for now."""
        super().resizeEvent(ev)
        if ev is not None:  # pyqtgraph calls it by itself, too, while it makes the widget
            self._retitle()

    def leaveEvent(self, ev: QEvent) -> None:
        """Nothing is under the mouse any more."""
        super().leaveEvent(ev)
        self._hover(None)

    def _place_at(self, point: QPoint) -> float:
        view = self.getPlotItem().getViewBox()
        return float(view.mapSceneToView(self.mapToScene(point)).x())

    def _step_at(self, point: QPoint) -> int:
        return round(self._place_at(point))

    def _known_step_at(self, point: QPoint) -> int:
        return min(max(self._step_at(point), 0), max(0, len(self._course.values) - 1))

    def _draw_stretch(self, stretch: tuple[int, int] | None) -> None:
        self._marked.setVisible(stretch is not None)
        if stretch is not None:
            self._marked.setRegion(stretch)
        looped = self._looped or self._anchor is not None
        self._marked.setBrush(theme.colour("accent", 40 if looped else 14))
        for line in self._marked.lines:
            line.setPen(theme.stroke(theme.colour("accent", 255 if looped else 110), 1))

    def _hover(self, step: int | None) -> None:
        self._hovered = step
        self._read_off()
        self.hovered.emit(self._under_mouse)

    @property
    def _curves(self) -> timeline_words.Curves:
        return timeline_words.Curves(self._fan, self._future, self._companion, self._horizon, self._played)

    @property
    def _under_mouse(self) -> int | None:
        """The step there, of the episode or of what is imagined of it; None where there is none."""
        ends = len(self._course.values) - 1, self._fan.end, self._future.end
        return self._hovered if self._hovered is not None and 0 <= self._hovered <= max(ends) else None

    # Drawing

    def _limits(self) -> tuple[float, float]:
        scale = self.scale_of_values
        room = (scale.high - scale.low) * EXCESS
        return scale.low - room, scale.high + room

    def _fit(self) -> None:
        scale = self.scale_of_values
        wanted = (self.span, scale.low, scale.high)
        if self._fitted == wanted:
            return
        self._fitted = wanted
        view = self.getPlotItem().getViewBox()
        view.setRange(xRange=self.span, yRange=self._limits(), padding=0)
        middle = (scale.low + scale.high) / 2
        ticks = sorted({scale.low, 0.0, middle, scale.high})
        self.getAxis("left").setTicks([[(tick, f"{tick:g}") for tick in ticks]])
        pen = theme.stroke(theme.colour("text"), 2.5)
        pen.setBrush(QBrush(self._gradient()))
        self._line.set_pen(pen)
        self._fill.set_fill_level(scale.low)
        self._horizon.put_between(scale.low, scale.high)
        self._played.put_at(self._limits()[0])
        self._end.put_word(*self.span)
        self.ranged.emit(*self.span)

    def _read_off(self) -> None:
        step = self._under_mouse
        self._ghost.setVisible(step is not None)
        if step is not None:
            self._ghost.setValue(step)
        self._retitle()

    def _retitle(self) -> None:
        step, known, words = self._under_mouse, (self._course, self._curves), timeline_words
        parts = words.legend(*known) if step is None else words.numbers(step, *known)
        if (parts, self.width()) != self._titled:
            self._titled = (parts, self.width())
            (words.line if step is None else words.lines)(parts, self._title_has_room)

    def _title_has_room(self, text: str) -> bool:
        self._title.setText(text)
        self._title.adjustSize()
        return self._title.geometry().right() <= self.width()

    def _mark(self, marks: pg.ScatterPlotItem, steps: NDArray[np.intp]) -> None:
        """Put marks on the line, or at the last known value where nothing was read."""
        marks.setVisible(len(steps) > 0)  # to paint none takes as long as to paint some
        known = np.flatnonzero(np.isfinite(self._course.values))
        if not len(known) or not len(steps):
            marks.setData(steps.astype(np.float32), np.zeros(len(steps), np.float32))
            return
        before = np.maximum(np.searchsorted(known, steps, side="right") - 1, 0)
        marks.setData(steps.astype(np.float32), self._course.values[known[before]])

    def _gradient(self) -> QLinearGradient:
        gradient = QLinearGradient(QPointF(0, self.scale_of_values.low), QPointF(0, self.scale_of_values.high))
        for place, word in theme.VALUE_STOPS:
            gradient.setColorAt(place, theme.colour(word))
        return gradient

    def _style_axes(self) -> None:
        font = theme.base_font(11)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(theme.colour("panel"))
            axis.setTextPen(theme.colour("muted"))
            axis.setStyle(tickFont=font, tickLength=0, tickTextOffset=5, hideOverlappingLabels=False)
        self.getAxis("left").setWidth(AXIS)
        self.getAxis("bottom").setHeight(theme.sized(20))


def _ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
