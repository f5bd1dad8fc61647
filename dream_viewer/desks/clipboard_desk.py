"""Between the session and the clipboard: the picture on show, and links to a Moment, copied and followed."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QRect, Qt, pyqtSlot
from PyQt6.QtGui import QClipboard, QGuiApplication
from PyQt6.QtWidgets import QInputDialog, QWidget

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.words.link import SCHEME, Link, parse_link
from dream_viewer.words.numerals import count
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT

_LONGEST = Link("caveflyer", "hard", "unseen", LEVEL_LIMIT - 1, 1000, "0" * 16)
"""For a link like this there is room in the line where one is typed."""
_AROUND = 64
"""What stands left and right of that text, in pixels."""


class ClipboardDesk(QObject):
    """Copies what is on show, and goes where a link points.

    An episode that is kept and reaches the step is shown again; else the agent plays the level up to there. It draws
    its actions, so it may go another way than the one whose link it was.

    Args:
        session: what is on show. complain, inform: take one sentence of bad or good news. window: owns the dialog.
    """

    def __init__(
        self, session: Session, complain: Callable[[str], None], inform: Callable[[str], None], window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._complain, self._inform, self._window = session, complain, inform, window
        self._awaited: Link | None = None
        self._since = -1
        session.playhead.episode_changed.connect(self._look)
        session.playhead.episode_grew.connect(self._look)
        session.playhead.playback_changed.connect(self._on_playback)

    def copy_picture(self, part: QWidget, height: int) -> None:
        """Copy a part of the window as it looks now, from its top down to a height in pixels."""
        _clipboard().setPixmap(part.grab(QRect(0, 0, part.width(), height)))
        self._inform("The picture is in the clipboard.")

    def copy_link(self) -> None:
        """Copy a link to the Moment under the cursor."""
        session, reel = self._session, self._session.playhead.reel
        if reel is None or session.casting.agent is None:
            self._complain("There is no moment to link to yet.")
            return
        link = Link.to(reel.episode, session.playhead.index, session.casting.agent.fingerprint)
        _clipboard().setText(link.text)
        self._inform(f"Copied {link.text}")

    def ask(self) -> None:
        """Ask for a link; one that is in the clipboard is offered."""
        dialog = QInputDialog(self._window)
        dialog.setWindowTitle("Go to")
        dialog.setLabelText("A link to a moment, as Ctrl+Shift+C copies it:")
        copied = _clipboard().text().strip()
        dialog.setTextValue(copied if copied.startswith(SCHEME) else "")
        dialog.textValueSelected.connect(self.go_to)
        longest = dialog.fontMetrics().horizontalAdvance(_LONGEST.text)
        dialog.resize(longest + _AROUND, dialog.sizeHint().height())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @pyqtSlot(str)
    def go_to(self, text: str) -> None:
        """Go where a link points."""
        session, agent = self._session, self._session.casting.agent
        try:
            link = parse_link(text)
        except UserError as error:
            self._complain(str(error))
            return
        if agent is None:
            self._complain("There is no agent to go there; open a checkpoint first.")
            return
        kept = [reel for reel in session.playhead.reels if _is_of(reel, link) and reel.last >= link.step]
        if kept:
            session.playhead.visit(kept[-1], link.step)
            return
        self._since = max((reel.number for reel in session.playhead.reels), default=-1)
        try:
            session.casting.play_level(link.game, link.difficulty, LevelChoice(link.split, link.level_seed))
        except UserError as error:
            self._complain(str(error))
            return
        self._awaited = link
        other = (
            "" if link.checkpoint == agent.fingerprint else " The link is of another checkpoint, its way may differ."
        )
        level = count(link.level_seed)
        self._inform(f"Playing level {level} of {link.game} up to step {count(link.step)}.{other}")

    @pyqtSlot()
    def _look(self) -> None:
        """Stop where the link points, or where the episode ends before."""
        link, live = self._awaited, self._session.playhead.reels[-1]
        if link is None or live.number <= self._since or not _is_of(live, link):
            return
        if live.last >= link.step:
            self._awaited = None
            self._session.playhead.visit(live, link.step)
        elif live.outcome is not None:
            self._awaited = None
            self._session.playhead.visit(live, live.last)
            self._complain(f"This time the episode ended at step {count(live.last)}, before the link's.")

    @pyqtSlot()
    def _on_playback(self) -> None:
        if self._session.playhead.playback.state is State.PAUSED:
            self._awaited = None  # a person has stopped to look at something


def _is_of(reel: Reel, link: Link) -> bool:
    episode = reel.episode
    return (episode.game, episode.difficulty, episode.level_seed) == (link.game, link.difficulty, link.level_seed)


def _clipboard() -> QClipboard:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None  # there is one as long as the application lives
    return clipboard
