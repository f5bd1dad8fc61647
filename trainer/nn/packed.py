"""Layers for inference whose weights lie ready in the order in which oneDNN multiplies them.

An ordinary product of few rows spends most of its time on its weights: oneDNN brings them into its own order at every
call. Whoever asks the same weights again and again does that once. The numbers are those of :mod:`trainer.nn.layers`
up to the order of summation. Activations have pictures' channels last and blocks side by side, as everywhere.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.nn.blockwise import EPS
from trainer.nn.fused import norm_silu, takes_compiled
from trainer.nn.layers import BlockLinear, Conv, FineConv, Linear, Norm

_PLAIN: tuple[str, list[float], str] = (
    "none",
    [],
    "",
)  # nothing follows the product: no activation, its arguments, its variant


def can_pack(dtype: torch.dtype, device: torch.device) -> bool:
    """Whether oneDNN multiplies this type on this machine."""
    if device.type != "cpu" or not torch._C._has_mkldnn:
        return False
    if dtype == torch.bfloat16:
        return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return dtype == torch.float32


class PackedLinear:
    """:class:`trainer.nn.layers.Linear` of matrices, or several that see the same input, side by side.

    Args:
        kernel: (in, out). bias: (out,) or None.
    """

    def __init__(self, kernel: Tensor, bias: Tensor | None) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(kernel.detach().t().contiguous(), 1)
        self._bias = None if bias is None else bias.detach().clone()

    @classmethod
    def of(cls, *layers: Linear) -> PackedLinear:
        """Of layers as they are now."""
        return cls(torch.cat([layer.kernel for layer in layers], 1), torch.cat([layer.bias for layer in layers]))

    def __call__(self, x: Tensor) -> Tensor:
        """(N, in) to (N, out)."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise.default(x, self._weight, self._bias, *_PLAIN)
        return out

    def added_to(self, other: Tensor, x: Tensor) -> Tensor:
        """`other` (N, out) + (N, in) to (N, out), rounded once."""
        out: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self._weight, self._bias, "add")
        return out


class PackedConv:
    """A convolution of stride 1 on pictures, zeros around them.

    Args:
        kernel: (out, in / groups, k, k). bias: (out,).
        side: pixels of a picture in both directions; others work too, but then oneDNN may reorder at every call.
        groups: of channels that see nothing of each other.
    """

    def __init__(self, kernel: Tensor, bias: Tensor, side: int, groups: int = 1) -> None:
        self._groups, self._padding, self._bias = groups, [kernel.shape[-1] // 2] * 2, bias.detach().clone()
        kernel = kernel.detach().contiguous(memory_format=torch.channels_last)
        picture = [1, kernel.shape[1] * groups, side, side]
        self._kernel = torch.ops.mkldnn._reorder_convolution_weight(
            kernel, self._padding, [1, 1], [1, 1], groups, picture
        )

    @classmethod
    def of(cls, conv: Conv, side: int) -> PackedConv:
        """Of :meth:`Conv.forward`."""
        return cls(conv.kernel, conv.bias, side)

    @classmethod
    def upsampled(cls, conv: Conv, side: int) -> PackedConv:
        """Of :meth:`Conv.upsampled`, the four pixels of a phase side by side: (N, H, W, in) to (N, H, W, 4 out)."""
        return cls(*conv.phases(), side)

    def __call__(self, x: Tensor) -> Tensor:
        """(N, H, W, in) to (N, H, W, out)."""
        out: Tensor = torch.ops.mkldnn._convolution_pointwise.default(
            x.permute(0, 3, 1, 2), self._kernel, self._bias, self._padding, [1, 1], [1, 1], self._groups, *_PLAIN
        )
        return out.permute(0, 2, 3, 1).contiguous()


class PackedFineConv:
    """:meth:`FineConv.upsampled`, the four pixels of a phase side by side: (N, H, W, in) to (N, H, W, 4 out) float32.

    Args:
        conv: as it is now. dtype: of the activations. side: see :class:`PackedConv`.
    """

    def __init__(self, conv: FineConv, dtype: torch.dtype, side: int) -> None:
        parts = [conv.phases()] if dtype == conv.kernel.dtype else conv.parts(dtype)
        kernels, biases = zip(*parts, strict=True)
        self._parts = len(parts)
        self._conv = PackedConv(torch.cat(kernels), torch.cat(biases), side)

    def __call__(self, x: Tensor) -> Tensor:
        """(N, H, W, in) to (N, H, W, 4 out) float32."""
        out = self._conv(x).float()
        return out if self._parts == 1 else torch.add(*out.chunk(2, -1))


class PackedBlocks:
    """:class:`trainer.nn.layers.BlockLinear`, as a grouped convolution of single pixels: a row of N is a picture.

    Args:
        layer: as it is now.
    """

    def __init__(self, layer: BlockLinear) -> None:
        blocks, _, _ = layer.kernel.shape
        kernel = layer.kernel.transpose(1, 2).flatten(0, 1).unsqueeze(-1).unsqueeze(-1)
        self._conv = PackedConv(kernel, layer.bias, 1, blocks)

    def __call__(self, x: Tensor) -> Tensor:
        """(N, in) to (N, out): block after block."""
        return self._conv(x.view(1, 1, *x.shape)).view(x.shape[0], -1)


class PackedNorm:
    """:class:`trainer.nn.layers.Norm`, for inputs that fit into the cache; several side by side have a row each.

    Args:
        norms: as they are now.
    """

    def __init__(self, *norms: Norm) -> None:
        self._scale = torch.stack([norm.scale.detach().float() for norm in norms]).squeeze(0)
        self._width = self._scale.shape[-1:]

    def __call__(self, x: Tensor) -> Tensor:
        """(..., width) to the same; of n > 1 norms, (..., n, width)."""
        if self._scale.dim() == 1 and takes_compiled(x):
            return norm_silu(x, self._scale)
        if self._scale.dim() == 1:
            normed = torch.rms_norm(x.float(), self._width, self._scale, EPS)
        else:
            normed = torch.rms_norm(x.float(), self._width, None, EPS).mul_(self._scale)
        return F.silu(normed, inplace=True).to(x.dtype)
