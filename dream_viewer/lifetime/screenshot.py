"""A picture of the window after some seconds of playing, for `view --screenshot`."""

from __future__ import annotations

import sys
from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtBoundSignal, pyqtSlot

from dream_viewer.lifetime.quitter import Quitter
from dream_viewer.main_window import MainWindow
from dream_viewer.session import Session

AFTER = 4.0
"""Seconds of playing before a screenshot."""
LIMIT = 120.0
"""Seconds after which a screenshot is given up."""


class Screenshot(QObject):
    """Waits for some seconds of playing, writes the window as PNG, and leaves.

    Args:
        path: of the file. session: what plays. window: what is seen. quitter: the way out.
    """

    def __init__(self, path: Path, session: Session, window: MainWindow, quitter: Quitter) -> None:
        super().__init__(window)
        self._path, self._session, self._window, self._quitter = path, session, window, quitter
        self._limit, self._play = QTimer(self), QTimer(self)
        for timer, seconds in ((self._limit, LIMIT), (self._play, AFTER)):
            timer.setSingleShot(True)
            timer.setInterval(int(seconds * 1000))
        self._limit.timeout.connect(lambda: self._give_up(f"nothing was played within {LIMIT:.0f} seconds"))
        self._play.timeout.connect(self._shoot)

    def begin(self, awaited: pyqtBoundSignal) -> None:
        """Wait for the first frame of what is to be seen, told by a signal."""
        self._awaited = awaited
        awaited.connect(self._on_frame)
        self._session.refused.connect(self._give_up)
        self._session.casting.open_failed.connect(lambda _, reason: self._give_up(reason))
        self._session.failed.connect(lambda line, _: self._give_up(line))
        self._limit.start()

    @pyqtSlot()
    def _on_frame(self) -> None:
        if self._session.playhead.moment is not None and not self._play.isActive():
            self._awaited.disconnect(self._on_frame)
            self._play.start()

    @pyqtSlot()
    def _shoot(self) -> None:
        self._limit.stop()
        if self._window.grab().save(str(self._path), "PNG"):
            self._quitter.leave(0)
        else:
            self._give_up(f"{self._path} could not be written")

    def _give_up(self, reason: str) -> None:
        self._limit.stop()
        self._play.stop()
        sys.stderr.write(f"No screenshot: {reason}\n")
        self._quitter.leave(2)
