"""Symexp two-hot, unimix categorical and binary distributions, in float32, with explicit noise.

Sources: DreamerV3 (Hafner et al., 2023), sections on robust predictions; the reference's outs.py.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

BINS = 255
"""Bins of the two-hot distributions."""

UNIMIX = 0.01
"""Share of the uniform distribution in every categorical latent."""


@cache
def _bins_on(device: torch.device) -> Tensor:
    # Kept for every later caller: made while a player infers, they would be of no use to a training beside it.
    with torch.inference_mode(False):
        half = torch.linspace(-20, 0, BINS // 2 + 1, dtype=torch.float64)
        half = half.sign() * torch.expm1(half.abs())
        return torch.cat([half, -half[:-1].flip(0)]).float().to(device)


def twohot_bins(device: torch.device | str = "cpu") -> Tensor:
    """(255,) float32 bins symexp(-20 ... 20), exactly antisymmetric."""
    return _bins_on(torch.device(device))


def twohot_mean(logits: Tensor) -> Tensor:
    """Expected value, summed from both ends inwards so that symmetric logits give exactly 0.

    Args:
        logits: (..., 255).

    Returns:
        (...,) float32.
    """
    probs = torch.softmax(logits.float(), -1)
    bins = twohot_bins(logits.device)
    middle = BINS // 2
    weighted = probs * bins
    sides = weighted[..., :middle].flip(-1) + weighted[..., middle + 1 :]
    return weighted[..., middle] + sides.sum(-1)


def twohot_loss(logits: Tensor, target: Tensor, second: Tensor | None = None) -> Tensor:
    """Cross-entropy to the two-hot encoding of a target, linear between raw (not symlog) bins.

    Args:
        logits: (..., 255). target: (...,) float32; outside the bins the end bin has all the weight.
        second: a further target whose loss is added (the slow value's regulariser).

    Returns:
        (...,) float32.
    """
    targets = [target] if second is None else [target, second]
    columns, shares = [], []
    for value in targets:
        below, above, weight = twohot_weights(value.detach())
        columns += [below, above]
        shares += [1 - weight, weight]
    out: Tensor = _TwoHotLoss.apply(logits, torch.stack(columns, -1), torch.stack(shares, -1))
    return out


class _TwoHotLoss(Function):
    """sum of shares * (logsumexp - logit of their columns): one pass forward, one backward, no dense targets."""

    @staticmethod
    def forward(ctx: Any, logits: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
        chosen = logits.gather(-1, columns).float()
        total = torch.empty(logits.shape[:-1], dtype=torch.float32, device=logits.device)
        for part in _row_blocks(logits):
            total.view(-1)[part] = logits.reshape(-1, BINS)[part].float().logsumexp(-1)
        ctx.save_for_backward(logits, columns, shares)
        return ((total.unsqueeze(-1) - chosen) * shares).sum(-1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        logits, columns, shares = ctx.saved_tensors
        rows, out = logits.reshape(-1, BINS), torch.empty(logits.shape, dtype=logits.dtype, device=logits.device)
        columns, shares = columns.flatten(0, -2), (shares * grad.unsqueeze(-1)).flatten(0, -2)
        for part in _row_blocks(logits):
            slope = torch.softmax(rows[part].float(), -1).mul_(shares[part].sum(-1, keepdim=True))
            out.view(-1, BINS)[part].copy_(slope.scatter_add_(-1, columns[part], -shares[part]))
        return out, None, None


def _row_blocks(logits: Tensor) -> list[slice]:
    """Slices over the rows of (..., 255), each small enough for the cache; one slice on a GPU."""
    rows = logits.numel() // BINS
    step = rows if logits.device.type != "cpu" else 1024
    return [slice(start, start + step) for start in range(0, rows, step)]


def twohot_weights(target: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices (...,) of the bins below and above the target and the weight (...,) of the one above."""
    bins = twohot_bins(target.device)
    above = torch.searchsorted(bins, target.contiguous(), right=True).clamp(0, BINS - 1)
    below = (above - 1).clamp(min=0)
    # A target on or outside an end bin has all its weight there.
    below = torch.where(target >= bins[-1], above, below)
    span = bins[above] - bins[below]
    weight = torch.where(span > 0, (target - bins[below]) / span.clamp(min=1e-30), torch.zeros_like(span))
    return below, above, weight.clamp(0, 1)


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


def binary_loss(logit: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a Bernoulli to a soft target, element by element, float32."""
    return F.binary_cross_entropy_with_logits(logit.float(), target, reduction="none")
