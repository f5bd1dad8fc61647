"""How far a picture is from the truth, in the two units that the project speaks of.

Percent of the whole range for people who look at one picture, decibels for tables as others publish them. They are the
same number: 10 % is 20 dB, 1 % is 40 dB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FLOOR_MSE = 1 / 12
"""Least mean squared error counted in dB, that of rounding to whole levels: equal frames have 58.9, not infinity."""


def mean_squared_error(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """In levels squared, over the last three axes (height, width, colour): (..., H, W, 3) uint8 to (...)."""
    error: NDArray[np.float64] = np.square(image.astype(np.float32) - truth).mean(axis=(-3, -2, -1), dtype=np.float64)
    return error


def psnr(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio in dB over the last three axes: 10 log10(255^2 / MSE)."""
    decibels: NDArray[np.float64] = 10 * np.log10(255**2 / np.maximum(mean_squared_error(image, truth), FLOOR_MSE))
    return decibels


def error_percent(image: NDArray[np.uint8], truth: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Root of the mean squared error over the last three axes, in percent of the whole range of 255 levels."""
    percent: NDArray[np.float64] = np.sqrt(mean_squared_error(image, truth)) / 255 * 100
    return percent
