"""The elementwise chains of an update as compiled C, for this very processor: the functions of kernels.c.

They compute what :mod:`trainer.nn.blockwise` does, up to the last bits, several times as fast: a chain of torch's
operations goes over memory once for each of them, also where that is a cache, and over narrow rows slowly.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from trainer.nn.compiling import CannotCompile, compiled, is_compiled

_PARAMETERS = {
    "norm_silu": (3, 4),
    "norm_silu_back": (5, 5),
    "pool_norm_silu": (3, 5),
    "pool_norm_silu_back": (5, 6),
    "gated": (3, 7),
    "gated_back": (5, 7),
    "picture_error": (3, 4),
    "picture_error_back": (4, 4),
    "twohot_mean": (3, 3),
    "twohot_loss": (4, 4),
    "twohot_loss_back": (5, 4),
    "draw": (3, 4),
}
"""How many pointers each function takes, and how many numbers after them, the last one that of threads."""
_TYPES = (torch.float32, torch.bfloat16)
_WIDEST, _TILE = 16_384, 2_048  # see kernels.c
_BINS = 255  # there, too
_PARTS = 64  # of rows, whose gradients for a scale are added up one by one: fixed, so that threads do not matter
_LEAST_ROWS = 16  # in such a part

_Kernels = dict[str, Callable[..., None]]


@cache
def load() -> _Kernels:
    """The kernels by name, compiled first if they are not.

    Raises:
        CannotCompile: there is no compiler, or it cannot do this, or the cache folder cannot be written.
    """
    return _load(compiled())


def loads_at_once() -> bool:
    """Whether they are compiled already and can be used; nothing is compiled."""
    if not is_compiled():
        return False
    try:
        load()
    except CannotCompile:
        return False
    return True


def _load(path: Path) -> _Kernels:
    try:
        library = ctypes.CDLL(str(path))
        kernels = {name: library[name] for name in _PARAMETERS}
    except (OSError, AttributeError) as error:
        raise CannotCompile(f"{path} cannot be loaded ({error})") from error
    for name, (pointers, numbers) in _PARAMETERS.items():
        kernels[name].argtypes = [ctypes.c_void_p] * pointers + [ctypes.c_long] * numbers
        kernels[name].restype = None
    return dict(kernels)


def takes(x: Tensor) -> bool:
    """Whether the kernels can compute with activations of this place, type and width."""
    return x.device.type == "cpu" and x.dtype in _TYPES and x.shape[-1] <= _WIDEST


def norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """As of :mod:`trainer.nn.blockwise`, as everything below."""
    _check(_fits(scale, torch.float32, x.shape[-1:]))
    x, scale, width = x.contiguous(), scale.contiguous(), x.shape[-1]
    out = torch.empty_like(x)
    _call("norm_silu", (x, scale, out), x.numel() // width, width, _is_half(x))
    return out


def norm_silu_back(x: Tensor, scale: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of x and scale."""
    _check(_fits(scale, torch.float32, x.shape[-1:]) and _fits(grad, x.dtype, x.shape))
    x, scale, grad, width = x.contiguous(), scale.contiguous(), grad.contiguous(), x.shape[-1]
    rows = x.numel() // width
    out, parts = torch.empty_like(x), _parts(rows, scale)
    _call("norm_silu_back", (x, scale, grad, out, parts), rows, len(parts), width, _is_half(x))
    return out, parts.sum(0)


def pool_norm_silu(x: Tensor, scale: Tensor) -> Tensor:
    """2x2 max-pooling first."""
    _check(_fits(scale, torch.float32, x.shape[-1:]) and len(scale) <= _TILE and not any(n % 2 for n in x.shape[1:3]))
    x, scale = x.contiguous(), scale.contiguous()
    frames, height, columns, width = x.shape
    out = x.new_empty(frames, height // 2, columns // 2, width)
    _call("pool_norm_silu", (x, scale, out), frames * height // 2, columns // 2, width, _is_half(x))
    return out


def pool_norm_silu_back(x: Tensor, scale: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of x and scale."""
    frames, height, columns, width = x.shape
    _check(_fits(scale, torch.float32, (width,)) and width <= _TILE)
    _check(_fits(grad, x.dtype, (frames, height // 2, columns // 2, width)))
    x, scale, grad = x.contiguous(), scale.contiguous(), grad.contiguous()
    rows = frames * height // 2
    out, parts = torch.empty_like(x), _parts(rows, scale)
    tensors = (x, scale, grad, out, parts)
    _call("pool_norm_silu_back", tensors, rows, len(parts), columns // 2, width, _is_half(x))
    return out, parts.sum(0)


def gated(gates: Tensor, deter: Tensor) -> Tensor:
    """The recurrent step's last part."""
    _check_gates(gates, deter)
    gates, deter = _with_rows(gates), deter.contiguous()
    out = torch.empty_like(deter)
    _call("gated", (gates, deter, out), *_layout(gates), _is_half(gates))
    return out


def gated_back(gates: Tensor, deter: Tensor, grad: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of gates and deter."""
    _check_gates(gates, deter)
    _check(_fits(grad, deter.dtype, deter.shape))
    gates, deter, grad = _with_rows(gates), deter.contiguous(), grad.contiguous()
    grad_gates, grad_deter = torch.empty_like(gates), torch.empty_like(deter)
    _call("gated_back", (gates, deter, grad, grad_gates, grad_deter), *_layout(gates), _is_half(gates))
    return grad_gates, grad_deter


def picture_error(logits: Tensor, target: Tensor) -> Tensor:
    """Of logits in phase order."""
    _check_picture(logits, target)
    logits, picture = logits.contiguous(), _picture_of(target)
    out = logits.new_empty(len(logits))
    _call("picture_error", (logits, picture, out), *logits.shape[:3])
    return out


def picture_error_back(logits: Tensor, target: Tensor, grad: Tensor) -> Tensor:
    """The gradient of the logits."""
    _check_picture(logits, target)
    _check(_fits(grad, torch.float32, logits.shape[:1]))
    logits, picture, grad = logits.contiguous(), _picture_of(target), grad.contiguous()
    out = torch.empty_like(logits)
    _call("picture_error_back", (logits, picture, grad, out), *logits.shape[:3])
    return out


def twohot_mean(logits: Tensor, bins: Tensor) -> Tensor:
    """The expected value."""
    _check(logits.shape[-1] == _BINS and _fits(bins, torch.float32, (_BINS,)))
    logits, bins = logits.contiguous(), bins.contiguous()
    out = logits.new_empty(logits.shape[:-1], dtype=torch.float32)
    _call("twohot_mean", (logits, bins, out), out.numel(), _is_half(logits))
    return out


def twohot_loss(logits: Tensor, columns: Tensor, shares: Tensor) -> Tensor:
    """The cross-entropy."""
    _check_twohot(logits, columns, shares)
    logits, columns, shares = logits.contiguous(), columns.contiguous(), shares.contiguous()
    out = logits.new_empty(logits.shape[:-1], dtype=torch.float32)
    _call("twohot_loss", (logits, columns, shares, out), out.numel(), columns.shape[-1], _is_half(logits))
    return out


def twohot_loss_back(logits: Tensor, columns: Tensor, shares: Tensor, grad: Tensor) -> Tensor:
    """The gradient of the logits."""
    _check_twohot(logits, columns, shares)
    _check(_fits(grad, torch.float32, logits.shape[:-1]))
    logits, columns, shares, grad = (tensor.contiguous() for tensor in (logits, columns, shares, grad))
    out = torch.empty_like(logits)
    tensors = (logits, columns, shares, grad, out)
    _call("twohot_loss_back", tensors, grad.numel(), columns.shape[-1], _is_half(logits))
    return out


def draw(logits: Tensor, noise: Tensor) -> Tensor:
    """A class of every categorical."""
    _check(_fits(noise, torch.float32, logits.shape[:-1]) and logits.shape[-1] <= _TILE)
    logits, noise, width = logits.contiguous(), noise.contiguous(), logits.shape[-1]
    out = torch.empty(logits.shape[:-1], dtype=torch.int64)
    _call("draw", (logits, noise, out), out.numel(), width, _is_half(logits))
    return out


def _call(name: str, tensors: Sequence[Tensor], *numbers: int) -> None:
    load()[name](*(tensor.data_ptr() for tensor in tensors), *numbers, torch.get_num_threads())


def _check(fits: bool) -> None:
    """C reads what it is told to, wherever that lies."""
    if not fits:
        raise ValueError("these tensors do not fit each other; see the function in trainer.nn.fused.")


def _fits(tensor: Tensor, dtype: torch.dtype, shape: Sequence[int]) -> bool:
    return tensor.dtype == dtype and tensor.shape == tuple(shape) and tensor.device.type == "cpu"


def _check_gates(gates: Tensor, deter: Tensor) -> None:
    rows, blocks, three, width = gates.shape
    _check(three == 3 and width <= _TILE and _fits(deter, gates.dtype, (rows, blocks * width)))


def _check_picture(logits: Tensor, target: Tensor) -> None:
    _check(logits.shape[3:] == (2, 2, 3) and 12 * logits.shape[2] <= _TILE)
    _check(logits.dtype == torch.float32 and _fits(target, torch.uint8, logits.shape))


def _check_twohot(logits: Tensor, columns: Tensor, shares: Tensor) -> None:
    _check(logits.shape[-1] == _BINS and columns.shape[:-1] == logits.shape[:-1])
    _check(columns.dtype == torch.int64 and _fits(shares, torch.float32, columns.shape))


def _is_half(x: Tensor) -> bool:
    return x.dtype == torch.bfloat16


def _parts(rows: int, scale: Tensor) -> Tensor:
    """Room for what each part of the rows adds to the scale's gradient."""
    return scale.new_empty(max(1, min(_PARTS, rows // _LEAST_ROWS)), len(scale))


def _with_rows(gates: Tensor) -> Tensor:
    """(N, blocks, 3, w) in one piece, whichever of the first two axes comes first."""
    whole = gates.is_contiguous() or gates.transpose(0, 1).is_contiguous()
    return gates if whole else gates.contiguous()


def _layout(gates: Tensor) -> tuple[int, int, int, int, int]:
    rows, blocks, _, width = gates.shape
    return rows, blocks, width, gates.stride(0), gates.stride(1)


def _picture_of(target: Tensor) -> Tensor:
    """(N, h, w, 2, 2, 3) in phase order as the picture that it is a view of."""
    return target.permute(0, 1, 3, 2, 4, 5).contiguous()
