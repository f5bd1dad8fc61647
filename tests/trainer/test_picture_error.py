"""One error of pictures in two units."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainer.picture_error import FLOOR_MSE, error_percent, psnr


def test_it_is_over_a_frame_and_the_two_units_agree() -> None:
    truth = np.zeros((3, 64, 64, 3), np.uint8)
    image = truth.copy()
    image[1, :32] = 255
    image[2] = 51
    assert psnr(image, truth) == pytest.approx(
        [10 * math.log10(255**2 / FLOOR_MSE), 10 * math.log10(2), 13.979], abs=1e-3
    )
    percent = error_percent(image, truth)
    assert percent == pytest.approx([0, 100 / math.sqrt(2), 20])
    assert -20 * np.log10(percent[1:] / 100) == pytest.approx(psnr(image, truth)[1:])
    assert float(error_percent(image[2], truth[2])) == pytest.approx(20)
