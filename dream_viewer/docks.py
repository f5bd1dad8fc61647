"""Panels that a person can show, hide and put where they like."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QWidget


class Docks:
    """The window's docks, each shown and hidden by an action of the table.

    Args:
        window: where they dock. actions: by id.
    """

    def __init__(self, window: QMainWindow, actions: Mapping[str, QAction]) -> None:
        self._window, self._actions = window, actions
        self.by_id: dict[str, QDockWidget] = {}

    def leave(self) -> None:
        """Go from the screen with the window: a floating dock would stay while the rest is being saved."""
        for dock in self.by_id.values():
            dock.hide()

    def add(self, name: str, title: str, widget: QWidget, size: tuple[int, int]) -> QDockWidget:
        """A dock that is hidden at first and floats when it is shown: docked it takes room from the panes.

        The widget is hidden with it, so that whoever fills it can tell whether anybody looks.

        Args:
            name: id of its action, which must be checkable. title: above it. widget: in it. size: in pixels.
        """
        action = self._actions[name]
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setWidget(widget)
        widget.hide()
        dock.hide()
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        dock.setFloating(True)
        dock.resize(*size)

        def show(shown: bool) -> None:
            widget.setVisible(shown)
            dock.setVisible(shown)

        action.toggled.connect(show)
        # Closed by its own button, or put back by Qt as it stood last time.
        dock.visibilityChanged.connect(lambda _: action.setChecked(not dock.isHidden()))
        self.by_id[name] = dock
        return dock
