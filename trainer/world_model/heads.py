"""Heads on `feat`: an MLP and a linear output, named as in the reference (`mlp`, `head`)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.nn.layers import MLP, FineLinear, Linear


class Head(nn.Module):
    """An MLP and a linear output.

    Args of the constructor: inputs, units and layers of the MLP; `path`, the output's name below `head`, with dots
    for nesting; outputs and outscale of it; `output`, its kind.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        layers: int,
        path: str,
        outputs: int,
        outscale: float,
        generator: torch.Generator,
        output: type[Linear] = FineLinear,
    ) -> None:
        super().__init__()
        self.mlp = MLP(inputs, units, layers, generator)
        self.head = nn.Module()
        *outer, name = path.split(".")
        inner = self.head
        for part in outer:
            inner.add_module(part, nn.Module())
            inner = inner.get_submodule(part)
        inner.add_module(name, output(units, outputs, generator, outscale))
        self.path = path

    def forward(self, feat: Tensor) -> Tensor:
        """(..., inputs) to raw outputs (..., outputs), float32 where these are fine."""
        out: Tensor = self.head.get_submodule(self.path)(self.mlp(feat))
        return out
