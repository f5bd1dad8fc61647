"""Distributions: what the goldens do not reach."""

from __future__ import annotations

import torch

from trainer.nn import distributions


def test_bins_first_asked_for_in_inference_mode_serve_training() -> None:
    distributions._bins_on.cache_clear()
    with torch.inference_mode():
        distributions.twohot_bins()
    logits = torch.zeros(2, distributions.BINS, requires_grad=True)
    distributions.twohot_mean(logits).sum().backward()
    assert logits.grad is not None and torch.isfinite(logits.grad).all()
