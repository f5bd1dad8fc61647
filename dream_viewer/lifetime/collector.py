"""When Python's cyclic garbage is collected, and in which thread."""

from __future__ import annotations

import gc

from PyQt6.QtCore import QObject, QTimer, pyqtSlot

COLLECT_MS = 500
"""Milliseconds between two looks whether garbage should be collected."""


class Collector(QObject):
    """Collects Python's cyclic garbage in the GUI thread, and in no other.

    Python's collector runs in whichever thread happens to allocate; a widget whose last reference it finds in a worker
    would be destroyed there, and Qt ends the process for that. So this one is there before the first worker starts.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self._collect)

    def install(self) -> None:
        """Take over from Python."""
        gc.disable()
        self._timer.start()

    def leave_out_what_is_loaded(self) -> None:
        """Look at nothing that is there by now in later rounds, so that they take a moment only."""
        gc.freeze()

    def uninstall(self) -> None:
        """Give back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @pyqtSlot()
    def _collect(self) -> None:
        due = [generation for generation in range(3) if gc.get_count()[generation] > gc.get_threshold()[generation]]
        if due:
            gc.collect(due[-1])
