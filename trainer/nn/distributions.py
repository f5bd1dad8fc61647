"""Symexp two-hot and binary distributions, in float32.

Sources: DreamerV3 (Hafner et al., 2023), sections on robust predictions; the reference's outs.py.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.nn import fused

BINS = 255
"""Bins of the two-hot distributions."""


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
    return fused.twohot_mean(logits, twohot_bins(logits.device))


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
    return fused.twohot_loss(logits, torch.stack(columns, -1), torch.stack(shares, -1))


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


def binary_loss(logit: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy of a Bernoulli to a soft target, element by element, float32."""
    return F.binary_cross_entropy_with_logits(logit.float(), target, reduction="none")
