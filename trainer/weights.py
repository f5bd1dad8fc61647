"""What a training hands over to a viewer; without torch, which whoever only drives the training has no use for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """A copy of the weights at a safe point, for the viewer.

    Attributes:
        generation: counts the copies of this training, from 1 on.
        updates: made so far.
        tensors: name to float32 CPU tensor; nobody changes them any more.
    """

    generation: int
    updates: int
    tensors: dict[str, Tensor]
