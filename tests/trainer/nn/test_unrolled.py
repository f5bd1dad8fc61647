"""An unrolled layer: the numbers and gradients of the layer itself, of all its calls together."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from trainer.nn.layers import BlockLinear, Linear
from trainer.nn.unrolled import Unrolled

Layer = Linear | BlockLinear


def _layer(blocks: int) -> Layer:
    draws = torch.Generator().manual_seed(0)
    layer = BlockLinear(8, 8, blocks, draws) if blocks else Linear(8, 8, draws)
    layer.bias.data.uniform_(generator=draws)
    return layer.double()


def _recurrence(call: Callable[[Tensor], Tensor], x: Tensor, steps: int) -> Tensor:
    outputs = []
    for _ in range(steps):
        x = torch.tanh(call(x))
        outputs.append(x.square().sum())
    return torch.stack(outputs)


@pytest.mark.parametrize("blocks", [0, 2])
def test_numbers_and_gradients_are_those_of_the_layer(blocks: int) -> None:
    layer = _layer(blocks)
    shape = (blocks, 3, 8 // blocks) if blocks else (3, 8)
    x = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)).requires_grad_()
    inputs = [x, layer.kernel, layer.bias]
    theirs, ours = _recurrence(layer, x, 5), _recurrence(Unrolled(layer), x, 5)
    assert torch.equal(ours, theirs)
    for part in (slice(0, 5), slice(0, 2), slice(0, 5)):  # the second pass reaches some of the calls alone
        want = torch.autograd.grad(theirs[part].sum(), inputs, retain_graph=True)
        got = torch.autograd.grad(ours[part].sum(), inputs, retain_graph=True)
        for mine, wanted in zip(got, want, strict=True):
            torch.testing.assert_close(mine, wanted)


def test_the_sum_over_calls_is_rounded_once() -> None:
    layer, inputs = _layer(0).bfloat16(), torch.randn(200, 3, 8, generator=torch.Generator().manual_seed(1)).bfloat16()

    def gradient(call: Callable[[Tensor], Tensor], inputs: Tensor, kernel: Tensor) -> Tensor:
        return torch.autograd.grad(sum(call(x).sum() for x in inputs), kernel)[0].double()

    exact = _layer(0)
    wanted = gradient(exact, inputs.double(), exact.kernel)
    ours, theirs = ((gradient(call, inputs, layer.kernel) - wanted).norm() for call in (Unrolled(layer), layer))
    assert ours < 0.2 * theirs
