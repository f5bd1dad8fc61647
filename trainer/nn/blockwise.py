"""The elementwise chains of an update in torch's own operations, block by block: for every device and machine.

Activations of the convolutional stacks are far larger than any cache; what their elementwise chains cost is the
traffic. Each function here works block by block on scratch memory that stays in the cache, and computes in float32. On
a GPU the whole tensor is one block. :mod:`trainer.nn.fused` says what each of them is.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.nn.categorical import sample_index, unimix_probs

EPS = 1e-4
"""Inside the root of every RMS norm (the reference's value)."""

BLOCK = 1 << 17
"""Elements a block holds: 512 KiB of float32, what a core's second-level cache takes."""


def _blocks(rows: int, width: int, device: torch.device) -> list[slice]:
    """Slices over rows of `width` elements."""
    step = rows if device.type != "cpu" else max(1, min(rows, BLOCK // width))
    return [slice(start, start + step) for start in range(0, rows, step)]


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


def norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """Of (..., C) and float32 (C,)."""
    width = x.shape[-1]
    rows = x.reshape(-1, width)
    out = torch.empty_like(rows)
    for part in _blocks(len(rows), width, x.device):
        _forward_rows(rows[part].float(), scale, out[part])
    return out.view(x.shape)


def norm_silu_back(x: Tensor, scale: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of both arguments of :func:`norm_silu`."""
    width = x.shape[-1]
    rows, grads = x.reshape(-1, width), grad.reshape(-1, width)
    out, grad_scale = torch.empty_like(rows), torch.zeros_like(scale)
    for part in _blocks(len(rows), width, x.device):
        grad_rows, grad_part = _backward_rows(rows[part].float(), scale, grads[part].float())
        out[part].copy_(grad_rows)
        grad_scale += grad_part
    return out.view(x.shape), grad_scale


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


def pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """Of (N, 2H, 2W, C) and float32 (C,)."""
    frames, height, width, channels = x.shape
    out = x.new_empty(frames, height // 2, width // 2, channels)
    for part in _blocks(frames, height * width * channels // 4, x.device):
        _forward_rows(pool(x[part]).float().view(-1, channels), scale, out[part].view(-1, channels))
    return out


def pool_norm_silu_back(x: Tensor, scale: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of both arguments of :func:`pool_norm_silu`."""
    frames, height, width, channels = x.shape
    out, grad_scale = torch.empty_like(x), torch.zeros_like(scale)
    for part in _blocks(frames, height * width * channels // 4, x.device):
        pooled = pool(x[part])
        rows, grad_part = _backward_rows(
            pooled.float().view(-1, channels), scale, grad[part].float().reshape(-1, channels)
        )
        grad_scale += grad_part
        _unpool(x[part], pooled, rows.view(pooled.shape), out[part])
    return out, grad_scale


def gated(gates: Tensor, deter: Tensor) -> Tensor:
    """Of (N, blocks, 3, w) and (N, blocks * w)."""
    reset, candidate, update = gates.float().unbind(2)
    candidate = torch.tanh(torch.sigmoid(reset) * candidate)
    after = torch.lerp(deter.view(candidate.shape).float(), candidate, torch.sigmoid(update - 1))
    return after.to(deter.dtype).reshape(deter.shape)


def gated_back(gates: Tensor, deter: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of both arguments of :func:`gated`."""
    reset, proposed, update = gates.float().unbind(2)
    before, grad = deter.view(proposed.shape).float(), grad.view(proposed.shape).float()
    reset, update = torch.sigmoid(reset), torch.sigmoid_(update - 1)
    candidate = torch.tanh(reset * proposed)
    through = torch.ops.aten.tanh_backward(grad * update, candidate)
    out = torch.empty_like(gates)
    out[:, :, 0] = torch.ops.aten.sigmoid_backward(through * proposed, reset)
    out[:, :, 1] = through * reset
    out[:, :, 2] = torch.ops.aten.sigmoid_backward(grad * (candidate - before), update)
    return out, (grad * (1 - update)).to(deter.dtype).reshape(deter.shape)


def picture_error(logits: Tensor, target: Tensor) -> Tensor:
    """Of float32 (N, ...) and uint8 of the same shape, any strides: (N,) float32."""
    loss = torch.empty(len(logits), dtype=torch.float32, device=logits.device)
    for part in _blocks(len(logits), logits[0].numel(), logits.device):
        error = torch.sigmoid(logits[part]).sub_(target[part].float().div_(255))
        loss[part] = error.square_().flatten(1).sum(1)
    return loss


def picture_error_back(logits: Tensor, target: Tensor, grad: Tensor) -> Tensor:
    """The gradient of the logits of :func:`picture_error`."""
    out = torch.empty_like(logits)
    shape = (-1, *[1] * (logits.dim() - 1))
    for part in _blocks(len(logits), logits[0].numel(), logits.device):
        mean = torch.sigmoid(logits[part])
        error = (mean - target[part].float().div_(255)).mul_(2 * grad[part].view(shape))
        out[part] = torch.ops.aten.sigmoid_backward(error, mean)
    return out


def twohot_mean(logits: Tensor, bins: Tensor) -> Tensor:
    """Of (..., C) and float32 (C,): (...,) float32."""
    weighted = torch.softmax(logits.float(), -1) * bins
    middle = len(bins) // 2
    sides = weighted[..., :middle].flip(-1) + weighted[..., middle + 1 :]
    return weighted[..., middle] + sides.sum(-1)


def twohot_loss(logits: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
    """Of (..., C), int64 (..., k) and float32 (..., k): (...,) float32."""
    chosen = logits.gather(-1, columns).float()
    rows = logits.reshape(-1, logits.shape[-1])
    total = torch.empty(len(rows), dtype=torch.float32, device=logits.device)
    for part in _blocks(len(rows), rows.shape[1], logits.device):
        total[part] = rows[part].float().logsumexp(-1)
    return ((total.view(chosen.shape[:-1]).unsqueeze(-1) - chosen) * shares).sum(-1)


def twohot_loss_back(logits: Tensor, columns: Tensor, shares: Tensor, grad: Tensor) -> Tensor:
    """The gradient of the logits of :func:`twohot_loss`."""
    rows = logits.reshape(-1, logits.shape[-1])
    out = torch.empty_like(rows)
    columns, shares = columns.flatten(0, -2), (shares * grad.unsqueeze(-1)).flatten(0, -2)
    for part in _blocks(len(rows), rows.shape[1], logits.device):
        slope = torch.softmax(rows[part].float(), -1).mul_(shares[part].sum(-1, keepdim=True))
        out[part] = slope.scatter_add_(-1, columns[part], -shares[part])
    return out.view(logits.shape)


def draw(logits: Tensor, noise: Tensor) -> Tensor:
    """Of (..., C) and float32 (...,): (...,) int64."""
    return sample_index(unimix_probs(logits), noise)
