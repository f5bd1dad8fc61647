"""Norm, activation and pooling in one pass over memory, forward and backward.

Activations of the convolutional stacks are far larger than any cache; what their elementwise chains cost is the
traffic. Each function here works block by block on scratch memory that stays in the cache, computes in float32, and
keeps only its input for the backward pass.
Layout: channels last, `(..., C)`, contiguous.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

EPS = 1e-4
"""Inside the root of every RMS norm (the reference's value)."""

BLOCK = 1 << 17
"""Elements a block holds: 512 KiB of float32, what a core's second-level cache takes."""


def _rows_per_block(rows: int, width: int, device: torch.device) -> int:
    """Rows a block holds; on a GPU the whole tensor is one block."""
    return rows if device.type != "cpu" else max(1, min(rows, BLOCK // width))


def _forward_rows(x: Tensor, scale: Tensor, out: Tensor) -> None:
    """out = silu(rms_norm(x) * scale) for rows (R, C) of float32 `x`."""
    root = torch.rsqrt_((x * x).mean(-1, keepdim=True).add_(EPS))
    x = (x * root).mul_(scale)
    out.copy_(F.silu(x, inplace=True))


def _backward_rows(x: Tensor, scale: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients (R, C) for x and (C,) for scale, from float32 `x` and `grad`."""
    root = torch.rsqrt_((x * x).mean(-1, keepdim=True).add_(EPS))
    normed = x * root
    grad = torch.ops.aten.silu_backward(grad, normed * scale)
    grad_scale = (grad * normed).sum(0)
    grad.mul_(scale)
    inner = (grad * normed).mean(-1, keepdim=True)
    grad.addcmul_(normed, inner, value=-1).mul_(root)
    return grad, grad_scale


def _norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    width = x.shape[-1]
    rows = x.reshape(-1, width)
    out = torch.empty_like(rows)
    scale32 = scale.float()
    step = _rows_per_block(rows.shape[0], width, x.device)
    for start in range(0, rows.shape[0], step):
        _forward_rows(rows[start : start + step].float(), scale32, out[start : start + step])
    return out.view(x.shape)


class _NormSiLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        return _norm_silu(x, scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        width = x.shape[-1]
        rows, grads = x.reshape(-1, width), grad.reshape(-1, width)
        out = torch.empty_like(rows)
        scale32 = scale.float()
        grad_scale = torch.zeros_like(scale32)
        step = _rows_per_block(rows.shape[0], width, x.device)
        for start in range(0, rows.shape[0], step):
            part = slice(start, start + step)
            grad_rows, grad_part = _backward_rows(rows[part].float(), scale32, grads[part].float())
            out[part].copy_(grad_rows)
            grad_scale += grad_part
        return out.view(x.shape), grad_scale.to(scale.dtype)


def norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """SiLU of the RMS norm over the last axis.

    `silu(x * rsqrt(mean(x^2) + 1e-4) * scale)`, in float32 inside.

    Args:
        x: (..., C). scale: (C,).

    Returns:
        (..., C) of x's dtype.
    """
    if not torch.is_grad_enabled():  # what autograd costs to set up is half of a small call
        return _norm_silu(x, scale)
    out: Tensor = _NormSiLU.apply(x, scale)
    return out


def pool(x: Tensor) -> Tensor:
    """2x2 max-pool of (n, 2h, 2w, C): rows first, which lie in one piece, then columns, a half of it."""
    frames, height, width, channels = x.shape
    rows = x.view(frames, height // 2, 2, width * channels)
    columns = torch.maximum(rows[:, :, 0], rows[:, :, 1]).view(frames, height // 2, width // 2, 2, channels)
    return torch.maximum(columns[:, :, :, 0], columns[:, :, :, 1])


def _twice(x: Tensor) -> Tensor:
    """Each pixel of (n, h, w, C) beside itself: (n, h, 1, 2 w C), a row of what was pooled."""
    frames, height, width, channels = x.shape
    doubled = x.unsqueeze(3).expand(frames, height, width, 2, channels)
    return doubled.reshape(frames, height, 1, 2 * width * channels)


def _unpool(x: Tensor, pooled: Tensor, grad: Tensor, out: Tensor) -> None:
    """Hands the gradient (n, h, w, C) of `pooled` to the winners of each window of `x`, in even shares, into `out`."""
    frames, height, width, channels = pooled.shape
    rows = x.view(frames, height, 2, 2 * width * channels)
    # Comparisons write 0 and 1 of x's own dtype: products with booleans would convert element by element.
    winners = torch.eq(rows, _twice(pooled), out=torch.empty_like(rows))
    columns = (winners[:, :, 0] + winners[:, :, 1]).view(frames, height, width, 2, channels)
    share = grad.to(x.dtype).div_(columns[:, :, :, 0] + columns[:, :, :, 1])
    torch.mul(winners, _twice(share), out=out.view(rows.shape))


def _pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    frames, height, width, channels = x.shape
    out = x.new_empty(frames, height // 2, width // 2, channels)
    scale32 = scale.float()
    step = _rows_per_block(frames, height * width * channels // 4, x.device)
    for start in range(0, frames, step):
        pooled = pool(x[start : start + step]).float()
        _forward_rows(pooled.view(-1, channels), scale32, out[start : start + step].view(-1, channels))
    return out


class _PoolNormSiLU(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor) -> Tensor:
        ctx.save_for_backward(x, scale)
        return _pool_norm_silu(x, scale)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        x, scale = ctx.saved_tensors
        frames, height, width, channels = x.shape
        out = torch.empty_like(x)
        scale32 = scale.float()
        grad_scale = torch.zeros_like(scale32)
        step = _rows_per_block(frames, height * width * channels // 4, x.device)
        for start in range(0, frames, step):
            part = slice(start, start + step)
            pooled = pool(x[part])
            rows, grad_part = _backward_rows(
                pooled.float().view(-1, channels), scale32, grad[part].float().reshape(-1, channels)
            )
            grad_scale += grad_part
            _unpool(x[part], pooled, rows.view(pooled.shape), out[part])
        return out, grad_scale.to(scale.dtype)


def pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """2x2 max-pool, then RMS norm over channels, then SiLU; ties share the gradient evenly (as jnp.max does).

    Args:
        x: (N, 2H, 2W, C). scale: (C,).

    Returns:
        (N, H, W, C) of x's dtype.
    """
    if not torch.is_grad_enabled():
        return _pool_norm_silu(x, scale)
    out: Tensor = _PoolNormSiLU.apply(x, scale)
    return out


class _SigmoidSquaredError(Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, target: Tensor) -> Tensor:
        loss = torch.empty(logits.shape[0], dtype=torch.float32, device=logits.device)
        step = _rows_per_block(logits.shape[0], logits[0].numel(), logits.device)
        for start in range(0, logits.shape[0], step):
            part = slice(start, start + step)
            # float() copies nothing where logits are float32 already: the sigmoid must not be in place.
            error = torch.sigmoid(logits[part].float()).sub_(target[part].float().div_(255))
            loss[part] = error.square_().flatten(1).sum(1)
        ctx.save_for_backward(logits, target)
        return loss

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        logits, target = ctx.saved_tensors
        out = torch.empty_like(logits)
        step = _rows_per_block(logits.shape[0], logits[0].numel(), logits.device)
        shape = (-1, *[1] * (logits.dim() - 1))
        for start in range(0, logits.shape[0], step):
            part = slice(start, start + step)
            mean = torch.sigmoid(logits[part].float())
            error = (mean - target[part].float().div_(255)).mul_(2 * grad[part].view(shape))
            out[part].copy_(torch.ops.aten.sigmoid_backward(error, mean))
        return out, None


def sigmoid_squared_error(logits: Tensor, target: Tensor) -> Tensor:
    """Squared error of sigmoid(logits) to target / 255, summed over all but the first axis.

    Args:
        logits: (N, ...). target: uint8 of the same shape, any strides.

    Returns:
        (N,) float32.
    """
    out: Tensor = _SigmoidSquaredError.apply(logits, target)
    return out
