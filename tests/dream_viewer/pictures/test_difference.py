"""Errors as a number and as a picture."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.pictures.difference import DREAM_BRIGHTER, GROUND, TRUTH_BRIGHTER, difference_picture, error_percent


def flat(*levels: int) -> np.ndarray:
    return np.full((64, 64, 3), levels if len(levels) == 3 else levels[0], np.uint8)


def test_the_error_is_a_share_of_the_whole_range() -> None:
    assert error_percent(flat(90), flat(90)) == 0
    assert error_percent(flat(255), flat(0)) == pytest.approx(100)
    assert error_percent(flat(100), flat(74)) == error_percent(flat(74), flat(100)) == pytest.approx(10.2, abs=0.1)


def test_no_difference_is_the_ground() -> None:
    assert (difference_picture(flat(90), flat(90)) == GROUND).all()


def test_each_sign_has_its_colour() -> None:
    assert (difference_picture(flat(255), flat(0)) == TRUTH_BRIGHTER).all()
    assert (difference_picture(flat(0), flat(255)) == DREAM_BRIGHTER).all()
    assert (difference_picture(flat(10, 10, 255), flat(30, 10, 10)) == TRUTH_BRIGHTER).all(), "the largest channel"


def test_small_differences_are_faint_and_grow() -> None:
    reds = [int(difference_picture(flat(100 + d), flat(100))[0, 0, 0]) for d in (0, 10, 40, 90, 150)]
    assert reds == sorted(reds) and reds[1] < 60 and reds[-1] == 255
    assert not difference_picture(flat(1), flat(0)).flags.writeable
