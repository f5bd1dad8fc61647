"""Metrics of a batch whose parts several processes have."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.distributed import Ranks

_SMALLEST = ("ret_min",)
_LARGEST = ("ret_max",)
_SPREADS = {"adv_std": "adv"}
"""Standard deviations, and the means they are about."""


def over_all_ranks(metrics: dict[str, Tensor], ranks: Ranks) -> dict[str, Tensor]:
    """Metrics of the joined batch, equal on every rank; every rank's part of it has the same size.

    All are means but for a few: smallest and largest values, and standard deviations, whose square over all is the mean
    of (std^2 + mean^2) less the square of the mean over all.

    Args:
        metrics: name to scalar, of this rank's part. ranks: who has the other parts.

    Raises:
        RankLost: another rank is gone.
    """
    if ranks.size == 1:
        return metrics
    parts = ranks.concatenate(torch.stack([metric.float() for metric in metrics.values()])[None])
    rows = dict(zip(metrics, parts.unbind(1), strict=True))
    joined = {name: row.mean() for name, row in rows.items()}
    for name in _SMALLEST:
        joined[name] = rows[name].min()
    for name in _LARGEST:
        joined[name] = rows[name].max()
    for name, mean in _SPREADS.items():
        square = (rows[name].square() + rows[mean].square()).mean() - joined[mean].square()
        joined[name] = square.clamp(min=0).sqrt()
    return joined
