"""The recurrence with and without its shortcuts past steps at which nothing begins or ends."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.trainer.loop_support import TINY
from trainer.randomness import torch_generator
from trainer.world_model import rssm
from trainer.world_model.rssm import RSSM, Sequence

BATCH, LENGTH, TOKENS = 3, 8, 32
TOLERANCE = {torch.float32: 1e-5, torch.bfloat16: 2e-2}
"""Of gradients, which are summed in another order."""


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_every_step_computed_is_what_the_shortcuts_compute(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype) -> None:
    model = RSSM(TINY.size, TOKENS, 15, torch_generator(0, "rssm test")).to(dtype)
    draw = torch_generator(0, "rssm test", 1)
    is_first = torch.zeros(BATCH, LENGTH, dtype=torch.bool)
    is_first[:, 0] = is_first[1, 4] = True
    blind = torch.zeros_like(is_first)
    blind[1, 3] = blind[2, 7] = True
    tokens = torch.randn(BATCH, LENGTH, TOKENS, generator=draw).to(dtype)
    action = torch.randint(15, (BATCH, LENGTH), generator=draw)
    noise = torch.rand(BATCH, LENGTH, model.stoch, generator=draw)

    def observed() -> tuple[Sequence, list[Tensor]]:
        sequence = model.observe(model.initial(BATCH), tokens, action, is_first, noise, blind=blind)
        parts = (sequence.deter, sequence.stoch, sequence.logits)
        draws = torch_generator(0, "rssm test", 2)
        loss = torch.stack([(x.float() * torch.randn(x.shape, generator=draws)).sum() for x in parts]).sum()
        return sequence, list(torch.autograd.grad(loss, list(model.parameters())))

    assert rssm._steps_with(blind) == [False, False, False, True, False, False, False, True]
    few, few_grads = observed()
    monkeypatch.setattr(rssm, "_steps_with", lambda flags: [True] * flags.shape[1])
    every, every_grads = observed()
    for ours, theirs in zip(few, every, strict=True):
        assert torch.equal(ours, theirs)
    for (name, _), ours, theirs in zip(model.named_parameters(), few_grads, every_grads, strict=True):
        assert (ours - theirs).norm() <= TOLERANCE[dtype] * theirs.norm(), name
        assert theirs.any(), name
