"""The one way out."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys

from PyQt6.QtCore import QObject, QTimer, pyqtSlot
from PyQt6.QtWidgets import QApplication

from dream_viewer.main_window import MainWindow
from dream_viewer.session import Session
from dream_viewer.settings import SettingsFile
from dream_viewer.workers.keepsake import Keepsake

EXIT_LIMIT = 60.0
"""Seconds the process waits for its workers, hidden, before it leaves without them; files were safe long before."""


class Quitter(QObject):
    """The one way out: the window goes first, then files are made safe, then threads end, then the process.

    A training that cannot save meanwhile is told on stderr and by the exit code 1; the window's dialog about it stays
    until it is dismissed, unless a signal asked for the end.

    Args:
        app, session, window: what ends. file: where settings go; None keeps none.
    """

    def __init__(self, app: QApplication, session: Session, window: MainWindow, file: SettingsFile | None) -> None:
        super().__init__(window)
        self._app, self._session, self._window, self._file = app, session, window, file
        self._keepsake = None if file is None else Keepsake(file.keepsake)
        self._code = 0
        self._waited_ms = 0
        self._signalled = self._unsaved = False
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)

    def install(self) -> None:
        """Listen to the window, to the system's end of session, and to Ctrl-C and SIGTERM."""
        self._window.closing.connect(self._begin)
        self._session.training.failed.connect(self._on_training_failed)
        self._app.aboutToQuit.connect(self._stop_now)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._on_signal())

    def leave(self, code: int) -> None:
        """Close the window and end the process with an exit code."""
        self._code = code
        self._window.close()

    def _on_signal(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._signalled = True
        QTimer.singleShot(0, self._window.close)  # not from here: Python may have been amid painting

    @pyqtSlot()
    def _begin(self) -> None:
        if self._timer.isActive():
            return
        self._window.hide()
        self._timer.start()
        self._session.request_stop()
        if self._file is not None and self._keepsake is not None:
            try:
                self._file.save(self._window.settings_now())
            except OSError as error:
                sys.stderr.write(f"Settings were not saved: {error}\n")
            else:  # only now: on a full disk the settings come first
                if self._window.left_off.episode is not None:
                    self._keepsake.keep(self._window.left_off.episode)

    @pyqtSlot(str, str)
    def _on_training_failed(self, line: str, details: str) -> None:
        if self._timer.isActive():
            self._unsaved = True
            self._code = 1
            sys.stderr.write(f"Training was not saved: {line}\n")

    @pyqtSlot()
    def _look(self) -> None:
        self._waited_ms += self._timer.interval()
        kept = self._keepsake is None or self._keepsake.safe
        if self._session.wait_stopped(0) and not self._session.training.busy and kept:  # its last word was heard
            unread = self._unsaved and not self._signalled and self._window.failures.told
            if not unread:
                self._timer.stop()
                self._app.exit(self._code)
        elif self._waited_ms > EXIT_LIMIT * 1000:
            sys.stderr.write("A worker did not end in time; leaving without it.\n")
            faulthandler.dump_traceback(all_threads=True)
            os._exit(1)

    @pyqtSlot()
    def _stop_now(self) -> None:
        """The session of the desktop ends: there is no time for a second way out."""
        self._session.request_stop()
        self._session.wait_stopped(int(EXIT_LIMIT * 1000))
