"""How a second agent sees an episode that is exported for two: it reads the whole of it first."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.futures import Future, FutureKey
from dream_viewer.records import Beside
from dream_viewer.words.numerals import short_count
from dream_viewer.words.wording import told_apart
from trainer.agent.agent import Agent
from trainer.companion import Companion
from trainer.episode import Dream, Moment

Done = int
"""Moments that are read by now."""


class SecondLook:
    """A second agent beside the one that read an episode; call `read` first.

    Args:
        agent: its weights. infos: about the first agent and about this one. seed: of the player.
        reel: the episode. horizon: frames from look to look of its dream along reality, and of its futures.

    Attributes:
        names: of the first agent and of this one; they differ.
        moments: as far as they are read, each with the dream along reality.
    """

    def __init__(self, agent: Agent, infos: tuple[AgentInfo, AgentInfo], seed: int, reel: Reel, horizon: int) -> None:
        self._companion = Companion(agent, seed)
        self._infos, self._reel, self._horizon = infos, reel, horizon
        self.names = told_apart(*infos)
        self.moments: list[Moment] = []

    def read(self) -> Generator[Done | None, None, None]:
        """Read the episode."""
        self._companion.begin(self._reel.number, self._horizon)
        for piece in self._companion.read_on(self._reel.episode):
            if piece is not None:
                self.moments += piece.moments
            yield None if piece is None else len(self.moments)

    @property
    def beside(self) -> Beside:
        """What is drawn of it throughout, once the episode is read."""
        readings = [moment.reading for moment in self.moments]
        values = [np.nan if reading is None else reading.value for reading in readings]
        surprises = [np.nan if r is None or r.surprise is None else r.surprise for r in readings]
        mine, other = (
            f"{name} · {info.preset}, {short_count(info.env_steps)} steps"
            for name, info in zip(self.names, self._infos, strict=True)
        )
        return Beside(self.names, (mine, other), np.array(values, np.float32), np.array(surprises, np.float32))

    def echo(self, shown: FutureKey, dream: Dream) -> Generator[None, None, Future | None]:
        """What it imagines of the actions in the first agent's future; None where it saw nothing to start from."""
        reading, actions = self.moments[shown.index].reading, dream.actions[0].tolist()
        if reading is None:
            return None
        key = FutureKey(shown.number, shown.index, reading.generation, shown.horizon, shown.branch, "echo")
        imagined = yield from self._companion.future(key.number, key.index, reading, self._horizon, key.branch, actions)
        return Future(key, imagined)
