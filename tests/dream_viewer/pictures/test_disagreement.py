"""Where dreams disagree, as colours."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.pictures.disagreement import FULL_AT, RAMP, heat_picture, percent


def test_more_disagreement_is_brighter_up_to_where_the_colour_is_full() -> None:
    levels = np.linspace(0, FULL_AT, 64, dtype=np.float32)[None]
    picture = heat_picture(levels)
    assert picture.shape == (1, 64, 3) and picture.dtype == np.uint8
    brightness = picture[0] @ np.array([0.299, 0.587, 0.114])
    assert (np.diff(brightness) > 0).all()
    assert np.array_equal(heat_picture(np.full((1, 1), 127.5, np.float32))[0, 0], RAMP[-1])


def test_the_percentage_is_of_the_whole_range() -> None:
    assert percent(np.full((64, 64), 25.5, np.float32)) == pytest.approx(10.0)
