"""Keeps one panel supplied with the answer to its question about the Moment under the cursor."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.questions import Question
from dream_viewer.playback import State
from dream_viewer.session import Session
from trainer.episode import Moment

PERIOD = 1.0
"""Seconds between two questions while the cursor moves by itself; a training beside it makes that longer."""

Q = TypeVar("Q", bound=Question)


class Inquiry(QObject, Generic[Q]):
    """Asks while somebody looks, and shows the newest answer that fits.

    At rest every Moment is asked about at once. While the cursor moves by itself a question is asked now and then, and
    the newest answer of the same life and the same weights stays on show until another one comes.
    """

    def __init__(
        self,
        session: Session,
        wanted: Callable[[], bool],
        question: Callable[[Reel, int, Moment], Q | None],
        show: Callable[[Q | None, Any], None],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begins to listen to the session.

        Args:
            session: what is on show.
            wanted: whether anybody looks.
            question: makes the question about a Moment (episode, index, Moment) that the present weights read; None
                where there is none to ask.
            show: takes a question and its answer; the answer is None while it is on its way, and both are where there
                is nothing to ask, told anew at each Moment: the reason may be another.
            clock: seconds.
        """
        super().__init__(parent)
        self._session, self._wanted, self._question, self._show = session, wanted, question, show
        self._clock = clock
        self._due = clock()
        self._shown: tuple[Q | None, Any] | None = None
        for signal in (session.playhead.changed, session.playhead.readings_changed, session.playhead.playback_changed):
            signal.connect(self.renew)
        session.questions.answered.connect(self.renew)

    @pyqtSlot()
    def renew(self) -> None:
        """Look again: the cursor moved, an answer came, the panel was opened, or its question changed."""
        if not self._wanted():
            self._shown = None
            return
        question = self._question_now()
        if question is None:
            self._tell(None, None)
            return
        answer = self._session.questions.answer(question)
        if answer is not None:
            self._tell(question, answer)
            return
        at_rest = self._session.playhead.playback.state is State.PAUSED
        before = None if at_rest else self._before(question)
        self._tell(*(before or (question, None)))
        if at_rest or self._clock() >= self._due:
            self._due = self._clock() + PERIOD * self._session.training.patience
            self._session.questions.ask(question)

    def _question_now(self) -> Q | None:
        session, moment = self._session, self._session.playhead.moment
        if session.playhead.reel is None or moment is None or not session.casting.has_read(moment):
            return None
        return self._question(session.playhead.reel, session.playhead.index, moment)

    def _before(self, question: Q) -> tuple[Q, Any] | None:
        """What was answered last, however late, if it is of the same life and the same weights."""
        newest = self._session.questions.newest_answer(type(question))
        return newest if newest is not None and _leads_to(newest[0], question) else None

    def _tell(self, question: Q | None, answer: Any) -> None:
        before = self._shown
        if question is None or before is None or before[0] != question or before[1] is not answer:
            self._shown = (question, answer)
            self._show(question, answer)


def _leads_to(one: Question, other: Question) -> bool:
    """They are about the same life, read by the same weights, and this one about an earlier Moment of it."""
    same_life = (one.number, one.generation) == (other.number, other.generation)
    return same_life and one.index <= other.index
