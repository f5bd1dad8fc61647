"""Between the session and the place where a person left off last time: its agent, its level, and the moment itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.desks import recent
from dream_viewer.desks.recent import LeftOff
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.words.link import Link
from dream_viewer.words.numerals import count
from trainer.episode import Episode

ANEW = "The episode that you left off in cannot be made again, so its level starts anew."


class LeftOffDesk(QObject):
    """Goes back to where a person left off, and remembers where they are now.

    The window itself always begins with the bundled agent. An agent draws its actions, so it would not come to the same
    moment again: the episode is played again from a recording, and its level from its first frame where there is none.

    Args:
        session: what is on show. action: asks for all this. remembered: what `now` told last time.
        keepsake: the recording of last time's episode, if it was kept; None: nothing is kept.
        complain, inform: take one sentence of bad or good news.
    """

    def __init__(
        self,
        session: Session,
        action: QAction,
        remembered: dict[str, Any],
        keepsake: Path | None,
        complain: Callable[[str], None],
        inform: Callable[[str], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._action, self._keepsake = session, action, keepsake
        self._complain, self._inform = complain, inform
        self._remembered = remembered
        self._last = recent.left_off(remembered)
        self._coming: LeftOff | None = None  # its episode is being played again
        action.setEnabled(self._last is not None)
        action.triggered.connect(self._go_back)
        session.files.recalled.connect(self._on_recalled)
        session.refused.connect(self._on_refused)
        session.casting.open_failed.connect(self._on_open_failed)
        session.playhead.playback_changed.connect(self._on_playback)

    def now(self) -> dict[str, Any]:
        """Where things stand, for the settings; as it was where there is nothing to come back to."""
        session, agent, reel = self._session, self._session.casting.agent, self._session.playhead.reel
        if agent is None or agent.source is None or reel is None:
            return self._remembered
        link = Link.to(reel.episode, session.playhead.index, agent.fingerprint)
        return LeftOff(agent.source.absolute(), link, session.casting.choice.level_seed is not None).remembered()

    @property
    def episode(self) -> Episode | None:
        """The episode that `now` tells of, to be kept for next time; None: that of last time stays."""
        agent, reel = self._session.casting.agent, self._session.playhead.reel
        return None if agent is None or agent.source is None or reel is None else reel.episode

    @pyqtSlot()
    def _go_back(self) -> None:
        last, session = self._last, self._session
        if last is None:
            return
        if not os.path.exists(last.path):
            self._action.setEnabled(False)
            self._complain(f"{last.path} is not there any more; open another checkpoint.")
            return
        link = last.link
        choice = LevelChoice(link.split, link.level_seed if last.again else None, first=link.level_seed)
        session.casting.open_checkpoint(last.path, choice, link.difficulty, link.game)
        if self._keepsake is None or not self._keepsake.exists():
            self._inform(ANEW)
            return
        session.files.open_recording(self._keepsake)
        self._coming = last

    @pyqtSlot(object, str)
    def _on_recalled(self, path: Path, differs: str) -> None:
        coming, reel, self._coming = self._coming, self._session.playhead.reel, None
        if coming is None or reel is None or path != self._keepsake:
            return
        link = coming.link
        if Link.to(reel.episode, link.step, link.checkpoint) != link:
            self._session.playhead.follow()
            self._inform(ANEW)
            return
        self._session.playhead.seek(link.step)
        if not differs:
            where = f"step {count(self._session.playhead.index)} of level {count(link.level_seed)}"
            self._inform(f"Back at {where}, where you left off; F plays the level from its first frame.")

    @pyqtSlot(str)
    def _on_refused(self, reason: str) -> None:
        if self._coming is not None:
            self._session.playhead.follow()
            self._inform(ANEW)

    @pyqtSlot(str, str)
    def _on_open_failed(self, path: str, reason: str) -> None:
        if self._coming is not None:  # nobody is there to read the episode
            self._session.files.cancel_recording()
            self._session.playhead.follow()

    @pyqtSlot()
    def _on_playback(self) -> None:
        if self._session.playhead.playback.state is not State.PAUSED:
            self._coming = None  # a person looks at something else
