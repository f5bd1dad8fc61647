"""The one-pass operations against plain torch in float64: values, gradients, and inputs left alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.nn import fused
from trainer.nn.fused import norm_silu, pool_norm_silu, sigmoid_squared_error
from trainer.nn.layers import Conv, fold_phases, unfold_phases


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks so small that every operation takes several."""
    monkeypatch.setattr(fused, "BLOCK", 64)


def _plain_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    return F.silu(x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-4) * scale)


def _plain_pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    frames, height, width, channels = x.shape
    windows = x.view(frames, height // 2, 2, width // 2, 2, channels)
    return _plain_norm_silu(windows.amax((2, 4)), scale)


def _agrees(ours: Callable[..., Tensor], plain: Callable[..., Tensor], *inputs: Tensor) -> None:
    copies = [x.clone() for x in inputs]
    mine = [x.requires_grad_() for x in inputs]
    theirs = [x.double().detach().requires_grad_() for x in inputs]
    got, want = ours(*mine), plain(*theirs)
    torch.testing.assert_close(got.double(), want, rtol=1e-5, atol=1e-5)
    weight = torch.rand(want.shape, generator=torch.Generator().manual_seed(1))
    got_grads = torch.autograd.grad((got * weight).sum(), mine)
    want_grads = torch.autograd.grad((want * weight).sum(), theirs)
    for got_grad, want_grad in zip(got_grads, want_grads, strict=True):
        torch.testing.assert_close(got_grad.double(), want_grad, rtol=1e-4, atol=1e-5)
    for after, before in zip(inputs, copies, strict=True):
        assert torch.equal(after, before), "an input was written over"


def _random(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_norm_silu() -> None:
    _agrees(norm_silu, _plain_norm_silu, _random(5, 7, 12), _random(12))


def test_pool_norm_silu() -> None:
    _agrees(pool_norm_silu, _plain_pool_norm_silu, _random(3, 8, 4, 6), _random(6))


def test_pooling_shares_the_gradient_of_ties_evenly() -> None:
    """As jnp.max and torch.amax do; max_pool2d would give it all to one pixel. Flat pictures are full of ties."""
    _agrees(pool_norm_silu, _plain_pool_norm_silu, _random(3, 8, 4, 6).round(), _random(6))


def test_sigmoid_squared_error() -> None:
    target = torch.randint(0, 256, (5, 4, 4, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))

    def plain(logits: Tensor) -> Tensor:
        return (logits.sigmoid() - target / 255).square().flatten(1).sum(1)

    _agrees(lambda logits: sigmoid_squared_error(logits, target), plain, _random(5, 4, 4, 3))


def test_upsampling_by_phases_is_upsampling_and_convolution() -> None:
    conv = Conv(4, 3, torch.Generator().manual_seed(0)).double()
    conv.bias.data = _random(3).double()
    x = _random(2, 6, 5, 4).double()
    phases = conv.upsampled(x)
    upsampled = x.repeat_interleave(2, 1).repeat_interleave(2, 2)
    torch.testing.assert_close(unfold_phases(phases), conv(upsampled), rtol=1e-6, atol=1e-6)
    assert torch.equal(fold_phases(unfold_phases(phases)), phases)
