"""Between the session and the files a person opens and saves, dialogs included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSlot
from PyQt6.QtWidgets import QFileDialog, QWidget

from dream_viewer.session import Session
from trainer.episode import RECORDING_SUFFIX

OPENED = f"Checkpoints and recordings (*.safetensors *{RECORDING_SUFFIX})"
"""What the dialog for opening offers."""


class FilesDesk(QObject):
    """Opens and saves what a person asks for, and says how it went.

    Args:
        session: what is on show. complain, inform: take one sentence of bad or good news. window: owns the dialogs.
    """

    def __init__(
        self, session: Session, complain: Callable[[str], None], inform: Callable[[str], None], window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._complain, self._inform, self._window = session, complain, inform, window
        session.written.connect(self._on_written)
        session.recalled.connect(self._on_recalled)
        session.refused.connect(complain)

    def open_path(self, path: Path) -> None:
        """Show a recording, or let the agent of a checkpoint or run play."""
        if path.suffix == RECORDING_SUFFIX:
            self._session.open_recording(path)
        else:
            self._session.open_checkpoint(path)

    def choose_recording(self, folder: str) -> None:
        """Ask where to save the episode under the cursor."""
        reel = self._session.reel
        if reel is None:
            self._complain("There is no episode to save yet.")
            return
        dialog = QFileDialog(self._window, "Save this episode", folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters([f"Recordings (*{RECORDING_SUFFIX})"])
        dialog.setDefaultSuffix(RECORDING_SUFFIX[1:])
        dialog.selectFile(f"{reel.episode.game}-{reel.episode.level_seed}{RECORDING_SUFFIX}")
        dialog.fileSelected.connect(lambda path: self._session.save_recording(Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @pyqtSlot(object)
    def _on_written(self, path: Path) -> None:
        self._inform(f"Saved {path}")

    @pyqtSlot(str)
    def _on_recalled(self, differs: str) -> None:
        if differs:
            self._complain(differs)
