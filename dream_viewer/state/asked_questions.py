"""The questions that panels ask about what was lived, each one once, and the answers that are kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, TypeVar

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import Question
from dream_viewer.playback import State
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.worker_protocols import PlayerWorkerLike

ANSWERS_KEPT = 8
"""Answers kept, of each kind: some hold pictures of many futures, megabytes each."""

Q = TypeVar("Q", bound=Question)


class AskedQuestions(QObject):
    """Asks a player's study lane, and remembers.

    Args:
        player: who studies. playhead: whether the cursor rests.

    Signals:
        answered: an answer to a question came (at most once a GUI tick).
    """

    answered = pyqtSignal()

    def __init__(self, player: PlayerWorkerLike, playhead: Playhead, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._playhead = player, playhead
        self._asked: dict[type[Question], Question] = {}
        self._answers: dict[type[Question], OrderedDict[Question, Any]] = {}
        self._answer_came = False
        playhead.kept_changed.connect(self._forget_gone)

    def ask(self, question: Question) -> None:
        """Let the answer to a question be worked out that is not known yet; `answered` says when one came.

        At rest it supersedes the question of its kind before it; while the cursor moves that one is finished first.
        """
        kind = type(question)
        if self.answer(question) is None and self._asked.get(kind) != question:
            self._asked[kind] = question
            self._player.ask(question, self._playhead.playback.state is State.PAUSED)

    def answer(self, question: Question) -> Any:
        """The answer to a question; None where it is not known (yet)."""
        kept = self._answers.get(type(question))
        return None if kept is None else kept.get(question)

    def newest_answer(self, kind: type[Q]) -> tuple[Q, Any] | None:
        """The question of this kind that was answered last, and its answer; None where there was none."""
        kept = self._answers.get(kind)
        return next(reversed(kept.items())) if kept else None  # type: ignore[return-value]

    def hear(self, answered: Answered) -> None:
        """Take an answer; `tell` says afterwards that it came."""
        kept = self._answers.setdefault(type(answered.question), OrderedDict())
        kept[answered.question] = answered.answer
        while len(kept) > ANSWERS_KEPT:
            kept.popitem(last=False)
        self._answer_came = True

    def tell(self) -> None:
        """Say whether an answer came since that was said last."""
        if self._answer_came:
            self._answer_came = False
            self.answered.emit()

    @pyqtSlot()
    def _forget_gone(self) -> None:
        """Let go of what was asked about episodes that are kept no more: a question holds all Steps of its episode."""
        numbers = {reel.number for reel in self._playhead.reels}
        self._asked = {kind: question for kind, question in self._asked.items() if question.number in numbers}
        self._answers = {
            kind: OrderedDict((question, answer) for question, answer in kept.items() if question.number in numbers)
            for kind, kept in self._answers.items()
        }
