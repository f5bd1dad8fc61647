"""Rollouts of the prior under the policy, as one batch, without gradients.

Gradients of the imagination's losses reach policy and value only, so the rollout itself needs none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.nn.categorical import sample_index
from trainer.world_model.rssm import RSSM, Latent


class Rollout(NamedTuple):
    """Imagined features, the start's first.

    Attributes:
        feat: (K, H+1, F). action: (K, H+1) int64; action[:, h] is chosen at feature h.
    """

    feat: Tensor
    action: Tensor


class ForcedRollout(NamedTuple):
    """Samples to use in place of drawn ones.

    Attributes:
        stoch: (K, H, S) int64. action: (K, H+1) int64.
    """

    stoch: Tensor
    action: Tensor


def policy_sample(logits: Tensor, noise: Tensor) -> Tensor:
    """Actions (...,) int64 of raw policy logits (..., A) and uniform noise (...,)."""
    return sample_index(torch.softmax(logits.float(), -1), noise)


@torch.no_grad()
def imagine(
    rssm: RSSM,
    policy: Callable[[Tensor], Tensor],
    start: Latent,
    stoch_noise: Tensor,
    action_noise: Tensor,
    forced: ForcedRollout | None = None,
) -> Rollout:
    """Rolls the prior out from K states.

    Args:
        rssm: the model. policy: (K, F) features to raw logits (K, A). start: deter (K, D), stoch (K, S).
        stoch_noise: (H, K, S) and action_noise: (H+1, K), uniform draws. forced: samples to use instead.
    """
    horizon, starts, device = len(stoch_noise), start.deter.shape[0], start.deter.device
    feat = start.deter.new_empty(starts, horizon + 1, rssm.deter + rssm.stoch * rssm.classes)
    actions = torch.empty(starts, horizon + 1, dtype=torch.int64, device=device)
    latent = start
    for h in range(horizon + 1):
        now = rssm.feat(latent)
        feat[:, h] = now
        action = forced.action[:, h] if forced else policy_sample(policy(now), action_noise[h])
        actions[:, h] = action
        if h < horizon:
            latent = rssm.imagine_step(latent, action, stoch_noise[h])
            if forced:
                latent = Latent(latent.deter, forced.stoch[:, h])
    return Rollout(feat, actions)
