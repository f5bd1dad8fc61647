"""Colours, fonts and icons as the window wears them now: the one place that says how it looks.

The style sheet (`resources/style.qss`) names colours as `@word`; painted widgets ask for the same words here, so that
the two cannot drift apart. A widget that keeps what it made of colours or fonts makes it anew on `LOOKS.changed`; one
that only paints with them need not: everything is painted anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

from PyQt6.QtCore import QByteArray, QDir, QObject, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QBrush, QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPalette, QPen, QPixmap
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QApplication

from dream_viewer.look import palette
from dream_viewer.look.palette import Pair, Scheme


@dataclass(frozen=True, slots=True)
class Look:
    """What a person chose of how the window looks.

    Attributes:
        scheme: dark or light. pair: colours of good and bad. enlarged: factor of all letters.
        ratio: device pixels per logical pixel of the screen that the window is on.
    """

    scheme: Scheme = "dark"
    pair: Pair = "green-red"
    enlarged: float = 1.0
    ratio: float = 1.0


class _Looks(QObject):
    changed = pyqtSignal()


LOOKS = _Looks()
"""Its signal `changed` tells that colours or sizes of letters are others now."""

COLOURS: dict[str, str] = palette.colours("dark", "green-red")
"""Words for colours, as they are worn now."""

VALUE_STOPS = ((0.0, "low"), (0.35, "low"), (0.55, "middle"), (0.75, "high"), (1.0, "high"))
"""The value's scale: place from 0 to 1, and the colour there; in between they blend."""

SANS = ("Inter", "SF Pro Text", "Segoe UI Variable Text", "Segoe UI", "Noto Sans", "Cantarell", "DejaVu Sans")
"""Families for text, best first; the first one that is installed is used."""

TEXT_PIXELS = 13
"""Size of the window's letters, not enlarged."""

_worn = Look()


def colour(word: str, alpha: int = 255) -> QColor:
    """The colour of a word in `COLOURS`, at an opacity of 0 to 255."""
    result = QColor(COLOURS[word])
    result.setAlpha(alpha)
    return result


def value_colour(tone: float) -> QColor:
    """The colour of a value at a place of its scale, 0 to 1."""
    tone = min(max(tone, 0.0), 1.0)
    (before, first), (after, second) = next(pair for pair in pairwise(VALUE_STOPS) if tone <= pair[1][0])
    share = (tone - before) / (after - before)
    a, b = colour(first).getRgb()[:3], colour(second).getRgb()[:3]
    return QColor(*(round(x + share * (y - x)) for x, y in zip(a, b, strict=True)))


def stroke(colour: QColor, width: float, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """A pen for a plot, as wide on every screen; Qt counts such a pen's width in device pixels.

    Args:
        colour: of the line. width: in logical pixels. style: whole, or in dashes or dots.
    """
    result = QPen(QBrush(colour), width * _worn.ratio, style)
    result.setCosmetic(True)
    return result


def tabular(font: QFont) -> QFont:
    """The same font with digits of one width, so that changing numbers do not shake."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


@cache
def _family() -> str:
    installed = set(QFontDatabase.families())
    system = QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    return next((name for name in SANS if name in installed), system)


def worn() -> Look:
    """The look the window has now."""
    return _worn


def sized(pixels: int) -> int:
    """A length that goes with the letters, in logical pixels, as much larger as they are now."""
    return round(pixels * _worn.enlarged)


def base_font(pixels: int = TEXT_PIXELS) -> QFont:
    """The window's font: the first family of `SANS` that is installed, tabular digits.

    Args:
        pixels: its size, before letters are enlarged.
    """
    font = QFont(_family())
    font.setPixelSize(sized(pixels))
    return tabular(font)


def style_sheet() -> str:
    """The style sheet with every `@word` replaced by its colour, and letters as large as they are worn.

    Raises:
        KeyError: the sheet names a colour that `COLOURS` lacks.
    """
    text = files("resources").joinpath("style.qss").read_text(encoding="utf-8")
    text = re.sub(r"@([a-z]+)", lambda match: COLOURS[match[1]], text)
    return re.sub(r"font-size: (\d+)px", lambda match: f"font-size: {sized(int(match[1]))}px", text)


@cache
def _svg(name: str) -> str:
    return files("resources").joinpath("icons").joinpath(f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def _drawn(name: str, hue: str, width: int, height: int) -> QPixmap:
    """An icon in one colour; the size is in device pixels."""
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", hue).encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    return pixmap


class _Glyph(QIconEngine):
    """An icon drawn in the colours of the moment, and for the screen it is on: sharp at every scale."""

    def __init__(self, name: str, on: str) -> None:
        super().__init__()
        self._name, self._on = name, on

    def clone(self) -> QIconEngine:
        return _Glyph(self._name, self._on)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _drawn(self._name, self._hue(mode, state), size.width(), size.height())

    def paint(self, painter: QPainter | None, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        if painter is not None:
            device = painter.device()
            ratio = 1.0 if device is None else device.devicePixelRatioF()
            painter.drawPixmap(rect, self.pixmap(rect.size() * ratio, mode, state))

    def _hue(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        if mode is QIcon.Mode.Disabled:
            return COLOURS["faint"]
        return COLOURS[self._on if state is QIcon.State.On else "text"]


@cache
def icon(name: str, on: str = "text") -> QIcon:
    """The icon `resources/icons/<name>.svg`, faint where its control is disabled, in the colour `on` where it is on.

    Qt must be running.
    """
    return QIcon(_Glyph(name, on))


@cache
def app_icon() -> QIcon:
    """The application's own icon."""
    result = QIcon()
    for side in (32, 64, 128, 256):
        result.addPixmap(_drawn("dream-agent", COLOURS["text"], side, side))
    return result


def _palette() -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, word in {
        roles.Window: "window",
        roles.WindowText: "text",
        roles.Base: "panel",
        roles.AlternateBase: "control",
        roles.Text: "text",
        roles.Button: "control",
        roles.ButtonText: "text",
        roles.ToolTipBase: "control",
        roles.ToolTipText: "text",
        roles.PlaceholderText: "muted",
        roles.Highlight: "accent",
        roles.HighlightedText: "onbright",
        roles.Link: "accent",
        roles.Light: "hover",
        roles.Mid: "line",
        roles.Dark: "window",
    }.items():
        palette.setColor(role, colour(word))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, colour("faint"))
    return palette


def dress(app: QApplication, look: Look) -> None:
    """Change colours and letters of everything on show; nothing happens where the look is worn already."""
    global _worn
    if look == _worn and app.styleSheet():
        return
    _worn = look
    COLOURS.update(palette.colours(look.scheme, look.pair))
    app.setPalette(_palette())
    app.setFont(base_font())
    app.setStyleSheet(style_sheet())
    LOOKS.changed.emit()
    for widget in app.allWidgets():
        widget.update()


def apply(app: QApplication) -> None:
    """Give the application its look: Fusion style, palette, font, style sheet, icon."""
    QDir.setSearchPaths("icons", [str(files("resources").joinpath("icons"))])
    app.setStyle("Fusion")
    app.setWindowIcon(app_icon())
    dress(app, _worn)
