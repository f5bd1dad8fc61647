"""Frames to tokens: four times 5x5 convolution, 2x2 max-pool, RMS norm, SiLU (the reference's rssm.py, `Encoder`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.config import ModelSize
from trainer.nn.layers import Conv, Norm

FRAME = 64
"""Height and width of a frame."""


def centred(frames: Tensor, dtype: torch.dtype) -> Tensor:
    """uint8 frames as numbers from -0.5 to 0.5."""
    return (frames.float() / 255 - 0.5).to(dtype)


class Encoder(nn.Module):
    """The image encoder.

    Attributes:
        tokens: width of its output, (h, w, c) flattened.
    """

    def __init__(self, size: ModelSize, generator: torch.Generator) -> None:
        super().__init__()
        widths = [size.depth * mult for mult in size.mults]
        self.layers = len(widths)
        for i, (inputs, outputs) in enumerate(zip([3, *widths], widths, strict=False)):
            self.add_module(f"cnn{i}", Conv(inputs, outputs, generator))
            self.add_module(f"cnn{i}norm", Norm(outputs))
        self.tokens = (FRAME >> self.layers) ** 2 * widths[-1]

    def forward(self, frames: Tensor) -> Tensor:
        """uint8 frames (N, 64, 64, 3) to tokens (N, tokens) in the parameters' dtype."""
        conv = self.get_submodule("cnn0")
        x = centred(frames, conv.get_parameter("kernel").dtype)
        for i in range(self.layers):
            x = self.get_submodule(f"cnn{i}")(x)
            norm = self.get_submodule(f"cnn{i}norm")
            assert isinstance(norm, Norm)
            x = norm.pooled(x)
        return x.reshape(x.shape[0], -1)
