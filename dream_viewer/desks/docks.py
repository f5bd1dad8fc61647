"""Panels that a person can show, hide and put where they like, and that stand there again next time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QAction, QGuiApplication
from PyQt6.QtWidgets import QDockWidget, QMainWindow, QScrollArea, QWidget

_AREAS = (
    Qt.DockWidgetArea.LeftDockWidgetArea,
    Qt.DockWidgetArea.RightDockWidgetArea,
    Qt.DockWidgetArea.TopDockWidgetArea,
    Qt.DockWidgetArea.BottomDockWidgetArea,
)
_LEAST = 80
"""Pixels of a dock at least, and of it on a screen."""
_MOST = 20_000
LEAST_DOCKED = QSize(180, 120)
"""Size of what is seen of a panel at least, in pixels."""


class Place(NamedTuple):
    """Where a dock stands, in numbers that a settings file can hold.

    Qt's own description of all docks together is not kept: a damaged one can end the process.

    Attributes:
        shown, floating: 1 or 0. area: the edge it docks at: left, right, top, bottom are 0 to 3.
        tab: it stands in the same place as the dock of this number, counted in the order in which docks are made;
            its own number: it has a place of its own.
        x, y, width, height: on the screen where it floats, else in the window; in pixels.
    """

    shown: int
    floating: int
    area: int
    tab: int
    x: int
    y: int
    width: int
    height: int

    @property
    def sane(self) -> bool:
        """It can be a place."""
        flags = {self.shown, self.floating} <= {0, 1} and 0 <= self.area < len(_AREAS)
        return flags and max(abs(self.x), abs(self.y)) < _MOST and max(self.width, self.height) < _MOST


class Docks:
    """The window's docks, each shown and hidden by an action of the table.

    Args:
        window: where they dock. actions: by id.
    """

    def __init__(self, window: QMainWindow, actions: Mapping[str, QAction]) -> None:
        self._window, self._actions = window, actions
        self.by_id: dict[str, QDockWidget] = {}
        self._sizes: dict[str, QSize] = {}
        self._placed: set[str] = set()
        self._left: dict[str, list[int]] | None = None  # where they stood before all were hidden

    def leave(self) -> None:
        """Hide all for a while; when the window goes, a floating dock would stay while the rest is being saved."""
        self._left = self.places()
        for dock in self.by_id.values():
            dock.hide()

    def come_back(self) -> None:
        """Show those again that were hidden by `leave`."""
        left, self._left = self._left or {}, None
        for name, numbers in left.items():
            self._actions[name].setChecked(bool(Place(*numbers).shown))

    def add(self, name: str, title: str, widget: QWidget, size: tuple[int, int]) -> QDockWidget:
        """A dock that is hidden at first and floats when it is shown: docked it takes room from the panes.

        The widget is hidden with it, so that whoever fills it can tell whether anybody looks. Where the dock is smaller
        than the widget may be, it scrolls: beside the panes of a small window there is little room.

        Args:
            name: id of its action, which must be checkable. title: above it. widget: in it. size: in pixels.
        """
        action = self._actions[name]
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        scroll = QScrollArea()
        scroll.setWidget(widget)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setMinimumSize(LEAST_DOCKED)
        dock.setWidget(scroll)
        widget.hide()
        dock.hide()
        self._window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
        self.by_id[name], self._sizes[name] = dock, QSize(*size)
        self._put_first(name)

        def show(shown: bool) -> None:
            if shown and name not in self._placed:
                self._placed.add(name)
                dock.resize(self._sizes[name])  # whatever a change of theme made of it while nobody saw it
                dock.move(self._window.geometry().center() - dock.rect().center())
            widget.setVisible(shown)
            dock.setVisible(shown)

        action.toggled.connect(show)
        # Closed by its own button.
        dock.visibilityChanged.connect(lambda _: action.setChecked(not dock.isHidden()))
        return dock

    def places(self) -> dict[str, list[int]]:
        """Where each stands that was ever shown, by its name: the numbers of a `Place`."""
        if self._left is not None:
            return self._left
        return {name: list(self._place(name)) for name in self.by_id if name in self._placed}

    def put_back(self, places: Mapping[str, Sequence[int]]) -> None:
        """Let docks stand where they stood; what is no place is left out, and so is a dock that does not exist."""
        known = {name: Place(*numbers) for name, numbers in places.items() if len(numbers) == len(Place._fields)}
        good = {name: place for name, place in known.items() if name in self.by_id and place.sane}
        names = list(self.by_id)
        for name, place in sorted(good.items(), key=lambda item: (item[1].y, item[1].x)):
            self._put(name, place)
        for name, place in good.items():
            first = names[place.tab] if 0 <= place.tab < len(names) else name
            if first != name and not place.floating and not self.by_id[first].isFloating():
                self._window.tabifyDockWidget(self.by_id[first], self.by_id[name])
        for name, place in good.items():
            self._actions[name].setChecked(bool(place.shown))

    def reset(self) -> None:
        """Hide all, and let them float over the window when they are shown again."""
        for name in self.by_id:
            self._actions[name].setChecked(False)
            self._put_first(name)
            self._placed.discard(name)

    def _put_first(self, name: str) -> None:
        self.by_id[name].setFloating(True)
        self.by_id[name].resize(self._sizes[name])

    def _put(self, name: str, place: Place) -> None:
        dock, at = self.by_id[name], QRect(place.x, place.y, max(place.width, _LEAST), max(place.height, _LEAST))
        self._window.addDockWidget(_AREAS[place.area], dock)
        dock.setFloating(bool(place.floating))
        if not place.floating:
            self._placed.add(name)
            self._window.resizeDocks([dock], [at.width()], Qt.Orientation.Horizontal)
            self._window.resizeDocks([dock], [at.height()], Qt.Orientation.Vertical)
        elif _on_a_screen(at):
            self._placed.add(name)
            dock.setGeometry(at)
        else:
            dock.resize(self._sizes[name])

    def _place(self, name: str) -> Place:
        dock = self.by_id[name]
        shown = not dock.isHidden()
        names = list(self.by_id)
        together = [names.index(other.objectName()) for other in self._window.tabifiedDockWidgets(dock)]
        tab = min([names.index(name), *together])
        area, at = _AREAS.index(self._window.dockWidgetArea(dock)), dock.geometry()
        return Place(int(shown), int(dock.isFloating()), area, tab, at.x(), at.y(), at.width(), at.height())


def _on_a_screen(at: QRect) -> bool:
    """Enough of it can be seen to take hold of it."""
    handle = QRect(at.x(), at.y(), at.width(), _LEAST // 2)
    parts = (screen.availableGeometry().intersected(handle) for screen in QGuiApplication.screens())
    return any(part.width() >= _LEAST and part.height() >= _LEAST // 4 for part in parts)
