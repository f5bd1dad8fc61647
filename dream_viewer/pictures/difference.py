"""How far a picture is from the truth: one number, and a picture of where. No Qt here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer import picture_error

FULL_AT = 96.0
"""Difference in levels (of 255) at which the colour is full."""

GROUND = (24, 28, 35)
TRUTH_BRIGHTER = (255, 170, 64)
DREAM_BRIGHTER = (88, 150, 255)
"""Colours of no difference and of the two signs, red, green, blue; told apart by colour-blind people too."""


def error_percent(truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> float:
    """Root of the mean squared difference of two frames, in percent of the whole range: 10 % is 20 dB.

    Args:
        truth, prediction: of one shape.
    """
    return float(picture_error.error_percent(prediction, truth))


def difference_picture(truth: NDArray[np.uint8], prediction: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where and how a prediction is off, on a diverging scale around GROUND.

    Of each pixel the channel that differs most counts, with its sign: TRUTH_BRIGHTER where the truth is brighter,
    DREAM_BRIGHTER where the prediction is.

    Args:
        truth, prediction: (H, W, 3) uint8.

    Returns:
        (H, W, 3) uint8, read-only.
    """
    difference = truth.astype(np.float32) - prediction
    most = np.abs(difference).argmax(-1, keepdims=True)
    signed = np.take_along_axis(difference, most, -1)
    strength = np.clip(np.abs(signed) / FULL_AT, 0, 1)
    colour = np.where(signed > 0, np.array(TRUTH_BRIGHTER, np.float32), np.array(DREAM_BRIGHTER, np.float32))
    ground = np.array(GROUND, np.float32)
    picture = np.rint(ground + strength * (colour - ground)).astype(np.uint8)
    picture.setflags(write=False)
    return picture
