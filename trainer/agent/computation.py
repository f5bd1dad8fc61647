"""What an update computes from and what it computes: tensors only, all there before it begins.

Nothing in between draws a number, asks the device for one, or changes what lasts from update to update. So the same
function can be called (on a CPU) or recorded once and repeated (on a GPU, :mod:`trainer.agent.captured`).

Shapes: B batch, T time, K = B * T starts, H horizon, S latents, D deter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.agent.parts import Poll
from trainer.agent.returns import ReturnNormaliser
from trainer.config import Config
from trainer.distributed import Ranks
from trainer.replay_batch import Batch, context_latent
from trainer.world_model.rssm import Latent
from trainer.world_model.world_model import Observations


class Noise(NamedTuple):
    """Uniform draws in [0, 1), float32.

    Attributes:
        posterior: (B, T, S), of the observed states. prior: (H, K, S), of the imagined ones.
        action: (H+1, K), of the imagined actions.
    """

    posterior: Tensor
    prior: Tensor
    action: Tensor


class Inputs(NamedTuple):
    """All that one update computes from, beside weights and return normaliser.

    Attributes:
        obs: the batch. carry: state before its first step. noise: of all draws.
    """

    obs: Observations
    carry: Latent
    noise: Noise

    def tensors(self) -> list[Tensor]:
        """All of them, in a fixed order."""
        return [*self.obs, *self.carry, *self.noise]

    def each(self, change: Callable[[Tensor], Tensor]) -> Inputs:
        """The same with every tensor changed."""
        return Inputs(
            Observations(*map(change, self.obs)), Latent(*map(change, self.carry)), Noise(*map(change, self.noise))
        )


class Computed(NamedTuple):
    """What an update has computed before anything lasting changes. Its gradients lie in the optimiser.

    Attributes:
        metrics: name to scalar. normaliser: after this batch.
        deter: (B, T, D) compute dtype and stoch: (B, T, S) uint8: latents of steps 1 .. T of the batch.
    """

    metrics: dict[str, Tensor]
    normaliser: ReturnNormaliser
    deter: Tensor
    stoch: Tensor


Compute = Callable[[Inputs, Poll], Computed]
"""Forward and backward pass of an update."""


def draw_noise(
    batch: int, length: int, latents: int, config: Config, ranks: Ranks, generator: torch.Generator
) -> Noise:
    """All noise of an update.

    Args:
        batch: B, this rank's sequences. length: T. latents: S. config: for the horizon.
        ranks: who has the other parts of the batch; the draws are for all of it.
        generator: of all draws, in the same state on every rank, on the device where the noise is wanted.
    """
    starts, horizon, device = batch * length, config.imagination, generator.device
    return Noise(
        posterior=ranks.rand(batch, length, latents, dim=0, generator=generator, device=device),
        prior=ranks.rand(horizon, starts, latents, dim=1, generator=generator, device=device),
        action=ranks.rand(horizon + 1, starts, dim=1, generator=generator, device=device),
    )


def observations(batch: Batch, dtype: torch.dtype) -> tuple[Observations, Latent]:
    """A batch of replay as tensors in the host's memory, and the state before its first step, deter in `dtype`."""
    stored = Latent(*context_latent(batch, dtype))
    nothing_goes_on = torch.zeros(len(batch.action), dtype=torch.bool)
    carry, prev_action = replay_context(stored, torch.from_numpy(batch.action), stored, nothing_goes_on)
    is_last = torch.from_numpy(batch.is_last)[:, 1:]
    obs = Observations(
        frame=torch.from_numpy(batch.frame)[:, 1:],
        reward=torch.from_numpy(batch.reward)[:, 1:],
        is_first=torch.from_numpy(batch.is_first)[:, 1:],
        is_last=is_last,
        is_terminal=torch.from_numpy(batch.is_terminal)[:, 1:],
        prev_action=prev_action,
        unseen=is_last,
    )
    return obs, carry


def replay_context(stored: Latent, action: Tensor, carry: Latent, consecutive: Tensor) -> tuple[Latent, Tensor]:
    """Where a batch of T + 1 steps starts from: its first step is context only (the reference's replay context of 1).

    Args:
        stored: latents that replay keeps of step 0, deter (B, D), stoch (B, S).
        action: (B, T + 1) int64. carry: state after the previous batch.
        consecutive: (B,) bool, the sequence goes on where the previous batch ended.

    Returns:
        The state before step 1 and the actions (B, T) taken before steps 1 .. T.
    """
    goes_on = consecutive.unsqueeze(-1)
    start = Latent(
        torch.where(goes_on, carry.deter, stored.deter),
        torch.where(goes_on, carry.stoch, stored.stoch),
    )
    return start, action[:, :-1]
