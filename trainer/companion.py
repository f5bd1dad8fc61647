"""A second agent that reads what a first one lives, and dreams from there: it never acts."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.agent.agent import Agent
from trainer.episode import Dream, Episode, Moment, Reading
from trainer.randomness import torch_generator
from trainer.reader import READ_TOGETHER, Reader, rereading


@dataclass(frozen=True, slots=True)
class ReadPiece:
    """Some Moments of an episode as the companion reads them.

    Attributes:
        start: index of the first. moments: in order.
    """

    start: int
    moments: tuple[Moment, ...]


class Companion:
    """Goes through one episode at a time, and on with it as it grows.

    Its draws are those of a player with the same seed: two copies of one agent read and dream the same.

    Attributes:
        agent: the weights.
    """

    def __init__(self, agent: Agent, seed: int) -> None:
        self.agent = agent
        self._seed = seed
        self._number: int | None = None
        self._ground_every: int | None = None
        self._length = 0
        self._reader = Reader(agent, seed, 0)

    def begin(self, number: int, ground_every: int | None) -> bool:
        """Turn to an episode; whether it is begun from its first frame, as another one was read before.

        Args:
            number: of the episode. ground_every: frames from look to look of the dream along reality; None: it is not
                made. Another one means to read the episode anew.
        """
        if (number, ground_every) == (self._number, self._ground_every):
            return False
        self._number, self._ground_every, self._length = number, ground_every, 0
        self._reader = Reader(self.agent, self._seed, number)
        return True

    def read_on(self, episode: Episode) -> Generator[ReadPiece | None, None, None]:
        """Read what was not read yet of the episode it turned to, up to its end as it stands by then.

        A job given up halfway leaves the reader nowhere: turn to another episode then.
        """
        assert self._number is not None
        while self._length < len(episode.steps):
            start = self._length
            first = max(start - 1, 0)  # the Step before tells which action led here
            window = [Moment(step, None, None) for step in episode.steps[first : start + READ_TOGETHER]]
            fresh = yield from rereading(self._reader, window, start - first, self._ground_every)
            self._length += len(fresh)
            yield ReadPiece(start, tuple(fresh))

    def future(
        self,
        number: int,
        index: int,
        reading: Reading,
        horizon: int,
        branch: int,
        actions: Sequence[int] | None = None,
    ) -> Generator[None, None, Dream]:
        """What this agent would do from a Moment on, or what it imagines to come of given actions.

        Args:
            number: of the episode. index: of the Moment. reading: its Reading by this agent. horizon: steps.
            branch: another number is another dream. actions: to take, in place of what its policy would; as many.

        Raises:
            ValueError: other weights made the Reading.
        """
        generator = torch_generator(self._seed, "future", number, index, branch, device=self.agent.device)
        given = None if actions is None else np.array([actions], np.int64)
        start = self.agent.latent_of(reading)
        return (yield from self.agent.dream_steps(horizon, actions=given, generator=generator, start=start))
