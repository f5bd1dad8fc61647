"""Metrics of a batch whose parts several processes or threads have."""

from __future__ import annotations

from collections.abc import Sequence

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
    return joined(list(metrics), ranks.concatenate(torch.stack([metric.float() for metric in metrics.values()])[None]))


def joined(names: Sequence[str], table: Tensor) -> dict[str, Tensor]:
    """Metrics of a whole batch.

    Args:
        names: of the metrics. table: (parts, metrics), of parts of equal size.
    """
    rows = dict(zip(names, table.unbind(1), strict=True))
    whole = {name: row.mean() for name, row in rows.items()}
    for name in _SMALLEST:
        whole[name] = rows[name].min()
    for name in _LARGEST:
        whole[name] = rows[name].max()
    for name, mean in _SPREADS.items():
        square = (rows[name].square() + rows[mean].square()).mean() - whole[mean].square()
        whole[name] = square.clamp(min=0).sqrt()
    return whole
