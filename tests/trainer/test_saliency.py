"""Spots over a frame: what they hide, and how what they do becomes a picture."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.saliency import COUNT, SIDE, blurred, covered, spread


def test_a_blur_keeps_plains_and_takes_away_what_is_small() -> None:
    plain = np.full((SIDE, SIDE, 3), 90, np.uint8)
    assert blurred(plain) == pytest.approx(90)
    coin = plain.copy()
    coin[31:34, 31:34] = 255
    assert blurred(coin).max() < 110


def test_each_spot_hides_its_own_place_and_nothing_far_from_it() -> None:
    frame = np.zeros((SIDE, SIDE, 3), np.uint8)
    soft = np.full((SIDE, SIDE, 3), 255, np.float32)
    shown = covered(frame, soft, 0, COUNT)
    assert shown.shape == (COUNT, SIDE, SIDE, 3)
    for number, part in enumerate(shown):
        y, x = np.argwhere(part[..., 0] == part.max())[0]
        row, column = divmod(number, SIDE // 4)
        assert (y // 4, x // 4) == (row, column)
        assert part[abs(np.arange(SIDE) - y) > 12].max() == 0
    assert np.array_equal(covered(frame, soft, 7, 9), shown[7:9])


def test_effects_are_drawn_where_they_are() -> None:
    assert spread(np.full(COUNT, 0.5, np.float32)) == pytest.approx(0.5)
    one = np.zeros(COUNT, np.float32)
    one[5 * 16 + 2] = -1.0
    picture = spread(one)
    y, x = np.unravel_index(picture.argmin(), picture.shape)
    assert (y // 4, x // 4) == (5, 2) and picture.max() <= 0
