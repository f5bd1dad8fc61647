"""The elementwise chains of an update, each as one operation, forward and backward.

Each keeps only its inputs for the backward pass, computes in float32 inside, and comes in two ways with the same
numbers up to the last bits: compiled for this processor (:mod:`trainer.nn.native`), or in torch's own operations
(:mod:`trainer.nn.blockwise`), which is what a GPU takes, and a machine without a compiler. A training says which of
them it uses; nobody else runs a compiler.
Layout: channels last, `(..., C)`.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from trainer.nn import blockwise, native

_compiled: bool | None = None


def use_compiled(compiled: bool) -> None:
    """Say how this process computes from now on, in all of its threads.

    Args:
        compiled: by the compiled kernels, for what they can take; otherwise everything in torch's own operations.

    Raises:
        CannotCompile: they are asked for and cannot be had.
    """
    global _compiled
    if compiled:
        native.load()
    _compiled = compiled


def takes_compiled(x: Tensor) -> bool:
    """Whether operations on `x` are the compiled ones: where nobody said how, if somebody compiled them before."""
    global _compiled
    if _compiled is None:
        _compiled = native.loads_at_once()
    return _compiled and native.takes(x)


def _way(x: Tensor) -> ModuleType:
    return native if takes_compiled(x) else blockwise


class _NormSiLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        out: Tensor = _way(x).norm_silu(x, scale.float())
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        grad_x, grad_scale = _way(x).norm_silu_back(x, scale.float(), grad)
        return grad_x, grad_scale.to(scale.dtype)


def norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """SiLU of the RMS norm over the last axis.

    `silu(x * rsqrt(mean(x^2) + 1e-4) * scale)`.

    Args:
        x: (..., C). scale: (C,).

    Returns:
        (..., C) of x's dtype.
    """
    # What autograd costs to set up is half of a small call.
    out: Tensor = _NormSiLU.apply(x, scale) if torch.is_grad_enabled() else _way(x).norm_silu(x, scale.float())
    return out


class _PoolNormSiLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        out: Tensor = _way(x).pool_norm_silu(x, scale.float())
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        grad_x, grad_scale = _way(x).pool_norm_silu_back(x, scale.float(), grad)
        return grad_x, grad_scale.to(scale.dtype)


def pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """2x2 max-pool, then RMS norm over channels, then SiLU; ties share the gradient evenly (as jnp.max does).

    Args:
        x: (N, 2H, 2W, C). scale: (C,).

    Returns:
        (N, H, W, C) of x's dtype.
    """
    out: Tensor = _PoolNormSiLU.apply(x, scale) if torch.is_grad_enabled() else _way(x).pool_norm_silu(x, scale.float())
    return out


class _Gated(Function):
    @staticmethod
    def forward(ctx: Any, gates: Tensor, deter: Tensor) -> Tensor:
        ctx.save_for_backward(gates, deter)
        out: Tensor = _way(gates).gated(gates, deter)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        gates, deter = ctx.saved_tensors
        grad_gates, grad_deter = _way(gates).gated_back(gates, deter, grad)
        return grad_gates, grad_deter


def gated(gates: Tensor, deter: Tensor) -> Tensor:
    """What the gates of a GRU make of its state, rounded once.

    `deter + sigmoid(update - 1) * (tanh(sigmoid(reset) * candidate) - deter)`, as in the reference's rssm.py.

    Args:
        gates: (N, blocks, 3, w), raw: reset, candidate and update of each block.
        deter: (N, blocks * w), before, of the same dtype.

    Returns:
        (N, blocks * w).
    """
    out: Tensor = _Gated.apply(gates, deter) if torch.is_grad_enabled() else _way(gates).gated(gates, deter)
    return out


class _PictureError(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor) -> Tensor:
        ctx.save_for_backward(logits, target)
        out: Tensor = _way(logits).picture_error(logits, target)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, target = ctx.saved_tensors
        return _way(logits).picture_error_back(logits, target, grad), None


def picture_error(logits: Tensor, target: Tensor) -> Tensor:
    """Squared error of sigmoid(logits) to target / 255, summed over each picture.

    Args:
        logits: (N, h, w, 2, 2, 3) float32, in phase order. target: uint8 of the same shape, any strides; the fastest
            is a view of pictures.

    Returns:
        (N,) float32.
    """
    out: Tensor = _PictureError.apply(logits, target)
    return out


class _TwoHotLoss(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
        ctx.save_for_backward(logits, columns, shares)
        out: Tensor = _way(logits).twohot_loss(logits, columns, shares)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        logits, columns, shares = ctx.saved_tensors
        return _way(logits).twohot_loss_back(logits, columns, shares, grad), None, None


def twohot_loss(logits: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
    """Cross-entropy to a distribution that is 0 but in a few columns: no dense targets.

    Args:
        logits: (..., 255). columns: (..., k) int64. shares: (..., k) float32, which sum to any number.

    Returns:
        (...,) float32: the sum of shares * (logsumexp - logit of their columns).
    """
    out: Tensor = _TwoHotLoss.apply(logits, columns, shares)
    return out


def twohot_mean(logits: Tensor, bins: Tensor) -> Tensor:
    """Expected value over bins that mirror each other; symmetric logits give exactly 0.

    Args:
        logits: (..., 255). bins: (255,) float32, antisymmetric.

    Returns:
        (...,) float32.
    """
    learning = torch.is_grad_enabled() and logits.requires_grad
    out: Tensor = (blockwise if learning else _way(logits)).twohot_mean(logits, bins)
    return out


def draw(logits: Tensor, noise: Tensor) -> Tensor:
    """Draws from categoricals, one per cent of which is uniform, by inverting the cumulative distribution.

    Args:
        logits: (..., C). noise: (...,) float32, uniform in [0, 1).

    Returns:
        (...,) int64, without gradient.
    """
    out: Tensor = _way(logits).draw(logits, noise)
    return out
