"""Latents to frames: deter and stoch meet on a 4x4 map, then upsampling and 5x5 convolutions (rssm.py, `Decoder`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.config import ModelSize
from trainer.nn.fused import picture_error
from trainer.nn.layers import BlockLinear, Conv, FineConv, Linear, Norm, fold_phases, unfold_phases
from trainer.world_model.encoder import FRAME


def as_bytes(means: Tensor) -> Tensor:
    """Pictures with means in [0, 1] as uint8."""
    return (means * 255).round_().to(torch.uint8)


class Decoder(nn.Module):
    """The image decoder. Inside, pictures stay in the phase order of :meth:`Conv.upsampled` as long as they can."""

    def __init__(self, size: ModelSize, generator: torch.Generator) -> None:
        super().__init__()
        widths = [size.depth * mult for mult in size.mults]
        self.layers = len(widths)
        self.side = FRAME >> self.layers
        self.channels = widths[-1]
        self.blocks = size.blocks
        area = self.side**2 * self.channels
        self.sp0 = BlockLinear(size.deter, area, size.blocks, generator)
        self.sp1 = Linear(size.stoch * size.classes, 2 * size.units, generator)
        self.sp1norm = Norm(2 * size.units)
        self.sp2 = Linear(2 * size.units, area, generator)
        self.spnorm = Norm(self.channels)
        for i in reversed(range(self.layers - 1)):
            self.add_module(f"conv{i}", Conv(widths[i + 1], widths[i], generator))
            self.add_module(f"conv{i}norm", Norm(widths[i]))
        self.imgout = FineConv(widths[0], 3, generator)

    def phases(self, deter: Tensor, stoch: Tensor) -> Tensor:
        """Raw pictures before the sigmoid, in phase order.

        Args:
            deter: (N, D). stoch: (N, S * C) one-hot.

        Returns:
            (N, 32, 32, 2, 2, 3) float32.
        """
        frames = deter.shape[0]
        grouped = deter.view(frames, self.blocks, -1).transpose(0, 1).contiguous()
        spatial = self.sp0(grouped).view(self.blocks, frames, self.side, self.side, -1)
        spatial = spatial.permute(1, 2, 3, 0, 4).reshape(frames, self.side, self.side, self.channels)
        dense = self.sp2(self.sp1norm(self.sp1(stoch)))
        x = self.spnorm(spatial + dense.view_as(spatial))
        for i in reversed(range(self.layers - 1)):
            conv = self.get_submodule(f"conv{i}")
            assert isinstance(conv, Conv)
            x = unfold_phases(self.get_submodule(f"conv{i}norm")(conv.upsampled(x)))
        return self.imgout.upsampled(x)

    def forward(self, deter: Tensor, stoch: Tensor) -> Tensor:
        """The pictures' means (N, 64, 64, 3) float32 in [0, 1]."""
        return torch.sigmoid(unfold_phases(self.phases(deter, stoch)).float())

    def loss(self, deter: Tensor, stoch: Tensor, target: Tensor) -> Tensor:
        """Squared error summed (not averaged) over pixels and channels.

        Args:
            deter: (N, D). stoch: (N, S * C). target: (N, 64, 64, 3) uint8.

        Returns:
            (N,) float32.
        """
        return picture_error(self.phases(deter, stoch), fold_phases(target))
