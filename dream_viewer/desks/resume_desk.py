"""Between a training that was stopped, or broke off, and the person who may go on with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, Qt
from PyQt6.QtWidgets import QFileDialog, QWidget

from dream_viewer.widgets.notice import Notice
from trainer.run import runs_dir


class ResumeDesk(QObject):
    """Offers and asks for runs to go on with.

    Args:
        notice: makes the offer. resume: goes on with a run's folder. dismissed: runs not to be offered any more.
        window: owns the dialog.

    Attributes:
        dismissed: runs that a person does not want to hear of again.
    """

    def __init__(
        self, notice: Notice, resume: Callable[[Path], None], dismissed: Sequence[str], window: QWidget
    ) -> None:
        super().__init__(window)
        self._notice, self._resume, self._window = notice, resume, window
        self.dismissed = list(dismissed)

    def offer(self, folder: Path) -> None:
        """Say that a training broke off last time, and offer to go on with it."""
        text = f"Training of {folder.name} broke off. Everything up to its last save is there."
        self._notice.show_text(
            text, "good", "Continue it", lambda: self.go_on(folder), lambda: self.dismissed.append(str(folder))
        )

    def choose(self) -> None:
        """Ask which run to go on with."""
        dialog = QFileDialog(self._window, "Continue a run", str(runs_dir()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(lambda path: self.go_on(Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def go_on(self, folder: Path) -> None:
        """Go on with a run."""
        self.dismissed = [other for other in self.dismissed if other != str(folder)]
        self._resume(folder)
