"""Between the session and the files a person opens, saves and exports, dialogs included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFileDialog, QWidget

from dream_viewer.episodes.reel import Reel
from dream_viewer.session import Session
from dream_viewer.widgets.notice import Notice
from trainer.episode import RECORDING_SUFFIX

OPENED = f"Checkpoints and recordings (*.safetensors *{RECORDING_SUFFIX})"
"""What the dialog for opening offers."""
EXPORTED = (
    "Film of the episode (*.mp4)",
    "Animated picture of the episode (*.gif)",
    "Picture of this moment (*.png)",
    "Curves of the episode (*.csv)",
    "Curves as numpy arrays (*.npz)",
)
"""What the dialog for exports offers."""


class FilesDesk(QObject):
    """Opens, saves and exports what a person asks for, and says how it goes.

    Args:
        session: what is on show. notice: tells a person. actions: by id; of the table: open, open_run, save, export.
        folder: where dialogs begin. ahead: 0-based frame of the future that is on show. window: owns the dialogs.

    Attributes:
        folder: what was opened last lies there.
    """

    def __init__(
        self,
        session: Session,
        notice: Notice,
        actions: Mapping[str, QAction],
        folder: str,
        ahead: Callable[[], int],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._notice, self._ahead, self._window = session, notice, ahead, window
        self.folder = folder
        for name, slot in {
            "open": self._choose_file,
            "open_run": self._choose_run,
            "save": self._choose_recording,
            "export": self._choose_export,
        }.items():
            actions[name].triggered.connect(lambda _, slot=slot: slot())
        session.casting.open_failed.connect(self._on_open_failed)
        session.files.written.connect(self._on_written)
        session.files.recalled.connect(self._on_recalled)
        session.refused.connect(notice.show_text)

    def open_path(self, path: Path) -> None:
        """Show a recording, or let the agent of a checkpoint, or of a run's newest one, play."""
        self.folder = str(path.parent)
        if path.suffix == RECORDING_SUFFIX:
            self._session.files.open_recording(path)
        else:
            self._session.casting.open_checkpoint(path)

    def _choose_file(self) -> None:
        dialog = QFileDialog(self._window, "Open a checkpoint or a recording", self.folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([OPENED, "All files (*)"])
        self._ask(dialog, self.open_path)

    def _choose_run(self) -> None:
        dialog = QFileDialog(self._window, "Open a run's newest checkpoint", self.folder)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        self._ask(dialog, self.open_path)

    def _choose_recording(self) -> None:
        """Ask where to save the episode under the cursor."""
        kinds = [f"Recordings (*{RECORDING_SUFFIX})"]
        self._choose_place("Save this episode", kinds, self._session.files.save_recording)

    def _choose_export(self) -> None:
        """Ask what to make of the episode under the cursor, and where to put it."""
        ahead = self._ahead()  # it goes on while a person chooses a place
        self._choose_place("Export this episode", EXPORTED, lambda path: self._export(path, ahead))

    def _choose_place(self, title: str, kinds: Sequence[str], then: Callable[[Path], None]) -> None:
        reel = self._session.playhead.reel
        if reel is None:
            self._notice.show_text("There is no episode yet; open a checkpoint first.")
            return
        dialog = QFileDialog(self._window, title, self.folder)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(kinds)
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_ending(kind)[1:]))
        dialog.setDefaultSuffix(_ending(kinds[0])[1:])
        dialog.selectFile(_name(reel) + _ending(kinds[0]))
        self._ask(dialog, then)

    def _ask(self, dialog: QFileDialog, then: Callable[[Path], None]) -> None:
        dialog.fileSelected.connect(lambda path: then(Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _export(self, path: Path, ahead: int) -> None:
        if path.suffix.lower() not in map(_ending, EXPORTED):
            known = ", ".join(map(_ending, EXPORTED))
            self._notice.show_text(f"{path}: can be exported to {known} only; choose one of these endings.")
            return
        self._session.files.export(path, ahead)

    @pyqtSlot(str, str)
    def _on_open_failed(self, path: str, reason: str) -> None:
        agent = self._session.casting.agent
        kept = "" if agent is None else f" {agent.name} plays on."
        self._notice.show_text(f"{reason}{kept}" if path in reason else f"{path}: {reason}{kept}")

    @pyqtSlot(object)
    def _on_written(self, path: Path) -> None:
        self._notice.show_text(f"Saved {path}", "good")

    @pyqtSlot(object, str)
    def _on_recalled(self, path: Path, differs: str) -> None:
        if differs:
            self._notice.show_text(differs)


def _name(reel: Reel) -> str:
    return f"{reel.episode.game}-{reel.episode.level_seed}"


def _ending(kind: str) -> str:
    """The ending in a dialog's kind of files: `.png` of `Picture (*.png)`."""
    return kind[kind.index("*") + 1 : -1]
