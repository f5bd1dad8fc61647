"""Where things stand: two pictures of one size side by side, the timeline and the transport bar below them."""

from __future__ import annotations

from dataclasses import dataclass

from PyQt6.QtCore import QRect, QSize
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QWidget

UNIT = 64
"""A picture's side is a whole multiple of this, in device pixels."""
GAP = 10
LEAST_SIDE = 320
LEAST_BELOW = 100


@dataclass(frozen=True, slots=True)
class Places:
    """Where each part stands, in logical pixels, and the side of the pictures."""

    left: QRect
    right: QRect
    below: QRect
    bar: QRect
    side: float


def arrange(size: QSize, chrome: QSize, bar_height: int, ratio: float) -> Places:
    """Places for a stage of a size: the pictures as large as whole factors allow, the rest for the timeline.

    Args:
        size: of the stage. chrome: what a pane needs around its picture. bar_height: of the transport bar.
        ratio: device pixels per logical pixel.
    """
    wide = (size.width() - GAP) / 2 - chrome.width()
    high = size.height() - chrome.height() - bar_height - GAP - LEAST_BELOW
    device = int(min(wide, high) * ratio)
    side = max(device // UNIT, 1) * UNIT / ratio
    pane = QSize(int(side + 0.999) + chrome.width(), int(side + 0.999) + chrome.height())
    left = (size.width() - 2 * pane.width() - GAP) // 2
    right = left + pane.width() + GAP
    top = pane.height() + GAP
    return Places(
        QRect(left, 0, pane.width(), pane.height()),
        QRect(right, 0, pane.width(), pane.height()),
        QRect(left, top, right + pane.width() - left, size.height() - top - bar_height),
        QRect(left, size.height() - bar_height, right + pane.width() - left, bar_height),
        side,
    )


class Stage(QWidget):
    """Places its four parts by `arrange`, so that only the window's size ever moves them.

    Args:
        left, right: panes of equal chrome. below: the timeline. bar: of a fixed height. chrome: of a pane.
    """

    def __init__(self, left: QWidget, right: QWidget, below: QWidget, bar: QWidget, chrome: QSize) -> None:
        super().__init__()
        self._parts = (left, right, below, bar)
        self._chrome = chrome
        for part in self._parts:
            part.setParent(self)
        self.setMinimumSize(
            2 * (LEAST_SIDE + chrome.width()) + GAP,
            LEAST_SIDE + chrome.height() + GAP + LEAST_BELOW + bar.height(),
        )

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Place everything anew."""
        left, right, below, bar = self._parts
        places = arrange(self.size(), self._chrome, bar.height(), self.devicePixelRatioF())
        left.setGeometry(places.left)
        right.setGeometry(places.right)
        below.setGeometry(places.below)
        bar.setGeometry(places.bar)
