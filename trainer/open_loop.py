"""Dreams along reality's actions from many frames of one episode, each held against what really came.

One step of the prior advances them all, and a dream that broke leaves the batch.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import numpy as np
import torch

from trainer.agent.agent import Agent, joined
from trainer.episode import Reading, Step, frozen
from trainer.horizons import LIMIT, PICTURE_OFF, Flaw, Horizons, told_flaw
from trainer.picture_error import error_percent
from trainer.randomness import torch_generator
from trainer.world_model.rssm import Latent

STARTS_TOGETHER = 16
"""Dreams advanced at a time: below 10 ms at preset 12m on one core."""


def horizons(
    agent: Agent, seed: int, number: int, steps: Sequence[Step], starts: Sequence[int], readings: Sequence[Reading]
) -> Generator[None, None, Horizons]:
    """Dream from some frames of an episode until each dream breaks, meets the end of the episode, or reaches LIMIT.

    Yields after each piece of work. The draws of a dream depend on nothing but seed, episode and start.

    Args:
        agent: the weights. seed: of the player. number: of the episode.
        steps: of the episode. starts: indices, each followed by LIMIT more steps or by the episode's end.
        readings: of these Steps, by this agent.

    Raises:
        ValueError: other weights made the Readings.
    """
    held = np.zeros(len(starts), np.int64)
    flaws: list[Flaw | None] = [None] * len(starts)
    for first in range(0, len(starts), STARTS_TOGETHER):
        places = list(range(first, min(first + STARTS_TOGETHER, len(starts))))
        latent = joined([agent.latent_of(readings[place]) for place in places])
        noise = torch.stack([_noise(agent, seed, number, starts[place]) for place in places])
        for ahead in range(1, LIMIT + 1):
            real = [steps[starts[place] + ahead] for place in places]
            actions = torch.tensor([steps[starts[place] + ahead - 1].action for place in places])
            latent = agent.imagine_step(latent, actions, noise[:, ahead - 1])
            yield
            found = yield from _flaws(agent, latent, real)
            for place, flaw in zip(places, found, strict=True):
                flaws[place] = flaw
                held[place] += flaw is None
            going = [row for row, flaw in enumerate(found) if flaw is None and not real[row].is_last]
            if not going:
                break
            places = [places[row] for row in going]
            latent, noise = Latent(latent.deter[going], latent.stoch[going]), noise[going]
    return Horizons(frozen(np.array(starts, np.int64)), frozen(held), tuple(flaws))


def _noise(agent: Agent, seed: int, number: int, start: int) -> torch.Tensor:
    """(LIMIT, S) uniform draws of one dream."""
    generator = torch_generator(seed, "horizon", number, start)
    return torch.rand(LIMIT, agent.world_model.dyn.stoch, generator=generator)


def _flaws(agent: Agent, latent: Latent, real: Sequence[Step]) -> Generator[None, None, list[Flaw | None]]:
    """What is off in each of K imagined states; pictures are drawn only where nothing else is."""
    rewards, continues, _ = agent.expected([latent])
    yield
    found = [told_flaw(*row) for row in zip(real, rewards[:, 0], continues[:, 0], strict=True)]
    seen = [row for row, step in enumerate(real) if found[row] is None and not step.is_last]
    if seen:
        pictures = yield from agent.decoding([Latent(latent.deter[seen], latent.stoch[seen])])
        errors = error_percent(pictures, np.stack([real[row].frame for row in seen]))
        for row, error in zip(seen, errors, strict=True):
            found[row] = "picture" if error > PICTURE_OFF else None
    return found
