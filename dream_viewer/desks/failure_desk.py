"""Between what went wrong and the person: dialogs that hold nothing up."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtWidgets import QWidget

from dream_viewer.session import Session
from dream_viewer.widgets.failure_dialog import FailureDialog

_GONE_ON = "The window lives on; what was seen so far is kept. Press F to let the agent play again."
_TRAINING_GONE = "The window lives on, and so does everything saved so far: training can be continued from there."
_NOT_SAVED = "What was saved before is safe: training can be continued from there."


class FailureDesk(QObject):
    """Tells of the exceptions that the workers met, and of others.

    Args:
        session: has the workers. window: owns the dialogs.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        session.failed.connect(lambda line, details: self.show("The player failed", line, details, _GONE_ON))
        session.training.failed.connect(self._on_training_failed)

    def show(self, title: str, line: str, details: str, consequence: str) -> None:
        """Open a dialog about a failure, without blocking; not twice for the same one."""
        if not any(dialog.line == line for dialog in self._window.findChildren(FailureDialog)):
            FailureDialog(title, line, details, consequence, self._window).show()

    @property
    def told(self) -> bool:
        """A dialog about a failure is there to be read."""
        return any(dialog.isVisible() for dialog in self._window.findChildren(FailureDialog))

    @pyqtSlot(str, str)
    def _on_training_failed(self, line: str, details: str) -> None:
        self.show("Training failed", line, details, _TRAINING_GONE if self._window.isVisible() else _NOT_SAVED)
