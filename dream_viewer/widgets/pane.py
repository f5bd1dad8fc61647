"""A picture with a coloured border that says whether it was observed or imagined."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRect, QRectF, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction, QFont, QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PyQt6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from dream_viewer.imaging import to_qimage
from dream_viewer.look import theme
from dream_viewer.look.elided import ElidedLabel
from dream_viewer.records import Meter, Origin, View

FRAME_SIDE = 64
"""Side of an agent's frame; the picture's side is a whole multiple of it in device pixels."""
BORDER = 3
HEADER = 30
CAPTION = 26
NARROW_HEADER = 54
NARROW_CAPTION = 60
"""Heights where a pane is narrow: the border's word stands below the choice of views, and the caption has two lines."""
ROOMY = 326
"""Width of a pane from which on its choices stand in their own size; below that they are a little smaller."""
METER = 30
METER_BAR = 4
"""Heights of a meter, and of its bar alone."""


class Pane(QWidget):
    """A header with the word of the border and a choice of views, the picture, and a caption.

    The picture's side is given from outside, so that nothing a pane shows can move anything.

    Args:
        choices: checkable actions of one group, shown side by side in the header.
        extra: a widget at the right end of the caption.
        title: stands in the header where there is no choice. title_role: its role in the style sheet.

    Attributes:
        choices, extra: the parts of header and caption where something is chosen.

    Signals:
        enlarge_asked: a double click: it is to be enlarged, or to be as before.
        clicked: a click into the picture that no second one followed.
    """

    enlarge_asked = pyqtSignal()
    clicked = pyqtSignal()

    def __init__(
        self,
        choices: Sequence[QAction],
        extra: QWidget | None = None,
        title: str = "",
        title_role: str = "muted",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._picture = _Picture()
        self._caption = ElidedLabel("detail")
        self._tag = _Tag()
        self._click = QTimer(self)
        self._click.setSingleShot(True)
        self._click.timeout.connect(self.clicked)

        self._narrow = self._tight = False
        header = QHBoxLayout()
        header.setContentsMargins(0, 0, 0, 0)
        header.setSpacing(0)
        self._title = ElidedLabel(title_role, Qt.TextElideMode.ElideMiddle)
        self._title.show_text(title)
        if title:
            header.addWidget(self._title, 1, Qt.AlignmentFlag.AlignVCenter)
        header.addWidget(self._tag, 0, Qt.AlignmentFlag.AlignBottom)
        if not title:
            header.addStretch(1)
        self._upright = QBoxLayout.Direction.TopToBottom if title else QBoxLayout.Direction.BottomToTop
        self.choices = QWidget()
        row = QHBoxLayout(self.choices)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, action in enumerate(choices):
            row.addWidget(_segment(action, place, len(choices)), 0, Qt.AlignmentFlag.AlignVCenter)
        header.addWidget(self.choices, 0, Qt.AlignmentFlag.AlignRight)
        footer = QHBoxLayout()
        footer.setContentsMargins(1, 2, 0, 0)
        footer.setSpacing(6)
        footer.addWidget(self._caption, 1)
        self.extra = QWidget()
        corner = QHBoxLayout(self.extra)
        corner.setContentsMargins(0, 0, 0, 0)
        if extra is not None:
            corner.addWidget(extra, 0, Qt.AlignmentFlag.AlignRight)
        footer.addWidget(self.extra)

        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self._header, self._footer = QWidget(), QWidget()
        self._header.setLayout(header)
        self._footer.setLayout(footer)
        self._header_row, self._footer_row = header, footer
        for part in (self._header, self._picture, self._footer):
            whole.addWidget(part)
        theme.LOOKS.changed.connect(self.restyle)
        self.restyle()

    @pyqtSlot()
    def restyle(self) -> None:
        """Make room for letters of the theme's size."""
        self._header.setFixedHeight(theme.sized(NARROW_HEADER if self._narrow else HEADER))
        self._footer.setFixedHeight(theme.sized(NARROW_CAPTION if self._narrow else CAPTION))
        self._tag.restyle()

    @pyqtSlot(bool)
    def set_narrow(self, narrow: bool) -> None:
        """Stand header and caption in two lines each: the picture is small."""
        self._narrow = narrow
        across = QBoxLayout.Direction.LeftToRight
        self._header_row.setDirection(self._upright if narrow else across)
        self._footer_row.setDirection(QBoxLayout.Direction.TopToBottom if narrow else across)
        self._footer_row.setSpacing(0 if narrow else 6)
        self._caption.set_lines(2 if narrow else 1)
        self._caption.setAlignment(Qt.AlignmentFlag.AlignTop if narrow else Qt.AlignmentFlag.AlignVCenter)
        side = Qt.AlignmentFlag.AlignLeft if narrow else Qt.AlignmentFlag.AlignRight
        self._header_row.setAlignment(self.choices, side)
        self._footer_row.setAlignment(self.extra, side)
        self.restyle()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Make the choices fit beside the border's word."""
        tight = self.width() < ROOMY
        if tight != self._tight:
            self._tight = tight
            for button in self.choices.findChildren(QToolButton):
                button.setProperty("tight", tight)
                style = button.style()
                assert style is not None  # the application has one
                style.unpolish(button)
                style.polish(button)

    @staticmethod
    def chrome(narrow: bool = False) -> QSize:
        """What a pane needs around its picture, in logical pixels."""
        parts = (NARROW_HEADER, NARROW_CAPTION) if narrow else (HEADER, CAPTION)
        return QSize(2 * BORDER, 2 * BORDER + sum(map(theme.sized, parts)))

    @property
    def canvas(self) -> QWidget:
        """Where the picture is painted."""
        return self._picture

    @property
    def origin(self) -> Origin | None:
        """What the border says now."""
        return self._picture.origin

    @property
    def message(self) -> str:
        """What lies over the picture, empty if nothing does."""
        return self._picture.message

    @property
    def meter(self) -> Meter | None:
        """What lies over the picture's lower edge, if anything does."""
        return self._picture.meter

    @property
    def caption(self) -> str:
        """The line below the picture."""
        return self._caption.full

    @property
    def frame(self) -> NDArray[np.uint8] | None:
        """The pixels on show."""
        return self._picture.frame

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Wait whether it becomes a double click."""
        inside = a0 is not None and self._picture.geometry().contains(a0.pos())
        if a0 is not None and inside and a0.button() == Qt.MouseButton.LeftButton:
            self._click.start(QApplication.doubleClickInterval())

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        """Ask to be enlarged."""
        self._click.stop()
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self.enlarge_asked.emit()

    @property
    def title(self) -> str:
        """What stands in the header."""
        return self._title.full

    def show_title(self, title: str) -> None:
        """Say in the header whose picture it is."""
        self._title.show_text(title)

    def show_view(self, view: View) -> None:
        """Show a picture with its border, caption and message."""
        self._picture.show_frame(view.frame, view.origin, view.message, view.meter)
        self._tag.show_origin(view.origin)
        self._caption.show_text(view.caption, view.hint, view.shorter)
        self._picture.setToolTip(view.hint)


class _Picture(QWidget):
    """The picture itself and its border; all of it painted."""

    def __init__(self) -> None:
        super().__init__()
        self.origin: Origin | None = None
        self.message = ""
        self.meter: Meter | None = None
        self.frame: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._scaled: QImage | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def show_frame(
        self, frame: NDArray[np.uint8] | None, origin: Origin | None, message: str, meter: Meter | None
    ) -> None:
        if frame is self.frame and (origin, message, meter) == (self.origin, self.message, self.meter):
            return
        if frame is not self.frame:
            self.frame = frame
            self._image = None if frame is None else to_qimage(frame)
            self._scaled = None
        self.origin, self.message, self.meter = origin, message, meter
        self.setAccessibleName(f"{origin or 'empty'} picture {message}".strip())
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        border = theme.colour(self.origin or "line")
        painter.fillRect(self.rect(), border)
        inner = QRectF(self.rect()).adjusted(BORDER, BORDER, -BORDER, -BORDER)
        scaled = self._scaled_image(min(inner.width(), inner.height()), _ratio(painter))
        if scaled is None:
            painter.fillRect(inner, theme.colour("panel"))
        else:  # where the room is a fraction of a device pixel larger, the border is
            size = scaled.deviceIndependentSize()
            corner = inner.center() - QPointF(size.width() / 2, size.height() / 2)
            painter.drawImage(_on_device_pixel(painter, corner), scaled)
        if self.meter is not None:
            self._paint_meter(painter, inner, self.meter)
        if self.message:
            self._paint_message(painter, inner)
        painter.end()

    def _scaled_image(self, side: float, ratio: float) -> QImage | None:
        """The image for a square of `side` logical pixels: pixel art by whole factors of device pixels, unblurred.

        The 512x512 human view is drawn smooth by the game; it is resampled where the square is no multiple of it.
        """
        if self._image is None:
            return None
        room = round(side * ratio)
        size = self._image.width()
        exact = size * (room // size)
        target = exact if size == FRAME_SIDE or exact == room else room
        target = max(target, FRAME_SIDE)
        if self._scaled is None or self._scaled.width() != target or self._scaled.devicePixelRatio() != ratio:
            mode = Qt.TransformationMode
            how = mode.FastTransformation if target % size == 0 else mode.SmoothTransformation
            self._scaled = self._image.scaled(target, target, Qt.AspectRatioMode.IgnoreAspectRatio, how)
            self._scaled.setDevicePixelRatio(ratio)
        return self._scaled

    def _paint_meter(self, painter: QPainter, inner: QRectF, meter: Meter) -> None:
        height = theme.sized(METER)
        plate = QRectF(inner.left(), inner.bottom() - height, inner.width(), height)
        painter.fillRect(plate, theme.colour("window", 215))
        filled = QRectF(plate.left(), plate.top(), plate.width() * meter.share, METER_BAR)
        painter.fillRect(filled, theme.value_colour(meter.tone))
        painter.setFont(theme.tabular(theme.base_font(13)))
        painter.setPen(theme.colour("text"))
        painter.drawText(plate.adjusted(0, METER_BAR, 0, 0), Qt.AlignmentFlag.AlignCenter, meter.text)

    def _paint_message(self, painter: QPainter, inner: QRectF) -> None:
        if self._image is not None:
            painter.fillRect(inner, theme.colour("window", 170))
        painter.setFont(theme.base_font(14))
        painter.setPen(theme.colour("text"))
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = inner.adjusted(36, 36, -36, -36)
        if self._image is not None:
            plate = painter.boundingRect(room, flags, self.message).adjusted(-14, -9, 14, 9)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("window", 220))
            painter.drawRoundedRect(plate, 8, 8)
            painter.setPen(theme.colour("text"))
        painter.drawText(room, flags, self.message)


class _Tag(QWidget):
    """The border's word, on a flag of the border's colour that stands on the border."""

    WORDS: Mapping[Origin, str] = {
        "observed": "OBSERVED",
        "imagined": "IMAGINED",
        "forked": "FORKED",
        "played": "YOU PLAY",
    }

    def __init__(self) -> None:
        super().__init__()
        self._origin: Origin | None = None
        self.restyle()

    def restyle(self) -> None:
        font = theme.base_font(11)
        font.setWeight(QFont.Weight.Bold)
        font.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, 0.8)
        self.setFont(font)
        widest = max(self.fontMetrics().horizontalAdvance(word) for word in self.WORDS.values())
        self.setFixedSize(widest + 18, theme.sized(20))

    def show_origin(self, origin: Origin | None) -> None:
        if origin != self._origin:
            self._origin = origin
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        if self._origin is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(self._origin))
        painter.drawRoundedRect(QRect(0, 0, self.width(), self.height() + 6), 5, 5)
        painter.setPen(theme.colour("onbright"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.WORDS[self._origin])
        painter.end()


def _ratio(painter: QPainter) -> float:
    """Device pixels per logical pixel of what is painted on: a screen, or a picture of the window."""
    device = painter.device()
    return 1.0 if device is None else device.devicePixelRatioF()


def _on_device_pixel(painter: QPainter, place: QPointF) -> QPointF:
    """The nearest place where a device pixel begins: between two of them, pixel art would blur."""
    to_device = painter.deviceTransform()
    exact = to_device.map(place)
    back, _ = to_device.inverted()
    return back.map(QPointF(math.floor(exact.x() + 0.5), math.floor(exact.y() + 0.5)))


def _segment(action: QAction, place: int, count: int) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setProperty("role", "segment")
    button.setProperty("place", {0: "left", count - 1: "right"}.get(place, "middle"))
    return button
