"""How many pictures of itself a window draws."""

from __future__ import annotations

import time
from collections.abc import Callable

from PyQt6.QtCore import QEvent, QObject
from PyQt6.QtWidgets import QWidget

TOGETHER = 0.005
"""Seconds within which Qt may draw twice, of which people see one: screens show no more than 200 frames a second."""


class FrameCounter(QObject):
    """Counts the frames that reach the screen: Qt asks a window once for all that changed in it.

    Args:
        window: whose frames. clock: seconds; tests bring their own.
    """

    def __init__(self, window: QWidget, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._clock = clock
        self._count = 0
        self._newest = self._since = clock()
        window.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Take note of a frame."""
        if a1 is not None and a1.type() == QEvent.Type.UpdateRequest and self._clock() - self._newest >= TOGETHER:
            self._newest = self._clock()
            self._count += 1
        return False

    def rate(self, besides: int = 0) -> float:
        """Frames a second since the last time somebody asked.

        Args:
            besides: frames that are not to count, as they only show this very number.
        """
        now = self._clock()
        seconds, frames = max(now - self._since, TOGETHER), max(0, self._count - besides)
        self._since, self._count = now, 0
        return frames / seconds
