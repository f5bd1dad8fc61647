"""Many futures of one Moment: their mean, where they disagree, what they promise, and every one of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from dream_viewer import theme
from dream_viewer.disagreement import FULL_AT, RAMP, heat_picture, percent
from dream_viewer.elided import ElidedLabel
from dream_viewer.imaging import to_qimage
from dream_viewer.records import DreamSheet

SIDE = 128
"""Side of the two pictures above."""
LEAST_CELL = 76
MOST_CELL = 148
GAP = 6
_EDGE = 2
_LEAST_BAND = 120
_WIDE, _HIGH = 700, 510
_EXPLAINED = (
    "The same moment dreamt many times with other luck. Where all dreams agree the map is dark; where it is bright the"
    " model does not know what will be there."
)
_MEAN_TIP = "The mean of all dreams at this frame: what is sharp is in all of them"
_HEAT_TIP = (
    "Disagreement: of each pixel the standard deviation over the dreams, the mean of its red, green and blue."
    f" Levels of brightness run from 0 to 255; from {FULL_AT:.0f} on the colour is full."
)
_BAND_TIP = (
    "The return that the dreams promise from each of their frames on: predicted rewards, and the value of the last"
    " state. Line: the middle one; band: 5 to 95 % of the dreams."
)


class ManyDreamsPanel(QWidget):
    """A line about them, their summary at one frame ahead, a slider for that, and a grid of them all.

    Args:
        choices: how many dreams a person may ask for.

    Signals:
        chosen: a person asked for the dream at this place of the answer.
        looked: a person asked for this frame ahead, from 0.
        count_chosen: a person asked for so many dreams.
    """

    chosen = pyqtSignal(int)
    looked = pyqtSignal(int)
    count_chosen = pyqtSignal(int)

    def __init__(self, choices: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: DreamSheet | None = None
        self._choices = tuple(choices)
        self._title = ElidedLabel("heading")
        self._mean = _Picture("mean of all dreams", _MEAN_TIP)
        self._heat = _Picture("where they disagree", _HEAT_TIP)
        self._legend = _Legend()
        self._band = _Band()
        self._grid = _Grid()
        self._grid.chosen.connect(self.chosen)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setPageStep(1)
        self._slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._slider.setAccessibleName("Frames ahead")
        self._slider.setToolTip("Which frame ahead; it follows the film strip")
        self._slider.valueChanged.connect(self._slid)
        self._ahead_label = QLabel()
        self._ahead_label.setProperty("role", "detail")
        self._count = QComboBox()
        self._count.addItems([f"{count} dreams" for count in self._choices])
        self._count.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._count.setToolTip("How many futures are dreamt")
        self._count.activated.connect(lambda place: self.count_chosen.emit(self._choices[place]))
        self._compose()
        self.setMinimumSize(2 * SIDE + 32, 360)
        self.setToolTip(_EXPLAINED)
        self.setAccessibleName("Many dreams")
        self.show_waiting("", over=True)

    def sizeHint(self) -> QSize:
        """Room for sixteen."""
        return QSize(_WIDE, _HIGH)

    @property
    def title(self) -> str:
        """The line about them."""
        return self._title.full

    @property
    def ahead(self) -> int:
        """The frame ahead that is on show, from 0."""
        return self._slider.value() - 1

    @property
    def sheet(self) -> DreamSheet | None:
        """The dreams on show."""
        return self._sheet

    @property
    def surface(self) -> QWidget:
        """What the dreams are drawn on."""
        return self._grid

    def resizeEvent(self, a0: object) -> None:
        """Leave out the curve where there is no room for it."""
        self._band.setVisible(self.width() >= 2 * SIDE + _LEAST_BAND + 60)

    def place_of(self, branch: int) -> QRect:
        """Where a dream is, in the coordinates of `surface`."""
        assert self._sheet is not None
        return self._grid.place_of(self._sheet.branches.index(branch))

    def show_count(self, count: int) -> None:
        """Say how many dreams are asked for; one of the choices."""
        self._count.setCurrentIndex(self._choices.index(count))

    def show_sheet(self, sheet: DreamSheet) -> None:
        """Show these dreams, at the frame ahead that was on show, or else their last."""
        steps = sheet.frames.shape[1]
        before = self._slider.value() if self._sheet is not None else steps
        self._sheet = sheet
        self._slider.blockSignals(True)
        self._slider.setRange(1, steps)
        self._slider.setValue(before)
        self._slider.blockSignals(False)
        self._slider.setEnabled(True)
        self._grid.show_sheet(sheet)
        self._band.show_band(sheet.band)
        self._set_faint(False)
        self._show_ahead()

    def show_waiting(self, text: str, over: bool) -> None:
        """Say why there is nothing to show (yet).

        Args:
            text: why. over: nothing will come, so what is there goes; otherwise it stays until other dreams come.
        """
        if over:
            self._sheet = None
            self._slider.blockSignals(True)
            self._slider.setRange(1, 1)
            self._slider.blockSignals(False)
            self._slider.setEnabled(False)
            self._ahead_label.setText("")
            self._mean.show_picture(None)
            self._heat.show_picture(None)
            self._band.show_band(None)
            self._grid.show_sheet(None)
        self._title.show_text(text)
        self._set_faint(True)

    def show_ahead(self, ahead: int) -> None:
        """Show another frame ahead, without a word to anybody."""
        if self._sheet is not None and ahead != self.ahead:
            self._slider.blockSignals(True)
            self._slider.setValue(ahead + 1)
            self._slider.blockSignals(False)
            self._show_ahead()

    def show_chosen(self, branch: int | None) -> None:
        """Pick out the dream that the panes show; None: they show something else."""
        self._grid.show_chosen(branch)

    # Within

    def _compose(self) -> None:
        heat = QVBoxLayout()
        heat.setSpacing(2)
        heat.addWidget(self._heat)
        heat.addWidget(self._legend)
        above = QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self._mean, 0, Qt.AlignmentFlag.AlignTop)
        above.addLayout(heat)
        above.addWidget(self._band, 1)
        above.addStretch(0)
        controls = QHBoxLayout()
        controls.setSpacing(10)
        controls.addWidget(self._slider, 1)
        controls.addWidget(self._ahead_label)
        controls.addWidget(self._count)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setMinimumHeight(LEAST_CELL)
        scroll.setWidget(self._grid)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        layout.addLayout(above)
        layout.addLayout(controls)
        layout.addWidget(scroll, 1)

    def _set_faint(self, faint: bool) -> None:
        for part in (self._mean, self._heat, self._band, self._grid):
            part.set_faint(faint)

    @pyqtSlot(int)
    def _slid(self, value: int) -> None:
        self._show_ahead()
        self.looked.emit(value - 1)

    def _show_ahead(self) -> None:
        sheet, ahead = self._sheet, self.ahead
        if sheet is None:
            return
        steps = sheet.frames.shape[1]
        self._ahead_label.setFixedWidth(self._ahead_label.fontMetrics().horizontalAdvance(f"+{steps} of {steps} "))
        self._ahead_label.setText(f"+{ahead + 1} of {steps}")
        self._title.show_text(f"{sheet.about} differ by {percent(sheet.disagreement[ahead]):.1f} %")
        self._mean.show_picture(to_qimage(sheet.mean[ahead]))
        self._heat.show_picture(to_qimage(heat_picture(sheet.disagreement[ahead])))
        self._band.show_ahead(ahead)
        self._grid.show_ahead(ahead)


class _Part(QWidget):
    """Something painted that becomes faint while another answer is on its way."""

    def __init__(self) -> None:
        super().__init__()
        self._faint = False
        self.setFont(theme.base_font(11))
        theme.LOOKS.changed.connect(self._restyle)

    def set_faint(self, faint: bool) -> None:
        if faint != self._faint:
            self._faint = faint
            self.update()

    def _restyle(self) -> None:
        self.setFont(theme.base_font(11))
        self.updateGeometry()

    def _line(self) -> int:
        return self.fontMetrics().height() + 2

    @property
    def _opacity(self) -> float:
        return 0.35 if self._faint else 1.0


class _Picture(_Part):
    """A picture with a line below it."""

    def __init__(self, caption: str, tip: str) -> None:
        super().__init__()
        self._caption = caption
        self._image: QImage | None = None
        self.setToolTip(tip)
        self._restyle()

    def show_picture(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def _restyle(self) -> None:
        super()._restyle()
        self.setFixedSize(SIDE, SIDE + self._line())

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setOpacity(self._opacity)
        _paint_frame(painter, QRect(0, 0, SIDE, SIDE), self._image, "imagined" if self._image else "line")
        painter.setOpacity(1.0)
        painter.setPen(theme.colour("muted"))
        below = QRect(0, SIDE, SIDE, self._line())
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _cut(self, self._caption, SIDE))
        painter.end()


class _Legend(_Part):
    """What the colours of disagreement mean."""

    def __init__(self) -> None:
        super().__init__()
        self.setToolTip(_HEAT_TIP)
        self._restyle()

    def _restyle(self) -> None:
        super()._restyle()
        self.setFixedSize(SIDE, 8 + self._line())

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        ramp = QLinearGradient(0, 0, self.width(), 0)
        for place in np.linspace(0, 1, 9):
            ramp.setColorAt(float(place), QColor(*RAMP[round(place * (len(RAMP) - 1))].tolist()))
        painter.fillRect(QRect(0, 0, self.width(), 7), ramp)
        painter.setPen(theme.colour("muted"))
        below = QRect(0, 8, self.width(), self._line())
        painter.drawText(below, _LEFT, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "levels of 255")
        painter.drawText(below, _RIGHT, f"{FULL_AT:.0f}+")
        painter.end()


class _Band(_Part):
    """What the dreams promise from each frame on: the middle, and the band around it."""

    def __init__(self) -> None:
        super().__init__()
        self._band: NDArray[np.float32] | None = None
        self._ahead = 0
        self.setToolTip(_BAND_TIP)
        self.setMinimumSize(_LEAST_BAND, SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_band(self, band: NDArray[np.float32] | None) -> None:
        self._band = band
        self.update()

    def show_ahead(self, ahead: int) -> None:
        if ahead != self._ahead:
            self._ahead = ahead
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(theme.colour("muted"))
        title = QRect(0, 0, self.width(), self._line())
        painter.drawText(title, _LEFT, _cut(self, "return promised: median, 5\u201395 %", self.width()))
        if self._band is not None:
            painter.setOpacity(self._opacity)
            self._paint_band(painter, self._band)
        painter.end()

    def _paint_band(self, painter: QPainter, band: NDArray[np.float32]) -> None:
        low, high = min(0.0, float(band.min())), max(1.0, float(band.max()))
        names = [f"{high:.1f}".replace("-", "\u2212"), f"{low:.1f}".replace("-", "\u2212")]
        margin = max(self.fontMetrics().horizontalAdvance(name) for name in names) + 6
        line = self._line()
        plot = QRectF(margin, line + 4, self.width() - margin - 2, self.height() - 2 * line - 6)
        steps = band.shape[1] - 1

        def at(step: int, value: float) -> QPointF:
            share = (value - low) / (high - low)
            return QPointF(plot.left() + plot.width() * step / steps, plot.bottom() - plot.height() * share)

        for value, name in ((high, names[0]), (low, names[1])):
            height = at(0, value).y()
            painter.setPen(theme.colour("line"))
            painter.drawLine(QPointF(plot.left(), height), QPointF(plot.right(), height))
            painter.setPen(theme.colour("muted"))
            painter.drawText(QRectF(0, height - line / 2, margin - 6, line), _RIGHT, name)
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), line)
        painter.drawText(below, _LEFT, "now")
        painter.drawText(below, _RIGHT, f"+{steps}")
        lower, middle, upper = ([at(step, float(v)) for step, v in enumerate(row)] for row in band)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("accent", 60))
        painter.drawPolygon(QPolygonF([*upper, *reversed(lower)]))
        painter.setPen(QPen(theme.colour("accent"), 1.6))
        painter.drawPolyline(QPolygonF(middle))
        here = at(self._ahead + 1, low).x()
        painter.setPen(theme.colour("text"))
        painter.drawLine(QPointF(here, plot.top()), QPointF(here, plot.bottom()))


class _Grid(_Part):
    """Every dream at one frame ahead, as many side by side as there is room for."""

    chosen = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self._sheet: DreamSheet | None = None
        self._ahead = 0
        self._images: list[QImage] = []
        self._chosen: int | None = None
        self._hovered: int | None = None
        self.setMouseTracking(True)

    def show_sheet(self, sheet: DreamSheet | None) -> None:
        self._sheet, self._images = sheet, []
        self._fit()
        self.update()

    def show_ahead(self, ahead: int) -> None:
        self._ahead, self._images = ahead, []
        self.update()

    def show_chosen(self, branch: int | None) -> None:
        if branch != self._chosen:
            self._chosen = branch
            self.update()

    def place_of(self, place: int) -> QRect:
        columns, side = self._columns()
        row, column = divmod(place, columns)
        return QRect(column * (side + GAP), row * (side + self._line() + GAP), side, side)

    def resizeEvent(self, a0: object) -> None:
        self._fit()

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        self._hover(None if a0 is None else self._dream_at(a0.pos()))

    def leaveEvent(self, a0: QEvent | None) -> None:
        self._hover(None)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        place = None if a0 is None or a0.button() != Qt.MouseButton.LeftButton else self._dream_at(a0.pos())
        if place is not None and self._sheet is not None:
            self.chosen.emit(self._sheet.branches[place])

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        if not self._images:
            self._images = [to_qimage(frame) for frame in sheet.frames[:, self._ahead]]
        painter = QPainter(self)
        painter.setOpacity(self._opacity)
        for place, image in enumerate(self._images):
            at = self.place_of(place)
            bright = sheet.branches[place] == self._chosen
            over = sheet.ends[place]
            _paint_frame(painter, at, image, "text" if bright else "imagined")
            if over is not None and self._ahead >= over:
                band = QRect(at.left() + _EDGE, at.bottom() - 17, at.width() - 2 * _EDGE, 16)
                painter.fillRect(band, theme.colour("window", 215))
                painter.setPen(theme.colour("text"))
                painter.drawText(band, Qt.AlignmentFlag.AlignCenter, "end?")
            painter.setPen(theme.colour("text" if bright or place == self._hovered else "muted"))
            below = QRect(at.left(), at.bottom() + 1, at.width(), self._line())
            words = f"return {sheet.returns[place]}"
            fits = self.fontMetrics().horizontalAdvance(words) <= at.width()
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words if fits else sheet.returns[place])
        painter.end()

    def _columns(self) -> tuple[int, int]:
        """How many side by side, and the side of each: as large as all fit at once, or else as small as they get."""
        count = 1 if self._sheet is None else len(self._sheet.branches)
        room, view = self.width() + GAP, self.parentWidget()
        high = (0 if view is None else view.height()) + GAP
        most = max(1, min(count, room // (LEAST_CELL + GAP)))
        for columns in range(1, most + 1):
            side = min(MOST_CELL, room // columns - GAP)
            if -(-count // columns) * (side + self._line() + GAP) <= high:
                return columns, side
        return most, max(1, min(MOST_CELL, room // most - GAP))

    def _fit(self) -> None:
        if self._sheet is None:
            self.setMinimumHeight(0)
            return
        columns, side = self._columns()
        rows = -(-len(self._sheet.branches) // columns)
        self.setMinimumHeight(rows * (side + self._line() + GAP) - GAP)

    def _restyle(self) -> None:
        super()._restyle()
        self._fit()

    def _dream_at(self, where: QPoint) -> int | None:
        count = 0 if self._sheet is None else len(self._sheet.branches)
        return next((place for place in range(count) if self.place_of(place).contains(where)), None)

    def _hover(self, place: int | None) -> None:
        if place != self._hovered:
            self._hovered = place
            if place is None:
                self.unsetCursor()
            else:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.update()


def _paint_frame(painter: QPainter, at: QRect, image: QImage | None, edge: str) -> None:
    painter.fillRect(at, theme.colour(edge))
    inner = at.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    painter.fillRect(inner, theme.colour("panel"))
    if image is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(inner, image)


def _cut(widget: QWidget, text: str, width: int) -> str:
    return widget.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
