"""What if another action were taken? One imagined and one real branch for each action that makes a difference.

A branch begins with its action and goes on as the policy chooses *in imagination*; the real game is then given the same
actions. So the two differ by nothing but who answers them: the model or the simulator. All dreams share their noise, so
the branches differ by nothing but their first action and what follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.agent.agent import PICTURES_TOGETHER, Agent
from trainer.branches import WhatIf
from trainer.episode import Fork, frozen
from trainer.world_model.rssm import Latent

Forking = Generator[None, None, tuple[Fork, ...] | None]


def what_if(
    agent: Agent,
    start: Latent,
    actions: tuple[int, ...],
    horizon: int,
    generator: torch.Generator,
    fork: Callable[[NDArray[np.int64]], Forking],
) -> Generator[None, None, WhatIf]:
    """Try each action, imagined and real.

    Args:
        agent: whose dreams. start: its state (batch 1). actions: N, to begin with. horizon: H, steps of a branch.
        generator: of all draws.
        fork: the real branches of actions (N, H), as a generator that gives others a turn.
    """
    first = np.array(actions, np.int64)[:, None]
    dream = yield from agent.dream_steps(horizon, first, generator=generator, start=start, same_luck=True)
    discount = 1 - 1 / agent.horizon
    forks = yield from fork(dream.actions)
    real = None
    if forks is not None:
        rest = yield from _values_at_the_end(agent, start, dream.actions, forks, generator)
        real = np.array([_received(f, v, discount) for f, v in zip(forks, rest, strict=True)], np.float32)
    return WhatIf(
        actions=actions,
        dream=dream,
        forks=forks,
        dreamed=frozen(dream.returns(discount)[:, 0].copy()),
        real=None if real is None else frozen(real),
        survival=frozen(dream.continues.prod(1)),
    )


def _received(fork: Fork, rest: float, discount: float) -> float:
    """The discounted return of a real branch whose last state is worth `rest`."""
    total = rest if fork.outcome is None else fork.end_reward + discount * rest
    for reward in fork.rewards[::-1]:
        total = float(reward) + discount * total
    return total


@torch.no_grad()
def _values_at_the_end(
    agent: Agent, start: Latent, actions: NDArray[np.int64], forks: Sequence[Fork], generator: torch.Generator
) -> Generator[None, None, NDArray[np.float32]]:
    """(N,) the critic's value of the last state of each real branch; 0 where it was won or lost."""
    values = np.zeros(len(forks), np.float32)
    # A time limit counts the same steps in every branch, so those that nobody won or lost are equally long.
    lasting = [n for n, fork in enumerate(forks) if fork.outcome in (None, "timeout")]
    if not lasting:
        return values
    count = len(lasting)
    latent = Latent(start.deter.expand(count, -1), start.stoch.expand(count, -1))
    frames = np.stack([forks[n].frames for n in lasting])
    taken = torch.from_numpy(actions[lasting])
    for h in range(frames.shape[1]):
        parts = []
        for first in range(0, count, PICTURES_TOGETHER):
            parts.append(agent.project(frames[first : first + PICTURES_TOGETHER, h]))
            yield
        latent, _ = agent.observe(latent, taken[:, h], torch.cat(parts), False, generator)
        yield
    values[lasting] = agent.expected([latent])[2][:, 0]
    return values
