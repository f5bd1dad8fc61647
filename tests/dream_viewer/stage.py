"""A session with fakes around it, and a clock that a test turns."""

from __future__ import annotations

from typing import Any

from dream_viewer.messages.agents import Weights
from dream_viewer.playback import BASE_FPS
from dream_viewer.session import Session
from tests.dream_viewer.feed import FakePlayer, FakeTrainer, arrival, frame, moment
from trainer.config import Config
from trainer.episode import Moment, Step

FRAME = 1 / BASE_FPS


class Clock:
    """Seconds as a test wants them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Stage:
    """A session with fakes around it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.player = FakePlayer()
        self.training = FakeTrainer()
        self.session = Session(self.player, lambda request: self.training, clock=self.clock)

    def live(self, count: int, start: int = 0, number: int = 0, generation: int = 1) -> None:
        """Tell of so many Moments and tick."""
        moments = [moment(start + i, generation=generation) for i in range(count)]
        self.player.tell(arrival(moments, start, number))
        self.session.tick()

    def tell(self, *records: Any, **others: Any) -> None:
        self.player.tell(*records, **others)
        self.session.tick()

    def tick(self, seconds: float) -> None:
        self.clock.now += seconds
        self.session.tick()


def end() -> Moment:
    return Moment(Step(frame(9), 10.0, None, False, True, True, 12345), None, None)


def weights(updates: int) -> Weights:
    return Weights(Config(), {}, 100, updates, "run", None)
