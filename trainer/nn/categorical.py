"""Categorical distributions, in float32, with explicit noise: the latents' with a share of uniform, and plain ones.

Sources: DreamerV3 (Hafner et al., 2023), section on world model learning; the reference's outs.py.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

UNIMIX = 0.01
"""Share of the uniform distribution in every categorical latent."""


def unimix_probs(logits: Tensor) -> Tensor:
    """0.99 softmax + 0.01 / classes over the last axis, float32."""
    return torch.softmax(logits.float(), -1) * (1 - UNIMIX) + UNIMIX / logits.shape[-1]


def unimix_log_probs(logits: Tensor) -> Tensor:
    """Logarithm of :func:`unimix_probs`."""
    return unimix_probs(logits).log()


def sample_index(probs: Tensor, noise: Tensor) -> Tensor:
    """Draws from categoricals by inverting the cumulative distribution: one uniform number a draw.

    Args:
        probs: (..., C) float32. noise: (...,) uniform in [0, 1).

    Returns:
        (...,) int64.
    """
    cumulative = probs.cumsum(-1)
    reached = cumulative <= cumulative[..., -1:] * noise.unsqueeze(-1)
    return reached.sum(-1).clamp_(max=probs.shape[-1] - 1)


class _StraightThrough(Function):
    @staticmethod
    def forward(ctx: Any, probs: Tensor, index: Tensor, dtype: torch.dtype) -> Tensor:
        onehot = torch.zeros(probs.shape, dtype=dtype, device=probs.device)
        return onehot.scatter_(-1, index.unsqueeze(-1), 1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return grad.float(), None, None


def straight_through(probs: Tensor, index: Tensor, dtype: torch.dtype) -> Tensor:
    """One-hot of `index` whose gradient goes to `probs` unchanged (onehot + p - sg(p)).

    Args:
        probs: (..., C) float32. index: (...,) int64. dtype: of the result.
    """
    out: Tensor = _StraightThrough.apply(probs, index, dtype)
    return out


def categorical_kl(left: Tensor, right: Tensor) -> Tensor:
    """KL(left || right) of log-probabilities (..., S, C), summed over latents: (...,)."""
    return (left.exp() * (left - right)).sum((-2, -1))


def entropy(log_probs: Tensor) -> Tensor:
    """Entropy over the last axis in nats."""
    return -(log_probs.exp() * log_probs).sum(-1)
