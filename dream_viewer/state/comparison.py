"""The agent that a person compares with, and what it makes of the episodes it is shown."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal

from dream_viewer.episodes.answers import Answers
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.companion import (
    CompanionDreamt,
    CompanionOpened,
    CompanionRead,
    CompanionRecord,
    CompanionRefused,
)
from dream_viewer.messages.futures import Future, FutureKey, FutureKind
from dream_viewer.state.worker_protocols import PlayerWorkerLike
from trainer.episode import Moment

EPISODES_KEPT = 2
"""Episodes whose Readings by the compared agent are kept: each Moment takes some 20 KB."""


class _Readings:
    """An episode as the compared agent reads it.

    Attributes:
        moments: as far as they were ever read. ground_every: of the dream along reality in the making.
        done: how many were read with it. asked: how long the episode was when it was asked for last.
    """

    def __init__(self) -> None:
        self.moments: list[Moment] = []
        self.ground_every: int | None = None
        self.done = self.asked = 0

    def anew(self, ground_every: int | None) -> None:
        """Another dream along reality is wanted: the values stay until they are read again."""
        self.moments = [replace(moment, blind=None) for moment in self.moments]
        self.ground_every, self.done, self.asked = ground_every, 0, 0


class Comparison(QObject):
    """Keeps a second agent reading what is on show, while a person compares.

    Attributes:
        agent: the second agent; None while nothing is compared. opening: a checkpoint was asked for, of which nothing
            was heard yet.

    Signals:
        changed: `agent` or `opening` changed.
        refused: (one sentence): a checkpoint could not be opened; what was compared before stays.
        read: more of an episode was read.
        dreamt: another future is known.
    """

    changed = pyqtSignal()
    refused = pyqtSignal(str)
    read = pyqtSignal()
    dreamt = pyqtSignal()

    def __init__(self, player: PlayerWorkerLike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._pending = 0  # checkpoints asked for of which nothing was heard yet
        self._given_up = 0  # of these, the first so many are not wanted any more
        self._readings: OrderedDict[int, _Readings] = OrderedDict()
        self._futures: Answers[Future] = Answers()
        self._asked: dict[FutureKind, FutureKey] = {}  # of each kind the newest one
        self.agent: AgentInfo | None = None

    @property
    def opening(self) -> bool:
        """A checkpoint was asked for, of which nothing was heard yet."""
        return self._pending > self._given_up

    def open(self, path: Path) -> None:
        """Compare with a checkpoint, or a run's newest one; `changed` or `refused` says how that went."""
        self._pending += 1
        self._player.open_companion(path)
        self.changed.emit()

    def close(self) -> None:
        """Compare no more; nothing of it is left."""
        self._given_up = self._pending
        self._player.close_companion()
        self._take(None)

    # What the second agent makes of an episode

    def moment(self, number: int, index: int) -> Moment | None:
        """A Moment as the second agent reads it; None where it did not (yet)."""
        readings = self._readings.get(number)
        return readings.moments[index] if readings is not None and index < len(readings.moments) else None

    def values(self, number: int, length: int) -> NDArray[np.float32]:
        """(length,) float32, the value of each Moment of an episode, NaN where there is none (yet)."""
        values = np.full(length, np.nan, np.float32)
        readings = self._readings.get(number)
        for index, moment in enumerate(() if readings is None else readings.moments[:length]):
            if moment.reading is not None:
                values[index] = moment.reading.value
        return values

    def known(self, number: int) -> int:
        """How many Moments of an episode are known."""
        readings = self._readings.get(number)
        return 0 if readings is None else len(readings.moments)

    def progress(self, number: int) -> int:
        """How many Moments of an episode were read, with the dream along reality that is wanted."""
        readings = self._readings.get(number)
        return 0 if readings is None else readings.done

    def reader_of(self, reel: Reel) -> AgentInfo | None:
        """The second agent, if it reads this episode: it does not where another game is played."""
        return None if self.agent is None or reel.episode.game != self.agent.trained_on.game else self.agent

    def want_read(self, reel: Reel, ground_every: int | None) -> None:
        """Let an episode be read as far as it went.

        Args:
            reel: the episode. ground_every: frames from look to look of the dream along reality; None: nobody looks at
                it, and one in the making may go on.
        """
        if self.reader_of(reel) is None:
            return
        turned = next(reversed(self._readings), None) != reel.number
        readings = self._readings.setdefault(reel.number, _Readings())
        self._readings.move_to_end(reel.number)
        while len(self._readings) > EPISODES_KEPT:
            self._readings.popitem(last=False)
        if ground_every is not None and ground_every != readings.ground_every:
            readings.anew(ground_every)
        elif turned:
            readings.asked = 0  # what was begun of it was given up for another episode
        if readings.done < len(reel) and readings.asked < len(reel):
            readings.asked = len(reel)
            self._player.ask_companion_to_read(reel.number, reel.episode, readings.ground_every)

    def surprises(self, number: int, length: int) -> NDArray[np.float32]:
        """(length,) float32, the surprise at each Moment of an episode in nats, NaN where there is none (yet)."""
        surprises = np.full(length, np.nan, np.float32)
        readings = self._readings.get(number)
        for index, moment in enumerate(() if readings is None else readings.moments[:length]):
            if moment.reading is not None and moment.reading.surprise is not None:
                surprises[index] = moment.reading.surprise
        return surprises

    def future(self, key: FutureKey, echo: bool = False) -> Future | None:
        """What the second agent imagines from the Moment where another's future starts; None where not known (yet).

        Args:
            key: of the other's future. echo: along its actions, whoever chose them.
        """
        return None if self.agent is None else self._futures.get(self._own(key, self.agent, echo))

    def want_future(self, shown: Future, echo: bool = False) -> None:
        """Let the second agent dream from where another's future starts.

        It goes its own way where the other one did so, and else takes the same actions.

        Args:
            shown: the other's future. echo: take the same actions in any case.
        """
        if self.agent is None:
            return
        key, moment = self._own(shown.key, self.agent, echo), self.moment(shown.key.number, shown.key.index)
        if key in self._futures or key == self._asked.get(key.kind) or moment is None or moment.reading is None:
            return
        self._asked[key.kind] = key
        actions = None if key.kind == "policy" else tuple(shown.dream.actions[0].tolist())
        self._player.ask_companion_future(key, moment, actions)

    # What the player tells

    def hear(self, record: CompanionRecord) -> None:
        """Take what came of it."""
        match record:
            case CompanionOpened():
                if self._was_wanted():
                    self._take(record.agent)
            case CompanionRefused():
                if self._was_wanted():
                    self.changed.emit()
                    self.refused.emit(record.reason)
            case CompanionRead():
                self._on_read(record)
            case CompanionDreamt():
                self._futures.keep(record.future)
                self.dreamt.emit()

    def _was_wanted(self) -> bool:
        wanted = self._given_up == 0
        self._pending -= 1
        self._given_up = max(0, self._given_up - 1)
        return wanted

    def _on_read(self, record: CompanionRead) -> None:
        readings = self._readings.get(record.number)
        if self.agent is None or record.generation != self.agent.generation or readings is None:
            return
        if record.ground_every != readings.ground_every or record.start > len(readings.moments):
            return
        end = record.start + len(record.moments)
        readings.moments[record.start : end] = record.moments
        readings.done = end
        self.read.emit()

    def _take(self, agent: AgentInfo | None) -> None:
        self.agent = agent
        self._readings.clear()
        self._futures = Answers()
        self._asked = {}
        self.changed.emit()

    @staticmethod
    def _own(key: FutureKey, agent: AgentInfo, echo: bool) -> FutureKey:
        kind: FutureKind = "echo" if echo and key.kind == "policy" else key.kind
        return replace(key, generation=agent.generation, kind=kind)
