"""One generation of weights going through one episode.

Living and rereading take the same way: several frames may be looked at together, so that encoder and decoder work on
batches, and a generator gives others a turn after each part of the work (encoding, each step of the recurrence,
decoding), each of them below 10 ms at preset 12m on one core.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.agent.agent import Agent, joined
from trainer.episode import Blind, Moment, Reading, frozen
from trainer.randomness import torch_generator
from trainer.world_model.rssm import Latent

READ_TOGETHER = 4
"""Frames of a past episode looked at together."""


class Glance(NamedTuple):
    """A frame to look at.

    Attributes:
        frame: (64, 64, 3) uint8. prev_action: what was done at the Step before; None opens the episode.
    """

    frame: NDArray[np.uint8]
    prev_action: int | None


class Seen(NamedTuple):
    """What was seen in one glance.

    Attributes:
        reading: of the frame. blind: the dream along reality, where it is made.
    """

    reading: Reading
    blind: Blind | None


class Reader:
    """Reads an episode frame by frame, and dreams along it.

    Attributes:
        agent: the weights.
        latent: the state after the last frame.
    """

    def __init__(self, agent: Agent, seed: int, number: int) -> None:
        """Begin before the first frame.

        Args:
            agent: the weights. seed: of the player. number: of the episode.
        """
        self.agent = agent
        self.latent = agent.initial(1)
        self._seed, self._number = seed, number
        self._index = 0
        self._chain: Latent | None = None
        self._chain_every = 0

    def look(self, glance: Glance, ground_every: int | None) -> Seen:
        """Read the next frame; see `looking`."""
        job = self.looking((glance,), ground_every)
        while True:
            try:
                next(job)
            except StopIteration as end:
                seen: list[Seen] = end.value
                return seen[0]

    def looking(self, glances: Sequence[Glance], ground_every: int | None) -> Generator[None, None, list[Seen]]:
        """Read the next frames.

        Args:
            glances: the frames, in order.
            ground_every: frames from look to look of the dream along reality; None: nobody wants it.

        Returns:
            The Reading of each, and the dream along reality where it is known: after a change of `ground_every` it
            begins at the next frame at which the model looks, unless `join` hands over a finished study.
        """
        agent = self.agent
        projected = agent.project(np.stack([glance.frame for glance in glances]))
        yield
        latents: list[Latent] = []
        logits: list[Tensor] = []
        ages: list[int | None] = []
        chains: list[Latent] = []
        for i, glance in enumerate(glances):
            t, action, first = self._index, glance.prev_action or 0, glance.prev_action is None
            row, generator = projected[i : i + 1], self._generator("read", t)
            self.latent, logit = agent.observe(self.latent, action, row, first, generator)
            self._index += 1
            latents.append(self.latent)
            logits.append(logit)
            ages.append(self._dream_along(t, action, ground_every))
            if ages[-1]:
                assert self._chain is not None
                chains.append(self._chain)
            yield
        pictures = yield from agent.decoding([*latents, *chains])
        firsts = [glance.prev_action is None for glance in glances]
        readings = agent.readings(joined(latents), torch.cat(logits), firsts, pictures[: len(latents)])
        dreamt = iter(pictures[len(latents) :])
        return [Seen(reading, _blind(reading, age, dreamt)) for reading, age in zip(readings, ages, strict=True)]

    def resume(self, latent: Latent, index: int) -> None:
        """Go on behind frames that were read before.

        Args:
            latent: the state after the last of them. index: of the next frame.
        """
        self.latent, self._index = latent, index

    def join(self, chain: Latent, ground_every: int) -> None:
        """Go on with the dream along reality from the state of the last frame that was read."""
        self._chain, self._chain_every = chain, ground_every

    def _dream_along(self, t: int, action: int, ground_every: int | None) -> int | None:
        """Take the dream along reality to frame t; its age there, None where there is none."""
        age = None if ground_every is None else t % ground_every
        if age == 0:
            assert ground_every is not None
            self._chain, self._chain_every = self.latent, ground_every
        elif self._chain is None or self._chain_every != ground_every:
            self._chain = None
            return None
        else:
            self._chain = self.agent.blind_step(self._chain, action, self._generator("blind", t))
        return age

    def _generator(self, purpose: str, t: int) -> torch.Generator:
        return torch_generator(self._seed, purpose, self._number, t, device=self.agent.device)


def rereading(
    reader: Reader, moments: Sequence[Moment], start: int, ground_every: int | None
) -> Generator[None, None, list[Moment]]:
    """Some Moments as a reader reads them that read all before.

    Args:
        reader: stands before index `start`. moments: of the episode. start: index of the first Moment to read.
        ground_every: as in `Reader.looking`.

    Returns:
        The Moments from `start` on, at most READ_TOGETHER; an end step has no Reading.
    """
    part = [moment.step for moment in moments[start : start + READ_TOGETHER]]
    before = None if start == 0 else moments[start - 1].step.action
    actions = [before, *(step.action for step in part)]
    glances = [Glance(step.frame, action) for step, action in zip(part, actions, strict=False) if not step.is_last]
    seen = (yield from reader.looking(glances, ground_every)) if glances else []
    fresh = [Moment(step, *found) for step, found in zip(part, seen, strict=False)]
    return fresh + [Moment(step, None, None) for step in part[len(fresh) :]]


def _blind(reading: Reading, age: int | None, dreamt: Iterator[NDArray[np.uint8]]) -> Blind | None:
    if age is None:
        return None
    return Blind(reading.belief, 0) if age == 0 else Blind(frozen(next(dreamt).copy()), age)
