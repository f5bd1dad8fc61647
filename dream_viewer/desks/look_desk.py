"""Between what a person chooses of the window's look, what the system prefers, and the theme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QApplication, QWidget

from dream_viewer.look import theme
from dream_viewer.look.palette import Pair, Scheme
from dream_viewer.settings import Theme

_NATIVE = {"system": Qt.ColorScheme.Unknown, "dark": Qt.ColorScheme.Dark, "light": Qt.ColorScheme.Light}
_PAIRS: dict[bool, Pair] = {False: "green-red", True: "blue-orange"}
LARGE = 1.3
"""Factor of all letters where a room is to read them."""


class LookDesk(QObject):
    """Dresses the application as its actions and the system say, from now on.

    Args:
        actions: by id; of the table: theme_system, theme_dark, theme_light, blue_orange. window: what is dressed.
    """

    def __init__(self, actions: Mapping[str, QAction], window: QWidget) -> None:
        super().__init__(window)
        app = QApplication.instance()
        hints = QApplication.styleHints()
        assert isinstance(app, QApplication) and hints is not None
        self._app, self._hints, self._actions, self._window = app, hints, actions, window
        self._system = Qt.ColorScheme.Unknown
        self._enlarged = 1.0
        for name in get_args(Theme):
            actions[f"theme_{name}"].triggered.connect(self._chosen)
        actions["blue_orange"].toggled.connect(self._wear)
        hints.colorSchemeChanged.connect(self._on_system)
        window.installEventFilter(self)

    @property
    def theme(self) -> Theme:
        """What a person chose."""
        names: tuple[Theme, ...] = get_args(Theme)
        return next((name for name in names if self._actions[f"theme_{name}"].isChecked()), "system")

    @property
    def pair(self) -> Pair:
        """Colours of good and bad."""
        return _PAIRS[self._actions["blue_orange"].isChecked()]

    def take(self, chosen: Theme, pair: Pair) -> None:
        """Choose both, as remembered."""
        self._actions[f"theme_{chosen}"].setChecked(True)
        self._actions["blue_orange"].setChecked(pair == _PAIRS[True])
        self._chosen()

    def set_large(self, large: bool) -> None:
        """Letters for a room, or for a desk."""
        self._enlarged = LARGE if large else 1.0
        self._wear()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Draw for the screen that the window came to."""
        if a1 is not None and a1.type() == QEvent.Type.DevicePixelRatioChange:
            self._wear()
        return super().eventFilter(a0, a1)

    @pyqtSlot()
    def _chosen(self) -> None:
        if hasattr(self._hints, "setColorScheme"):  # from Qt 6.8 on: the frame that the system draws goes along
            self._hints.setColorScheme(_NATIVE[self.theme])
        self._on_system(self._hints.colorScheme())

    @pyqtSlot(Qt.ColorScheme)
    def _on_system(self, scheme: Qt.ColorScheme) -> None:
        self._system = scheme
        self._wear()

    @pyqtSlot()
    def _wear(self) -> None:
        """A system that says nothing gets the dark scheme: pictures stand out on it."""
        light = self.theme == "light" or (self.theme == "system" and self._system is Qt.ColorScheme.Light)
        scheme: Scheme = "light" if light else "dark"
        theme.dress(self._app, theme.Look(scheme, self.pair, self._enlarged, self._window.devicePixelRatioF()))
