"""Layers that a recurrence calls at every step: the gradients of their weights are one product at the end.

Otherwise T steps make T small products and add each to the sum so far, which takes all weights through memory 3 T
times, and in bfloat16 rounds that sum T times.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from trainer.nn.layers import BlockLinear, Linear

_Left = dict[int, tuple[Tensor, Tensor]]
"""Input and output's gradient of each call, by its number."""


class _Weights(Function):
    """Kernel and bias as they are. When their gradients are asked for, every call has left its part."""

    @staticmethod
    def forward(ctx: Any, kernel: Tensor, bias: Tensor, left: _Left) -> tuple[Tensor, Tensor]:
        ctx.left, ctx.shape = left, bias.shape
        ctx.set_materialize_grads(False)
        return kernel.view_as(kernel), bias.view_as(bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *nothing: None) -> tuple[Tensor, Tensor, None]:
        inputs, grads = (torch.cat(parts, -2) for parts in zip(*ctx.left.values(), strict=True))
        ctx.left.clear()
        return torch.matmul(inputs.mT, grads), grads.sum(-2).view(ctx.shape), None


class _Call(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor, left: _Left, number: int) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.left, ctx.number = left, number
        if x.dim() == 2:
            return torch.addmm(bias, x, kernel)
        return torch.baddbmm(bias.view(kernel.shape[0], 1, kernel.shape[2]), x, kernel)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, kernel = ctx.saved_tensors
        ctx.left[ctx.number] = x, grad
        return torch.matmul(grad, kernel.mT), None, None, None, None


class Unrolled:
    """A layer for the calls of one forward pass, whose numbers are its own.

    Args:
        layer: as it is now, with gradients.
    """

    def __init__(self, layer: Linear | BlockLinear) -> None:
        self._left: _Left = {}
        self._kernel, self._bias = _Weights.apply(layer.kernel, layer.bias, self._left)
        self._calls = 0

    def __call__(self, x: Tensor) -> Tensor:
        """(N, in) to (N, out), or (blocks, N, in / blocks) to (blocks, N, out / blocks)."""
        self._calls += 1
        out: Tensor = _Call.apply(x, self._kernel, self._bias, self._left, self._calls)
        return out
