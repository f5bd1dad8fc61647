"""What many dreams have in common: their mean, where they disagree, and what they promise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy

from dream_viewer.look import theme
from dream_viewer.look.tiles import LEFT, RIGHT, Fading, paint_picture
from dream_viewer.pictures.disagreement import FULL_AT, RAMP
from dream_viewer.words.numerals import MINUS

SIDE = 120
"""Side of the pictures: two stand side by side in a panel that is docked in the smallest window."""
LEAST_BAND = 120
"""Width below which the band is not worth its place."""
LETTERS = 11
HEAT_TIP = (
    "Disagreement: of each pixel the standard deviation over the dreams, the mean of its red, green and blue."
    f" Levels of brightness run from 0 to 255; from {FULL_AT:.0f} on the colour is full."
)
_BAND_TIP = (
    "The return that the dreams promise from each of their frames on: predicted rewards, and the value of the last"
    " state. Line: the middle one; band: 5 to 95 % of the dreams."
)


class CaptionedPicture(Fading):
    """A picture with a line below it."""

    def __init__(self, caption: str, tip: str) -> None:
        super().__init__(LETTERS)
        self._caption = caption
        self._image: QImage | None = None
        self.setToolTip(tip)
        self.restyle()

    def show_picture(self, image: QImage | None) -> None:
        """Show another picture; None: there is none."""
        self._image = image
        self.update()

    def restyle(self) -> None:
        """Take the letters anew from the theme, and the room that they need."""
        super().restyle()
        self.setFixedSize(SIDE, SIDE + self.line_height)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setOpacity(self.opacity)
        paint_picture(painter, QRect(0, 0, SIDE, SIDE), self._image, "imagined" if self._image else "line", "panel")
        painter.setOpacity(1.0)
        painter.setPen(theme.colour("muted"))
        below = QRect(0, SIDE, SIDE, self.line_height)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self.cut(self._caption, SIDE))
        painter.end()


class DisagreementLegend(Fading):
    """What the colours of disagreement mean."""

    def __init__(self) -> None:
        super().__init__(LETTERS)
        self.setToolTip(HEAT_TIP)
        self.restyle()

    def restyle(self) -> None:
        """Take the letters anew from the theme, and the room that they need."""
        super().restyle()
        self.setFixedSize(SIDE, 8 + self.line_height)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        ramp = QLinearGradient(0, 0, self.width(), 0)
        for place in np.linspace(0, 1, 9):
            ramp.setColorAt(float(place), QColor(*RAMP[round(place * (len(RAMP) - 1))].tolist()))
        painter.fillRect(QRect(0, 0, self.width(), 7), ramp)
        painter.setPen(theme.colour("muted"))
        below = QRect(0, 8, self.width(), self.line_height)
        painter.drawText(below, LEFT, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, "levels")
        painter.drawText(below, RIGHT, f"{FULL_AT:.0f}+")
        painter.end()


class PromiseBand(Fading):
    """What the dreams promise from each frame on: the middle, and the band around it."""

    def __init__(self) -> None:
        super().__init__(LETTERS)
        self._band: NDArray[np.float32] | None = None
        self._ahead = 0
        self.setToolTip(_BAND_TIP)
        self.setMinimumSize(LEAST_BAND, SIDE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_band(self, band: NDArray[np.float32] | None) -> None:
        """Show a band: (3, H + 1) lower edge, median, upper edge, from now on; None: nothing."""
        self._band = band
        self.update()

    def show_ahead(self, ahead: int) -> None:
        """Point at this frame ahead, from 0."""
        if ahead != self._ahead:
            self._ahead = ahead
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setPen(theme.colour("muted"))
        title = QRect(0, 0, self.width(), self.line_height)
        painter.drawText(title, LEFT, self.cut("return promised: median, 5\u201395 %", self.width()))
        if self._band is not None:
            painter.setOpacity(self.opacity)
            self._paint_band(painter, self._band)
        painter.end()

    def _paint_band(self, painter: QPainter, band: NDArray[np.float32]) -> None:
        low, high = min(0.0, float(band.min())), max(1.0, float(band.max()))
        names = [f"{edge:.1f}".replace("-", MINUS) for edge in (high, low)]
        margin = max(self.fontMetrics().horizontalAdvance(name) for name in names) + 6
        line = self.line_height
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
            painter.drawText(QRectF(0, height - line / 2, margin - 6, line), RIGHT, name)
        below = QRectF(plot.left(), plot.bottom() + 2, plot.width(), line)
        painter.drawText(below, LEFT, "now")
        painter.drawText(below, RIGHT, f"+{steps}")
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
