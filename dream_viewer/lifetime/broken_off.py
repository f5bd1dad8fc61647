"""A look for trainings that ended without a word."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from trainer.errors import UserError
from trainer.run import broken_off_runs


class BrokenOffSearch(QObject):
    """Looks once, beside the window, for a training that ended without a word.

    Args:
        dismissed: folders of runs that a person does not want to hear of again.

    Signals:
        found: carries the newest such run's folder.
    """

    found = pyqtSignal(object)

    def __init__(self, dismissed: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._dismissed = frozenset(dismissed)
        self._begun = False

    @pyqtSlot()
    def begin(self) -> None:
        """Look, in a thread of its own, as folders may be many and disks slow; once only."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._look, name="broken-off runs", daemon=True).start()

    def _look(self) -> None:
        try:
            runs = [run.path for run in broken_off_runs() if str(run.path) not in self._dismissed]
        except (OSError, UserError):
            return  # an unreadable data folder is told when training starts there
        if runs:
            self.found.emit(runs[0])
