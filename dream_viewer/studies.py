"""What the study lane is asked for, each question once, and the answers that are kept. No Qt here."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages import AgentInfo, Answered, Fan, Forked, Future, FutureKey, Picture
from dream_viewer.pictures import PictureCache
from dream_viewer.questions import Question
from dream_viewer.reel import Reel
from dream_viewer.worker_protocols import PlayerWorkerLike
from trainer.episode import Moment

FUTURES_KEPT = 64
"""Answers of each kind kept, so that a Moment seen again shows its dream at once: some 200 KB a future."""

ANSWERS_KEPT = 8
"""Answers to questions kept, of each kind: some hold pictures of many futures, megabytes each."""

T = TypeVar("T", Future, Forked, Fan)
Q = TypeVar("Q", bound=Question)


class Answers(Generic[T]):
    """The newest answers of one kind, by their key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FutureKey, T] = OrderedDict()

    def __contains__(self, key: FutureKey) -> bool:
        return key in self._kept

    def keep(self, answer: T) -> None:
        """Take an answer."""
        self._kept.pop(answer.key, None)
        self._kept[answer.key] = answer
        while len(self._kept) > FUTURES_KEPT:
            self._kept.popitem(last=False)

    def get(self, key: FutureKey, or_newest: bool = False) -> T | None:
        """The answer of this key; or else, if wanted, the newest one of the same life and weights before it."""
        exact = self._kept.get(key)
        if exact is not None or not or_newest or not self._kept:
            return exact
        newest = next(reversed(self._kept.values()))
        same_life = (newest.key.number, newest.key.generation) == (key.number, key.generation)
        return newest if same_life and newest.key.index <= key.index else None


def is_read_by(agent: AgentInfo | None, moment: Moment) -> bool:
    """The weights on show read this Moment: only then a dream may start from it."""
    reading = moment.reading
    return reading is not None and agent is not None and reading.generation == agent.generation


class Studies:
    """Asks a player's study lane, and remembers.

    Args:
        player: who studies.

    Attributes:
        futures, forks, fans: the answers that are kept.
    """

    def __init__(self, player: PlayerWorkerLike) -> None:
        self._player = player
        self._asked: dict[str, object] = {}
        self.futures: Answers[Future] = Answers()
        self.forks: Answers[Forked] = Answers()
        self.fans: Answers[Fan] = Answers()
        self._answers: dict[type[Question], OrderedDict[Question, Any]] = {}
        self._pictures = PictureCache()
        self._newest_picture: tuple[int, int] | None = None

    # Readings

    def want_reading(self, reel: Reel, agent: AgentInfo) -> None:
        """Let the present weights read a past episode of their game."""
        theirs = (agent.game, agent.difficulty)
        if reel.generation == agent.generation or (reel.episode.game, reel.episode.difficulty) != theirs:
            return
        if self._is_new("reread", (reel.number, agent.generation)):
            self._player.ask_reread(reel.number, reel.episode)

    def want_blinds(self, reel: Reel, index: int, ground_every: int, live: bool) -> None:
        """Let an episode be dreamt along reality, first of all around an index."""
        if self._is_new("blinds", (reel.number, reel.generation, ground_every)):
            self._player.ask_blinds(reel.number, index, ground_every, () if live else tuple(reel.moments))

    def forget_blinds(self) -> None:
        """The dream along reality is wanted anew, even if it was asked for before."""
        self._asked.pop("blinds", None)

    # Futures

    def want_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Let a future be dreamt that is not known yet."""
        if key not in self.futures:
            self._player.ask_future(key, moment, supersede)

    def want_fork(self, future: Future, reel: Reel) -> None:
        """Let the truth of a future be found out that is not known yet."""
        if future.key not in self.forks and self._is_new("fork", future.key):
            self._player.ask_fork(future.key, reel.episode, tuple(future.dream.actions[0].tolist()))

    def want_fan(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Let many futures be dreamt that are not known yet."""
        if key not in self.fans:
            self._player.ask_fan(key, moment, supersede)

    # Questions

    def ask(self, question: Question, supersede: bool) -> None:
        """Let the answer to a question be worked out that is not known yet; the newest of its kind goes first."""
        if self.answer(question) is None and self._is_new(type(question).__name__, question):
            self._player.ask(question, supersede)

    def answer(self, question: Question) -> Any:
        """The answer to a question; None where it is not known (yet)."""
        kept = self._answers.get(type(question))
        return None if kept is None else kept.get(question)

    def newest_answer(self, kind: type[Q]) -> tuple[Q, Any] | None:
        """The question of this kind that was answered last, and its answer."""
        kept = self._answers.get(kind)
        return next(reversed(kept.items())) if kept else None  # type: ignore[return-value]

    def keep_answer(self, answered: Answered) -> None:
        """Take an answer."""
        kept = self._answers.setdefault(type(answered.question), OrderedDict())
        kept[answered.question] = answered.answer
        while len(kept) > ANSWERS_KEPT:
            kept.popitem(last=False)

    # Pictures

    def want_picture(self, reel: Reel, index: int) -> None:
        """Let the human view of a past Step be drawn that is not there yet."""
        if (reel.number, index) not in self._pictures:
            self._player.ask_picture(reel.number, index, reel.episode)

    def keep_picture(self, picture: Picture) -> None:
        """Take an answer, or a picture that was drawn as its Step was lived."""
        self._pictures.add(picture)
        self._newest_picture = (picture.number, picture.index)

    def picture(self, number: int, index: int, or_newest: bool) -> NDArray[np.uint8] | None:
        """(512, 512, 3) uint8, the human view of a Step; or else, if wanted, the newest one of that episode."""
        newest = self._newest_picture
        if or_newest and (number, index) not in self._pictures and newest is not None and newest[0] == number:
            return self._pictures.get(*newest)
        return self._pictures.get(number, index)

    def _is_new(self, what: str, question: object) -> bool:
        fresh = self._asked.get(what) != question
        self._asked[what] = question
        return fresh
