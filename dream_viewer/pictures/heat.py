"""Numbers as colours: how likely something is, and which way something changed. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]


def likely_picture(shares: NDArray[np.float32], ground: Rgb, full: Rgb) -> NDArray[np.uint8]:
    """Shares from 0 to 1 as a picture.

    The root of each is shown, so that one in a hundred can still be told from none.

    Args:
        shares: (H, W). ground, full: colours of 0 and of 1.

    Returns:
        (H, W, 3) uint8, read-only.
    """
    return _blend(np.sqrt(np.clip(shares, 0, 1)), np.array(full, np.float32), ground)


def signed_picture(change: NDArray[np.float32], full_at: float, ground: Rgb, more: Rgb, less: Rgb) -> NDArray[np.uint8]:
    """Changes as a picture, by their root as in :func:`likely_picture`.

    Args:
        change: (H, W). full_at: where the colour is full. ground, more, less: colours of none and of the two signs.

    Returns:
        (H, W, 3) uint8, read-only.
    """
    strength = np.sqrt(np.clip(np.abs(change) / full_at, 0, 1))
    colour = np.where(change[..., None] > 0, np.array(more, np.float32), np.array(less, np.float32))
    return _blend(strength, colour, ground)


def _blend(strength: NDArray[np.float32], colour: NDArray[np.float32], ground: Rgb) -> NDArray[np.uint8]:
    bottom = np.array(ground, np.float32)
    picture = np.rint(bottom + strength[..., None] * (colour - bottom)).astype(np.uint8)
    picture.setflags(write=False)
    return picture
