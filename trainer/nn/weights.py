"""Where a network's parameters lie while it computes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from trainer.nn.layers import FineConv, FineLinear, Norm
from trainer.nn.optimiser import FlatTensors

FINE = (Norm, FineConv, FineLinear)
"""Layers that know what to do with float32 parameters among activations of another type."""


class ComputeWeights:
    """Parameters in one buffer of the compute dtype, but for those of FINE layers, which stay float32.

    A norm multiplies in float32 anyway. A kernel's rounding errors are many for each sum and cancel; a scale's is the
    same for all that passes its channel. In a trained model rounded scales turn gradients further than all the rest
    that bfloat16 does. The last layers of pictures and heads come next, since there the errors that are left after
    training are small, and what rounding adds to all of them alike is not.

    The buffer has a place for those, too, which nobody reads: so one operation casts all weights.
    """

    def __init__(self, networks: Sequence[nn.Module], dtype: torch.dtype, device: torch.device) -> None:
        """Moves the parameters there.

        Args:
            networks: whose parameters, in this order. dtype: to compute in. device: to compute on.
        """
        parameters = [parameter for network in networks for parameter in network.parameters()]
        fine = [part for network in networks for part in network.modules() if isinstance(part, FINE)]
        kept = {id(parameter) for part in fine for parameter in part.parameters()}
        self._fine_at = [i for i, parameter in enumerate(parameters) if id(parameter) in kept]
        self._rounded = FlatTensors(parameters, dtype, device)
        self._fine = FlatTensors([parameters[i] for i in self._fine_at], torch.float32, device)
        with torch.no_grad():
            given = FlatTensors(parameters, torch.float32, device)
            given.copy_from([parameter.detach().to(device) for parameter in parameters])
        self.take(given)
        views = self._rounded.views.copy()
        for i, view in zip(self._fine_at, self._fine.views, strict=True):
            views[i] = view
        for parameter, view in zip(parameters, views, strict=True):
            parameter.data = view

    @property
    def dtype(self) -> torch.dtype:
        """The compute dtype."""
        return self._rounded.flat.dtype

    @property
    def device(self) -> torch.device:
        """Where they lie."""
        return self._rounded.flat.device

    @property
    def count(self) -> int:
        """How many numbers the parameters are."""
        return self._rounded.flat.numel()

    def take(self, weights: FlatTensors) -> None:
        """Takes the values of float32 weights of the same layout, in place."""
        self._rounded.flat.copy_(weights.flat)
        self._fine.copy_from([weights.views[i] for i in self._fine_at])
