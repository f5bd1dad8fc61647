"""Between the session and what shows how long dreams hold: the timeline's curve and the list of episodes."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from dream_viewer.episodes.horizon_book import TOGETHER, HorizonBook
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.questions import HorizonQuestion
from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.widgets.timeline import Timeline

PAUSE_MS = 100
"""Milliseconds between an answer and the next question; a training beside it makes that longer."""
ENOUGH = 32
"""Starts of an episode, spread over it, whose horizons tell its mean well enough for the list of episodes."""


class HorizonDesk(QObject):
    """Asks for horizons bit by bit while somebody looks at them.

    Args:
        session: what is on show. timeline: draws the curve.
        listed: whether somebody looks at the list of episodes.

    Attributes:
        curve_visible: somebody wants the curve.

    Signals:
        changed: more is known.
    """

    changed = pyqtSignal()

    def __init__(
        self, session: Session, timeline: Timeline, listed: Callable[[], bool], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._timeline, self._listed = session, timeline, listed
        self._book = HorizonBook()
        self._asked: HorizonQuestion | None = None
        self.curve_visible = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        for signal in (session.playhead.episode_changed, session.playhead.readings_changed):
            signal.connect(self._show)
        for signal in (
            session.playhead.episode_grew,
            session.playhead.kept_changed,
            session.playhead.playback_changed,
            session.casting.agent_changed,
        ):
            signal.connect(self.renew)
        session.questions.answered.connect(self._take)

    @pyqtSlot(bool)
    def show_curve(self, shown: bool) -> None:
        """Show or hide the curve."""
        self.curve_visible = shown
        self._show()

    def mean(self, reel: Reel) -> float | None:
        """How many frames the dreams of an episode hold on average; None where nothing is known."""
        return self._book.mean(reel)

    @pyqtSlot()
    def renew(self) -> None:
        """Something happened, or somebody looks: go on asking, in a moment."""
        if not self._timer.isActive() and (self.curve_visible or self._listed()):
            self._timer.start(round(PAUSE_MS * self._session.training.patience))

    @pyqtSlot()
    def _show(self) -> None:
        reel = self._session.playhead.reel
        if self.curve_visible and reel is not None:
            self._timeline.show_horizons(self._book.of(reel), self._book.lacking(reel))
        else:
            self._timeline.show_horizons(None)
        self.renew()

    @pyqtSlot()
    def _ask(self) -> None:
        session = self._session
        self._book.keep_only({reel.number for reel in session.playhead.reels})
        if session.casting.agent is None or (
            self._asked is not None and self._asked.generation == session.casting.agent.generation
        ):
            return  # an answer is on its way; one by other weights never comes
        self._asked = self._next()
        if self._asked is not None:
            session.questions.ask(self._asked)

    def _next(self) -> HorizonQuestion | None:
        """A question about the episode on show, or else about the one in the list of which least is known."""
        session = self._session
        wanted = [session.playhead.reel] if self.curve_visible and session.playhead.reel is not None else []
        if self._listed():
            lacking = [reel for reel in reversed(session.playhead.reels) if self._book.count(reel) < ENOUGH]
            wanted += sorted(lacking, key=self._book.count)
        for reel in wanted:
            question = self._book.next_question(reel) if self._is_present(reel) else None
            if question is not None and not self._too_few(reel, question):
                return question
        return None

    def _is_present(self, reel: Reel) -> bool:
        agent = self._session.casting.agent
        return agent is not None and reel.generation == agent.generation

    def _too_few(self, reel: Reel, question: HorizonQuestion) -> bool:
        """While an episode is being lived, a batch is worth its while only when it is a whole one."""
        living = self._session.playhead.playback.state is State.FOLLOWING and reel.outcome is None
        return living and len(question.starts) < TOGETHER

    @pyqtSlot()
    def _take(self) -> None:
        answer = None if self._asked is None else self._session.questions.answer(self._asked)
        if self._asked is None or answer is None:
            return
        self._book.take(self._asked, answer)
        self._asked = None
        self._show()
        self.changed.emit()
