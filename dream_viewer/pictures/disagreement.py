"""Where many dreams disagree, as colours. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FULL_AT = 64.0
"""Disagreement in levels of brightness at which the colour is full: a quarter of the whole range."""

STOPS = ((13, 15, 32), (72, 24, 108), (166, 44, 96), (232, 104, 52), (252, 190, 62), (252, 252, 190))
"""From no disagreement to full: each clearly brighter than the one before, so that no hue has to be told apart."""


def _ramp(levels: int) -> NDArray[np.uint8]:
    """(levels, 3) uint8, the colours between the stops."""
    stops = np.array(STOPS, np.float32)
    places = np.linspace(0, len(stops) - 1, levels)
    channels = [np.interp(places, np.arange(len(stops)), stops[:, channel]) for channel in range(3)]
    ramp: NDArray[np.uint8] = np.rint(np.stack(channels, 1)).astype(np.uint8)
    ramp.setflags(write=False)
    return ramp


RAMP = _ramp(256)
"""(256, 3) uint8: colours of 0 to FULL_AT."""


def heat_picture(disagreement: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Disagreement (H, W) in levels as a picture (H, W, 3) uint8."""
    return RAMP[np.rint(np.clip(disagreement / FULL_AT, 0, 1) * 255).astype(np.intp)]


def percent(disagreement: NDArray[np.float32]) -> float:
    """The mean disagreement in percent of the whole range of brightness."""
    return float(disagreement.mean()) / 255 * 100
