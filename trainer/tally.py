"""Counting between two rows of metrics, and how fast training goes."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from trainer.events import EpisodeEnded
from trainer.plain_values import count, number

WALL_CLOCK = ("elapsed", "updates_per_second", "frames_per_second", "env_steps_per_second")
"""Names in a row that tell time: all others are the same in every run of the same seed."""
_RATE_SECONDS = 30.0


class Mark(NamedTuple):
    """Where training stood.

    Attributes:
        elapsed: seconds. updates, env_steps: counters.
    """

    elapsed: float
    updates: int
    env_steps: int


class Tally:
    """Means over the interval since the last row."""

    def __init__(self, frames_per_update: int) -> None:
        self._frames = frames_per_update
        self._sums: dict[str, float] = {}
        self._updates = 0
        self._episodes: list[tuple[float, int]] = []
        self._since = Mark(0.0, 0, 0)

    @property
    def empty(self) -> bool:
        """Nothing was counted since the last row."""
        return not self._updates and not self._episodes

    def update(self, metrics: Mapping[str, float]) -> None:
        """An update was made."""
        for name, value in metrics.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._updates += 1

    def episode(self, ended: EpisodeEnded) -> None:
        """An episode ended."""
        self._episodes.append((ended.total_reward, ended.length))

    def begin(self, now: Mark) -> None:
        """The clock's interval begins here."""
        self._since = now

    def row(self, now: Mark) -> dict[str, float]:
        """The means, and a new interval."""
        values = {name: total / self._updates for name, total in self._sums.items()}
        if self._episodes:
            values["train.mean_return"] = float(np.mean([total for total, _ in self._episodes]))
            values["train.mean_length"] = float(np.mean([length for _, length in self._episodes]))
            values["train.episodes"] = float(len(self._episodes))
        seconds = max(now.elapsed - self._since.elapsed, 1e-9)
        updates = (now.updates - self._since.updates) / seconds
        values["elapsed"] = now.elapsed
        values["updates_per_second"] = updates
        values["frames_per_second"] = updates * self._frames
        values["env_steps_per_second"] = (now.env_steps - self._since.env_steps) / seconds
        self._sums, self._updates, self._episodes, self._since = {}, 0, [], now
        return values

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"sums": self._sums, "updates": self._updates, "episodes": self._episodes}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back :meth:`state`.

        Raises:
            AttributeError, KeyError, TypeError, ValueError: it is none.
        """
        sums, self._updates = state["sums"], count(state["updates"])
        if bool(sums) != bool(self._updates) or not all(type(value) is float for value in sums.values()):
            raise ValueError("no sums over that many updates")
        self._sums = dict(sums)
        self._episodes = [(number(total), count(length)) for total, length in state["episodes"]]


class Pace:
    """Rates over the latest half minute."""

    def __init__(self) -> None:
        self._marks: deque[Mark] = deque()

    def rates(self, now: Mark) -> tuple[float, float]:
        """Updates and environment steps a second, up to now; 0 where nothing can be said yet."""
        self._marks.append(now)
        while len(self._marks) > 2 and now.elapsed - self._marks[0].elapsed > _RATE_SECONDS:
            self._marks.popleft()
        first = self._marks[0]
        seconds = now.elapsed - first.elapsed
        if seconds <= 0:
            return 0.0, 0.0
        return (now.updates - first.updates) / seconds, (now.env_steps - first.env_steps) / seconds
