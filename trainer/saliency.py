"""Saliency: where in a frame a number comes from, told by how much it changes when a spot there is blurred away.

The spots and the blur are those of Greydanus et al. (2018, "Visualizing and Understanding Atari Agents"); other than
there the sign is kept, and what is measured is the number itself, not its square. `trainer.occlusion` asks the model;
here is what it is asked, and how the answers become a picture. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Height and width of a frame."""
STRIDE = 4
"""Pixels from the middle of a spot to that of the next."""
SPOT = 2.5
"""Standard deviation of a spot in pixels: about the size of a coin or a saw."""
BLUR = 4.0
"""Standard deviation of the blur in pixels: what is a spot's size is gone, large areas keep their colour."""


@dataclass(frozen=True, slots=True)
class Saliency:
    """What each spot does to value and choice; positive where what is seen there raises them.

    Attributes:
        value: (COUNT,) float32, in units of the value. choice: (COUNT,) float32, of the chosen action's
            log-probability, in nats.
    """

    value: NDArray[np.float32]
    choice: NDArray[np.float32]


def _bells(middles: NDArray[np.float64], deviation: float) -> NDArray[np.float32]:
    """(len(middles), 64) float32 Gaussians along a side, each 1 in its middle."""
    distance = np.arange(SIDE)[None] - middles[:, None]
    bells: NDArray[np.float32] = np.exp(-np.square(distance) / (2 * deviation**2)).astype(np.float32)
    return bells


_SPOTS = _bells(np.arange(STRIDE / 2 - 0.5, SIDE, STRIDE), SPOT)
_SMEAR = _bells(np.arange(SIDE, dtype=np.float64), BLUR)
COUNT = len(_SPOTS) ** 2
"""Spots, row by row."""


def blurred(frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A frame (64, 64, 3) uint8 as the spots show it: float32; at its edges only what is there counts."""
    weights = _SMEAR / _SMEAR.sum(1, keepdims=True)
    soft: NDArray[np.float32] = np.einsum("yi,xj,ijc->yxc", weights, weights, frame.astype(np.float32), optimize=True)
    return soft


def covered(frame: NDArray[np.uint8], soft: NDArray[np.float32], first: int, last: int) -> NDArray[np.uint8]:
    """The frame (64, 64, 3) with one spot blurred away, (last - first, 64, 64, 3) uint8 for the spots in this range.

    Args:
        frame: whole. soft: of :func:`blurred`. first, last: numbers of spots, the last one not included.
    """
    rows, columns = np.divmod(np.arange(first, last), len(_SPOTS))
    share = (_SPOTS[rows][:, :, None] * _SPOTS[columns][:, None, :])[..., None]
    mixed: NDArray[np.uint8] = np.rint(frame + share * (soft - frame)).astype(np.uint8)
    return mixed


def spread(effects: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each spot does (COUNT,) as a picture (64, 64) float32: each pixel the mean of the spots that cover it."""
    grid = effects.reshape(len(_SPOTS), len(_SPOTS))
    weight = _SPOTS.sum(0)
    picture: NDArray[np.float32] = (_SPOTS.T @ grid @ _SPOTS) / np.outer(weight, weight)
    return picture
