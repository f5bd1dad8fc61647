"""Policy, value, and their losses on imagined and on replayed states (the reference's imag_loss and repl_loss)."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from trainer.agent.returns import ReturnNormaliser, lambda_return
from trainer.config import ModelSize
from trainer.distributed import ALONE, Ranks
from trainer.nn.categorical import entropy
from trainer.nn.distributions import BINS, twohot_loss, twohot_mean
from trainer.nn.layers import Linear
from trainer.world_model.heads import Head

LAYERS = 3


class ActorCritic(nn.Module):
    """Policy and value heads of three layers.

    The policy's categorical has no unimix: the reference configures one but never applies it.
    """

    def __init__(self, size: ModelSize, num_actions: int, generator: torch.Generator) -> None:
        super().__init__()
        self.pol = Head(size.feat, size.units, LAYERS, "action.logits", num_actions, 0.01, generator)
        self.val = value_head(size, generator)


def value_head(size: ModelSize, generator: torch.Generator) -> Head:
    """A value head; the slow value is another of the same shape.

    Its many outputs are asked of every imagined state, which in float32 takes an update longer and shows nowhere.
    """
    return Head(size.feat, size.units, LAYERS, "logits", BINS, 0.0, generator, Linear)


class ImaginationLoss(NamedTuple):
    """Losses on imagined states.

    Attributes:
        policy, value: (N, H) float32. returns: (N, H), without gradient.
        predicted, slow: (N, H+1) what the value and the slow value predict, without gradient.
        normaliser: after this batch. metrics: scalars.
    """

    policy: Tensor
    value: Tensor
    returns: Tensor
    predicted: Tensor
    slow: Tensor
    normaliser: ReturnNormaliser
    metrics: dict[str, Tensor]


def imagination_loss(
    policy_logits: Tensor,
    value_logits: Tensor,
    slow_logits: Tensor,
    action: Tensor,
    reward: Tensor,
    continues: Tensor,
    normaliser: ReturnNormaliser,
    lam: float,
    entropy_scale: float,
    ranks: Ranks = ALONE,
) -> ImaginationLoss:
    """Policy and value losses of imagined rollouts.

    `continues` holds the discount already (contdisc), so returns use a discount of 1. Bootstraps use the fast value;
    the slow value is only a regulariser. Advantages are divided by the normaliser's scale, its offset is not used.

    Args:
        policy_logits: (N, H+1, A). value_logits, slow_logits: (N, H+1, 255). action: (N, H+1) int64, chosen there.
        reward, continues: (N, H+1) float32 predictions.
        normaliser: before this batch. lam, entropy_scale: see the configuration.
        ranks: who has the other parts of the batch; the normaliser sees the returns of all.
    """
    with torch.no_grad():
        value = twohot_mean(value_logits)
        slow = twohot_mean(slow_logits)
        returns = lambda_return(torch.zeros_like(continues), 1 - continues, reward, value, 1.0, lam)
        normaliser = normaliser.updated(ranks.concatenate(returns))
        advantage = (returns - value[:, :-1]) / normaliser.scale
        weight = continues.cumprod(1)
    log_probs = torch.log_softmax(policy_logits.float(), -1)
    logp = log_probs.gather(-1, action.unsqueeze(-1)).squeeze(-1)
    entropies = entropy(log_probs)
    policy_loss = -weight[:, :-1] * (logp[:, :-1] * advantage + entropy_scale * entropies[:, :-1])
    value_loss = weight[:, :-1] * twohot_loss(value_logits[:, :-1], returns, slow[:, :-1])
    with torch.no_grad():
        normed = (returns - normaliser.lo) / normaliser.scale
        metrics = {
            "adv": advantage.mean(),
            "adv_std": advantage.std(correction=0),
            "adv_mag": advantage.abs().mean(),
            "rew": reward.mean(),
            "con": continues.mean(),
            "ret": normed.mean(),
            "ret_min": normed.min(),
            "ret_max": normed.max(),
            "ret_rate": (normed.abs() >= 1).float().mean(),
            "val": value.mean(),
            "tar": returns.mean(),
            "slowval": slow.mean(),
            "weight": weight.mean(),
            "ent/action": entropies[:, :-1].mean(),
            "rand/action": entropies[:, :-1].mean() / math.log(policy_logits.shape[-1]),
        }
    return ImaginationLoss(policy_loss, value_loss, returns, value, slow, normaliser, metrics)


def replay_value_loss(
    value_logits: Tensor,
    slow_logits: Tensor,
    last: Tensor,
    term: Tensor,
    reward: Tensor,
    boot: Tensor,
    discount: float,
    lam: float,
) -> tuple[Tensor, Tensor]:
    """Value loss on replayed states, bootstrapped from imagined returns; its gradient reaches the world model.

    Args:
        value_logits, slow_logits: (B, T, 255). last, term: (B, T) bool. reward, boot: (B, T) float32.
        discount: 1 - 1/horizon. lam: see the configuration.

    Returns:
        Loss and returns, both (B, T - 1) float32.
    """
    with torch.no_grad():
        returns = lambda_return(last.float(), term.float(), reward, boot, discount, lam)
        slow = twohot_mean(slow_logits)
    weight = 1 - last[:, :-1].float()
    return weight * twohot_loss(value_logits[:, :-1], returns, slow[:, :-1]), returns
