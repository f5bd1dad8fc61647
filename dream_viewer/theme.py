"""Colours, fonts and icons: the one place that says how the window looks.

The style sheet (`resources/style.qss`) names colours as `@word`; the words and their values are here, so that painted
widgets and styled ones cannot drift apart.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise

from PyQt6.QtCore import QByteArray, QDir, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QFontDatabase, QIcon, QPainter, QPalette, QPixmap
from PyQt6.QtSvg import QSvgRenderer
from PyQt6.QtWidgets import QApplication

COLOURS: dict[str, str] = {
    "window": "#12151a",
    "panel": "#181c23",
    "control": "#222831",
    "hover": "#2b323d",
    "pressed": "#1d222a",
    "line": "#2a313b",
    "text": "#dde2ea",
    "muted": "#98a2b1",
    "faint": "#5d6775",
    "accent": "#82aaf5",
    "observed": "#43b581",
    "imagined": "#ef5b5b",
    "forked": "#82aaf5",
    "high": "#4fc58d",
    "middle": "#d9c46a",
    "low": "#ef5b5b",
    "reward": "#f0c14b",
    "onbright": "#0f1318",
}
"""Words for colours. `observed`, `imagined` and `forked` are borders; `high`, `middle`, `low` the value's scale."""

PAIRS: dict[str, dict[str, str]] = {
    "green-red": {word: COLOURS[word] for word in ("observed", "imagined", "forked", "high", "middle", "low")},
    "blue-orange": {
        "observed": "#4a9cf0",
        "imagined": "#f0913a",
        "forked": "#cdd3dd",
        "high": "#5aa9f5",
        "middle": "#a8adb8",
        "low": "#f0913a",
    },
}
"""Colours of good and bad: the usual pair, and one that colour-blind people tell apart."""

VALUE_STOPS = ((0.0, "low"), (0.35, "low"), (0.55, "middle"), (0.75, "high"), (1.0, "high"))
"""The value's scale: place from 0 to 1, and the colour there; in between they blend."""

SANS = ("Inter", "SF Pro Text", "Segoe UI Variable Text", "Segoe UI", "Noto Sans", "Cantarell", "DejaVu Sans")
"""Families for text, best first; the first one that is installed is used."""

ICON_SIZE = QSize(20, 20)
_ICON_SCALES = (1, 2, 3)


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


def tabular(font: QFont) -> QFont:
    """The same font with digits of one width, so that changing numbers do not shake."""
    result = QFont(font)
    result.setFeature(QFont.Tag("tnum"), 1)
    return result


def base_font() -> QFont:
    """The window's font: the first family of `SANS` that is installed, 13 px, tabular digits."""
    installed = set(QFontDatabase.families())
    family = next((name for name in SANS if name in installed), None)
    font = QFont(family) if family is not None else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    font.setPixelSize(13)
    return tabular(font)


def style_sheet() -> str:
    """The style sheet with every `@word` replaced by its colour.

    Raises:
        KeyError: the sheet names a colour that `COLOURS` lacks.
    """
    text = files("resources").joinpath("style.qss").read_text(encoding="utf-8")
    return re.sub(r"@([a-z]+)", lambda match: COLOURS[match[1]], text)


@cache
def _svg(name: str) -> str:
    return files("resources").joinpath("icons").joinpath(f"{name}.svg").read_text(encoding="utf-8")


def _pixmap(name: str, word: str, size: QSize, scale: int) -> QPixmap:
    pixmap = QPixmap(size * scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(_svg(name).replace("currentColor", COLOURS[word]).encode())).render(
        painter, QRectF(pixmap.rect())
    )
    painter.end()
    pixmap.setDevicePixelRatio(scale)
    return pixmap


@cache
def icon(name: str, on: str = "text") -> QIcon:
    """The icon `resources/icons/<name>.svg`, faint where its control is disabled, in the colour `on` where it is on.

    Qt must be running. Sharp at 1, 2 and 3 device pixels per pixel.
    """
    result = QIcon()
    for scale in _ICON_SCALES:
        result.addPixmap(_pixmap(name, "text", ICON_SIZE, scale), QIcon.Mode.Normal)
        result.addPixmap(_pixmap(name, on, ICON_SIZE, scale), QIcon.Mode.Normal, QIcon.State.On)
        result.addPixmap(_pixmap(name, "faint", ICON_SIZE, scale), QIcon.Mode.Disabled)
    return result


@cache
def app_icon() -> QIcon:
    """The application's own icon."""
    result = QIcon()
    for scale in (1, 2, 4, 8):
        result.addPixmap(_pixmap("dream-agent", "text", QSize(32, 32) * scale, 1))
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
        roles.PlaceholderText: "faint",
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


def choose_pair(app: QApplication, name: str) -> None:
    """Take one of PAIRS; painted widgets must be told to paint anew, plots to take their pens anew."""
    COLOURS.update(PAIRS[name])
    apply(app)


def apply(app: QApplication) -> None:
    """Give the application its look: Fusion style, palette, font, style sheet, icon."""
    QDir.setSearchPaths("icons", [str(files("resources").joinpath("icons"))])
    app.setStyle("Fusion")
    app.setPalette(_palette())
    app.setFont(base_font())
    app.setStyleSheet(style_sheet())
    app.setWindowIcon(app_icon())
