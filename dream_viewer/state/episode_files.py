"""Episodes that come from files and go into them: recordings, and exports of what is on show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.lived import Recalled
from dream_viewer.messages.news import Working, Written
from dream_viewer.messages.orders import ExportRequest
from dream_viewer.state.casting import Casting
from dream_viewer.state.comparison import Comparison
from dream_viewer.state.dreaming import Dreaming
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.worker_protocols import PlayerWorkerLike


class EpisodeFiles(QObject):
    """Has files opened and written by the player, and tells how that goes.

    Args:
        player: who reads and writes. playhead: the cursor. casting: the agent on show. dreaming: how far it looks.
        comparison: the second agent.

    Attributes:
        recalling: a recording was asked for, of which nothing was heard yet.

    Signals:
        recalled: (path, one sentence): a recorded episode was opened; why it is not whole, or empty.
        working: (Working): how far long work is.
        written: (path): a file a person asked for is there.
        refused: (one sentence): nothing can be opened or written as things stand.
    """

    recalled = pyqtSignal(object, str)
    working = pyqtSignal(object)
    written = pyqtSignal(object)
    refused = pyqtSignal(str)

    def __init__(
        self,
        player: PlayerWorkerLike,
        playhead: Playhead,
        casting: Casting,
        dreaming: Dreaming,
        comparison: Comparison,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player, self._playhead, self._casting, self._dreaming = player, playhead, casting, dreaming
        self._comparison = comparison
        self.recalling = False
        player.refused.connect(self._on_refused)
        player.failed.connect(self._on_failed)

    def open_recording(self, path: Path) -> None:
        """Show a recorded episode, paused at its first Moment; `recalled`, or a refusal, says how that went."""
        if self._casting.agent is None and not self._casting.opening:
            self.refused.emit("There is no agent to read a recording with; open a checkpoint first.")
        else:
            self.recalling = True
            self._playhead.pause()  # the agent that rests reads faster
            self._player.open_recording(path)

    @pyqtSlot()
    def cancel_recording(self) -> None:
        """Give up the recording that is being opened; what is on show stays."""
        self.recalling = False
        self._player.cancel_recording()

    def save_recording(self, path: Path) -> None:
        """Save the episode under the cursor, as far as it went; `written`, or a refusal, says how that went."""
        if self._playhead.reel is not None:
            episode = self._playhead.reel.episode
            self._player.save_recording(path, replace(episode, steps=list(episode.steps)))

    def export(self, path: Path, ahead: int = 0) -> None:
        """Draw the episode under the cursor, as far as it went: a film, a picture of this Moment, or its curves.

        It shows what the window shows: bookmarks, the fan of futures, and the dream pane in its mode.

        While a second agent is compared, how it sees the episode is in it, too.

        Args:
            path: its ending says what. `working`, and then `written` or a refusal, say how that goes.
            ahead: 0-based frame of the future on show, for a picture.
        """
        reel, agent = self._playhead.reel, self._casting.agent
        if reel is None or agent is None:
            self.refused.emit("There is no episode to export yet.")
        elif reel.generation != agent.generation:
            self.refused.emit(f"{agent.name} did not read this episode; export one of {agent.game}, or wait a moment.")
        else:
            self._player.export(
                ExportRequest(
                    path=path,
                    arrival=reel.whole(),
                    index=self._playhead.index,
                    horizon=self._dreaming.horizon,
                    agent=agent,
                    other=self._comparison.reader_of(reel),
                    bookmarks=tuple(sorted(reel.bookmarks)),
                    fan=self._dreaming.fan_visible,
                    mode=self._dreaming.mode.value,
                    ahead=ahead,
                )
            )

    @pyqtSlot()
    def cancel_export(self) -> None:
        """Give up the export in the making; nothing is left of it."""
        self._player.cancel_export()

    def hear(self, record: Recalled | Working | Written) -> None:
        """Take what came of it."""
        match record:
            case Recalled():
                self.recalling = False
                self._playhead.add_recorded(record.arrival)
                self.recalled.emit(record.path, record.differs)
            case Working():
                self.working.emit(record)
            case Written():
                self.written.emit(record.path)

    @pyqtSlot(str)
    def _on_refused(self, _reason: str) -> None:
        self.recalling = False

    @pyqtSlot(str, str)
    def _on_failed(self, _line: str, _details: str) -> None:
        self.recalling = False  # it may be what failed
