"""Where things stand: pictures of one size side by side, below them the film strip, the timeline, the transport bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QRect, QSize, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QWidget

UNIT = 64
"""A picture's side is a whole multiple of this, in device pixels."""
GAP = 10
LEAST_BELOW = 80
"""Height of the timeline at least."""
LOW_BELOW = 118
"""Height of the timeline below which the film strip does not push it."""
GOOD_BELOW = 126
"""Height of the timeline where there is room for everything."""
PRESENTED_LEAST = 118
"""Height of the timeline at least before an audience: its larger letters need more room."""
PRESENTED_BELOW = 176
"""Height of the timeline before an audience, in larger letters and without anything else below the pictures."""
GOOD_SIDE = 448
"""Side of the pictures, in logical pixels, from which on strip and timeline get good room before they grow further."""
LEAST_SIDE = 286
"""Side of a picture, in logical pixels, from which on a pane's header has room in one line above it."""
NARROW_SIDE = 192
"""Side of a picture at least: the header has room above it in two lines."""


@dataclass(frozen=True, slots=True)
class Film:
    """What the film strip needs.

    Attributes:
        least: its height below which it is not worth its place. good: where there is room for everything.
        most: what it can make use of.
    """

    least: int
    good: int
    most: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where each part stands, in logical pixels, and the side of the pictures; None where a part is not shown."""

    panes: tuple[QRect, ...]
    film: QRect | None
    below: QRect | None
    bar: QRect
    side: float


def arrange(
    size: QSize,
    chrome: QSize,
    bar_height: int,
    ratio: float,
    panes: int = 2,
    film: Film | None = None,
    good_below: int = GOOD_BELOW,
    least_below: int = LEAST_BELOW,
) -> Places:
    """Places for a stage of a size: the pictures as large as whole factors allow, the rest for what is below them.

    Args:
        size: of the stage. chrome: what a pane needs around its picture. bar_height: of the transport bar.
        ratio: device pixels per logical pixel. panes: how many stand side by side; one alone has the stage to itself.
        film: the strip is shown; None: it is not. good_below: height of the timeline with room for everything.
        least_below: its height at least.
    """
    alone = panes == 1
    shown_film = None if alone else film
    wide = (size.width() - GAP * (panes - 1)) / panes - chrome.width()
    high = size.height() - chrome.height() - bar_height
    least = 0 if alone else GAP + least_below + (0 if shown_film is None else GAP + shown_film.least)
    good = 0 if alone else GAP + good_below + (0 if shown_film is None else GAP + shown_film.good)
    side = _whole(min(wide, high - good), ratio)
    if side < GOOD_SIDE:
        side = _whole(min(wide, high - least), ratio)
    pane = QSize(int(side + 0.999) + chrome.width(), int(side + 0.999) + chrome.height())
    left = (size.width() - panes * pane.width() - GAP * (panes - 1)) // 2
    places = tuple(QRect(left + i * (pane.width() + GAP), 0, pane.width(), pane.height()) for i in range(panes))
    width, bar_top = size.width(), size.height() - bar_height
    bar = QRect(0, bar_top, width, bar_height)
    if alone:
        return Places(places, None, None, bar, side)
    top = pane.height() + GAP
    strip = None
    if shown_film is not None:
        below = LOW_BELOW if side < GOOD_SIDE else GOOD_BELOW
        height = min(shown_film.most, max(shown_film.least, bar_top - top - GAP - below))
        strip = QRect(0, top, width, height)
        top += height + GAP
    return Places(places, strip, QRect(0, top, width, bar_top - top), bar, side)


def _whole(side: float, ratio: float) -> float:
    """The largest whole multiple of UNIT device pixels that is no larger, at least one, in logical pixels."""
    return max(int(side * ratio) // UNIT, 1) * UNIT / ratio


class Stage(QWidget):
    """Places its parts by `arrange`, so that only the window's size, and what a person shows or hides, moves them.

    Where there is no room for all of it, panes become narrow, then the film strip gives way, and then the first panes
    to the last ones.

    Args:
        panes: of equal chrome, left to right. film, below, bar: film strip, timeline, transport bar (fixed height).
        chrome: what a pane needs around its picture, where it is not narrow and where it is.
        film_room: what the strip needs in a stage of a given width.

    Signals:
        narrowed: the panes are to be narrow from now on, or not any more.
    """

    narrowed = pyqtSignal(bool)

    def __init__(
        self,
        panes: Sequence[QWidget],
        film: QWidget,
        below: QWidget,
        bar: QWidget,
        chrome: Callable[[bool], QSize],
        film_room: Callable[[int], Film],
    ) -> None:
        super().__init__()
        self._panes, self._film, self._below, self._bar = tuple(panes), film, below, bar
        self._chrome, self._film_room = chrome, film_room
        self._shown = self._panes
        self._film_shown = True
        self._presented = False
        self._enlarged: QWidget | None = None
        self._narrow = False
        for part in (*self._panes, film, below, bar):
            part.setParent(self)
        needed = chrome(True)
        self.setMinimumSize(
            max(2 * (NARROW_SIDE + needed.width()) + GAP, bar.minimumWidth()),
            NARROW_SIDE + needed.height() + GAP + LEAST_BELOW + bar.height(),
        )

    @property
    def enlarged(self) -> QWidget | None:
        """The pane that has the stage to itself, if one has."""
        return self._enlarged

    def show_panes(self, shown: Sequence[QWidget]) -> None:
        """Show these panes, in their order, and the film strip as it is now."""
        self._shown = tuple(pane for pane in self._panes if pane in shown)
        if self._enlarged not in self._shown:
            self._enlarged = None
        self._place()

    def show_film(self, shown: bool) -> None:
        """Show the film strip, or hide it."""
        self._film_shown = shown
        self._place()

    def present(self, on: bool) -> None:
        """Leave out film strip and transport bar, whatever is chosen; or bring them back."""
        self._presented = on
        self._place()

    def enlarge(self, pane: QWidget | None) -> None:
        """Let one pane have the stage to itself; None, or the one that has it: all are back."""
        self._enlarged = None if pane is self._enlarged else pane
        self._place()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Place everything anew."""
        self._place()

    def _place(self) -> None:
        shown, narrow, places = self._best()
        if narrow != self._narrow:
            self._narrow = narrow
            self.narrowed.emit(narrow)
        rects: dict[QWidget, QRect | None] = dict.fromkeys(self._panes)
        rects |= dict(zip(shown, places.panes, strict=True))
        bar = None if self._presented else places.bar
        rects |= {self._film: places.film, self._below: places.below, self._bar: bar}
        for part, rect in rects.items():
            part.setVisible(rect is not None)
            if rect is not None:
                part.setGeometry(rect)

    def _best(self) -> tuple[tuple[QWidget, ...], bool, Places]:
        """The panes to show, whether they are narrow, and where all stands: the first way that has room."""
        if self._enlarged is not None:
            return (self._enlarged,), False, self._arranged(1, False, None)
        film = self._film_room(self.width()) if self._film_shown and not self._presented else None
        ways = [(narrow, strip) for strip in dict.fromkeys((film, None)) for narrow in (False, True)]
        for panes in range(len(self._shown), 1, -1):
            for narrow, strip in ways:
                places = self._arranged(panes, narrow, strip)
                least = NARROW_SIDE if narrow else LEAST_SIDE
                if places.side >= least and places.below is not None and places.below.height() >= LEAST_BELOW:
                    return self._shown[-panes:], narrow, places
        return self._shown[-2:], True, self._arranged(2, True, None)

    def _arranged(self, panes: int, narrow: bool, film: Film | None) -> Places:
        bar = 0 if self._presented else self._bar.height()
        below = (PRESENTED_BELOW, PRESENTED_LEAST) if self._presented else (GOOD_BELOW, LEAST_BELOW)
        return arrange(self.size(), self._chrome(narrow), bar, self.devicePixelRatioF(), panes, film, *below)
