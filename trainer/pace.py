"""When things happen: the run's own clock, what is due by it or by count, and how many updates the steps earned."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from trainer.config import Config
from trainer.plain_values import count, number

_FRACTION = re.compile(r"[0-9]{1,99}(/[1-9][0-9]{0,99})?")


class Clock:
    """Seconds that training itself has spent: it stands still while whoever drives the loop does something else.

    Attributes:
        before: seconds of the parts of the run before this one.
    """

    def __init__(self, before: float = 0.0) -> None:
        self.before = before
        self._since: float | None = None

    @property
    def elapsed(self) -> float:
        """Seconds so far."""
        return self.before + (time.monotonic() - self._since if self._since is not None else 0.0)

    def start(self) -> None:
        """Goes on."""
        if self._since is None:
            self._since = time.monotonic()

    def stop(self) -> None:
        """Stands still."""
        self.before = self.elapsed
        self._since = None


class Every:
    """Something that is due again after so many updates, or where that is 0 after so many seconds (0 = never).

    Attributes:
        seconds, updates: the distance. last_elapsed, last_updates: when it was done last.
    """

    def __init__(self, seconds: float, updates: int = 0) -> None:
        self.seconds, self.updates = seconds, updates
        self.last_elapsed, self.last_updates = 0.0, 0

    def due(self, elapsed: float, updates: int) -> bool:
        """Whether it is time."""
        if self.updates:
            return updates - self.last_updates >= self.updates
        return self.seconds > 0 and elapsed - self.last_elapsed >= self.seconds

    def done(self, elapsed: float, updates: int) -> None:
        """It was done just now."""
        self.last_elapsed, self.last_updates = elapsed, updates

    def state(self) -> list[float]:
        """For a checkpoint."""
        return [self.last_elapsed, self.last_updates]

    def load(self, state: list[Any]) -> None:
        """Takes back :meth:`state`.

        Raises:
            ValueError: it is none.
        """
        elapsed, updates = state
        self.last_elapsed, self.last_updates = number(elapsed), count(updates)


class Schedule:
    """What a run does every now and then, as its config has it.

    Attributes:
        log: rows of metrics. saving: checkpoints. evaluating: scores. filming: open-loop videos.
    """

    def __init__(self, config: Config) -> None:
        self.log = Every(config.log_every, config.log_every_updates)
        self.saving = Every(config.save_every, config.save_every_updates)
        self.evaluating = Every(config.evaluate_every, config.evaluate_every_updates)
        self.filming = Every(config.video_every)

    def due(self, elapsed: float, updates: int) -> list[str]:
        """Names of what it is time for."""
        return [name for name, every in vars(self).items() if every.due(elapsed, updates)]

    def state(self) -> dict[str, list[float]]:
        """For a checkpoint."""
        return {name: every.state() for name, every in vars(self).items()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes back :meth:`state`.

        Raises:
            KeyError, ValueError: it is none.
        """
        for name, every in vars(self).items():
            every.load(state[name])


class TrainRatio:
    """How many updates the environment steps have earned, with an exact remainder.

    Every environment step earns `ratio` replayed steps, an update costs `cost` of them. As in the reference, the
    first update is free: it is made as soon as there is something to sample, and counting begins there.
    """

    def __init__(self, ratio: float, cost: int) -> None:
        self._ratio, self._cost = Fraction(ratio), cost
        self._earned: Fraction | None = None

    def step(self, env_steps: int) -> None:
        """Environment steps were taken while there was something to sample."""
        if self._earned is None:
            self._earned = Fraction(self._cost)
        else:
            self._earned += self._ratio * env_steps

    @property
    def owed(self) -> bool:
        """Whether an update is to be made."""
        return self._earned is not None and self._earned >= self._cost

    def pay(self) -> None:
        """An update was made, or refused for good."""
        assert self._earned is not None
        self._earned -= self._cost

    def state(self) -> str | None:
        """For a checkpoint: the remainder as an exact fraction."""
        return None if self._earned is None else str(self._earned)

    def load(self, state: str | None) -> None:
        """Takes back :meth:`state`.

        Raises:
            ValueError: it is none.
        """
        if state is not None and not _FRACTION.fullmatch(state):  # 1e999999999 is one, too, and takes the memory
            raise ValueError("the remainder is no fraction")
        self._earned = None if state is None else Fraction(state)
