"""Linear, block-linear and convolutional layers with the reference's initialisers, and the MLP of the heads.

Every layer has a bias, also before a norm. The order is always layer (-> pool) -> RMS norm -> SiLU.
Kernels keep the reference's layout, (in, out) and (blocks, in, out); convolutions keep torch's, (out, in, k, k).
"""

from __future__ import annotations

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainer.nn.fused import norm_silu, pool_norm_silu

TRUNCATION_GAIN = 1.1368
"""Restores the standard deviation that cutting a normal at two sigmas takes away (the reference's value)."""
_WITHIN = math.erf(math.sqrt(2))  # the share of a normal that lies within two sigmas


def truncated_normal(shape: tuple[int, ...], fan_in: int, scale: float, generator: torch.Generator) -> Tensor:
    """The reference's `trunc_normal_in`: a normal cut at +-2, times 1.1368 / sqrt(fan_in), times `scale`.

    Drawn by inverting the distribution, as the reference does: torch's own `trunc_normal_` draws the whole tensor again
    until none of it lies outside, which takes five times as long.

    Args:
        shape: of the tensor. fan_in: inputs one output sums over. scale: the layer's `outscale`.
        generator: where the draws come from.
    """
    values = torch.empty(shape).uniform_(-_WITHIN, _WITHIN, generator=generator).erfinv_()
    sigma = TRUNCATION_GAIN * scale / math.sqrt(fan_in)
    return values.mul_(math.sqrt(2) * sigma)  # in place: a product of meta tensors imports the compiler


class Linear(nn.Module):
    """y = x @ kernel + bias.

    Attributes:
        kernel: (in, out). bias: (out,).
    """

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator, outscale: float = 1.0) -> None:
        super().__init__()
        self.kernel = nn.Parameter(truncated_normal((inputs, outputs), inputs, outscale, generator))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        if x.dim() == 2:
            return torch.addmm(self.bias, x, self.kernel)
        out = torch.addmm(self.bias, x.reshape(-1, x.shape[-1]), self.kernel)
        return out.view(*x.shape[:-1], out.shape[-1])


class FineLinear(Linear):
    """A linear layer that computes in float32, and whose kernel and bias stay so: for logits.

    Rounded to bfloat16, a logit of 8 is up to 0.03 off, and its probability 3 %.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out), float32."""
        return super().forward(x.float())


class BlockLinear(nn.Module):
    """A linear layer whose kernel is block-diagonal: block j maps slice j of the input to slice j of the output.

    The fan-in of the initialiser is the total input width, as in the reference (nets.py), not the block's.

    Attributes:
        kernel: (blocks, in / blocks, out / blocks). bias: (out,).
    """

    def __init__(self, inputs: int, outputs: int, blocks: int, generator: torch.Generator) -> None:
        super().__init__()
        shape = (blocks, inputs // blocks, outputs // blocks)
        self.kernel = nn.Parameter(truncated_normal(shape, inputs, 1.0, generator))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(blocks, N, in / blocks) to (blocks, N, out / blocks)."""
        bias = self.bias.view(self.kernel.shape[0], 1, self.kernel.shape[2])
        return torch.baddbmm(bias, x, self.kernel)


class Norm(nn.Module):
    """RMS norm over the last axis and SiLU.

    Attributes:
        scale: (width,).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same."""
        return norm_silu(x, self.scale)

    def pooled(self, x: Tensor) -> Tensor:
        """(N, 2H, 2W, width) to (N, H, W, width): 2x2 max-pool first."""
        return pool_norm_silu(x, self.scale)


class Conv(nn.Module):
    """A 5x5 convolution, stride 1, zero padding 2, on channels-last activations.

    Attributes:
        kernel: (out, in, 5, 5). bias: (out,).
    """

    KERNEL = 5

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        size = self.KERNEL
        # Drawn in the reference's order (h, w, in, out).
        kernel = truncated_normal((size, size, inputs, outputs), size * size * inputs, 1.0, generator)
        kernel = kernel.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        self.kernel = nn.Parameter(kernel)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, in) to (N, H, W, out)."""
        out = F.conv2d(x.permute(0, 3, 1, 2), self.kernel, self.bias, padding=self.KERNEL // 2)
        return out.permute(0, 2, 3, 1).contiguous()

    def upsampled(self, x: Tensor) -> Tensor:
        """Nearest-neighbour upsampling by two and the convolution, in one, by phases.

        After upsampling, the five taps of a row fall on three source pixels, which three depends on the output
        pixel's parity. So four 3x3 convolutions at the low resolution, one for each parity of row and column, give
        the same numbers with 36 multiplications in place of 100 (zero padding agrees as well).

        Args:
            x: (N, H, W, in).

        Returns:
            (N, H, W, 2, 2, out): the pixel (2i + a, 2j + b) stands at [i, j, a, b]; see :func:`unfold_phases`.
        """
        kernel, bias = self.phases()
        out = F.conv2d(x.permute(0, 3, 1, 2), kernel, bias, padding=1).permute(0, 2, 3, 1)
        return out.contiguous().view(*x.shape[:3], 2, 2, self.kernel.shape[0])

    def phases(self) -> tuple[Tensor, Tensor]:
        """The four convolutions of :meth:`upsampled` as one: kernel (4 out, in, 3, 3) and bias (4 out,)."""
        outputs, inputs = self.kernel.shape[:2]
        taps = self.kernel.permute(0, 2, 3, 1).reshape(outputs, self.KERNEL**2, inputs)
        sums = torch.matmul(_phases_as(taps.device, taps.dtype), taps).view(outputs, 4, 9, inputs)
        kernel = sums.transpose(0, 1).reshape(4 * outputs, 3, 3, inputs).permute(0, 3, 1, 2)
        return kernel, self.bias.repeat(4)


class FineConv(Conv):
    """A convolution whose kernel and bias stay float32 where activations are bfloat16, for layers of few outputs.

    What bfloat16 cuts off from them is a second, small convolution, so that forward they are as good as float32. The
    gradients go through the first alone: there, rounding does no harm.
    """

    def upsampled(self, x: Tensor) -> Tensor:
        """See :meth:`Conv.upsampled`; in float32 from activations of any type."""
        if x.dtype == self.kernel.dtype:
            return super().upsampled(x)
        (kernel, bias), (kernel_rest, bias_rest) = self.parts(x.dtype)
        picture = x.permute(0, 3, 1, 2)
        rest = F.conv2d(picture.detach(), kernel_rest, bias_rest, padding=1)
        out = F.conv2d(picture, kernel, bias, padding=1).float().add_(rest).permute(0, 2, 3, 1)
        return out.contiguous().view(*x.shape[:3], 2, 2, self.kernel.shape[0])

    def parts(self, dtype: torch.dtype) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """:meth:`Conv.phases` rounded to `dtype`, and what the rounding left, without gradient."""
        exact = self.phases()
        rounded = exact[0].to(dtype), exact[1].to(dtype)
        rest = [(one - other).detach().to(dtype) for one, other in zip(exact, rounded, strict=True)]
        return rounded, (rest[0], rest[1])


_PARITIES = torch.tensor(
    [
        [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1]],
        [[1, 0, 0, 0, 0], [0, 1, 1, 0, 0], [0, 0, 0, 1, 1]],
    ],
    dtype=torch.float32,
)
"""[parity, source pixel -1 / 0 / +1, tap]: which of the five taps of an upsampled row meet on which source pixel."""

_PHASES = torch.einsum("apk,bql->abpqkl", _PARITIES, _PARITIES).reshape(36, 25)
"""(phases * source pixels, taps): the same for rows and columns together."""


@cache
def _phases_as(device: torch.device, dtype: torch.dtype) -> Tensor:
    # Kept for every later caller: made while a player infers, they would be of no use to a training beside it.
    with torch.inference_mode(False):
        return _PHASES.to(device, dtype)


def unfold_phases(x: Tensor) -> Tensor:
    """(N, H, W, 2, 2, C) of :meth:`Conv.upsampled` to (N, 2H, 2W, C) in the order of a picture."""
    frames, height, width, _, _, channels = x.shape
    return x.permute(0, 1, 3, 2, 4, 5).reshape(frames, 2 * height, 2 * width, channels)


def fold_phases(x: Tensor) -> Tensor:
    """The inverse of :func:`unfold_phases`."""
    frames, height, width, channels = x.shape
    return x.view(frames, height // 2, 2, width // 2, 2, channels).permute(0, 1, 3, 2, 4, 5)


class MLP(nn.Module):
    """Dense layers, each linear -> RMS norm -> SiLU."""

    def __init__(self, inputs: int, units: int, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = layers
        for i in range(layers):
            self.add_module(f"linear{i}", Linear(inputs if i == 0 else units, units, generator))
            self.add_module(f"norm{i}", Norm(units))

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., units)."""
        for i in range(self.layers):
            x = self.get_submodule(f"norm{i}")(self.get_submodule(f"linear{i}")(x))
        return x
