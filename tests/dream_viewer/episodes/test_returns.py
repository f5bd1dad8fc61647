"""Discounted returns, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.episodes.returns import fan_band, realised_returns
from dream_viewer.messages.futures import FutureKey
from tests.dream_viewer.feed import fan
from trainer.episode import Dream

NAN = np.nan


def line(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_while_an_episode_goes_on_nothing_is_known() -> None:
    assert np.isnan(realised_returns(line(0, 1, 0), line(5, 5, 5), None, 0.9)).all()


@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_after_the_end_nothing_comes(outcome) -> None:
    came = realised_returns(line(0, 1, 0, 10), line(5, 6, 7, NAN), outcome, 0.9)
    assert came[:3].tolist() == pytest.approx([1 + 0.9 * 0.9 * 10, 0.9 * 10, 10]) and np.isnan(came[3])


def test_a_time_out_goes_on_with_the_critic_s_last_value() -> None:
    came = realised_returns(line(0, 1, 0), line(5, 6, NAN), "timeout", 0.9)
    assert came[:2].tolist() == pytest.approx([1 + 0.9 * 0.9 * 6, 0.9 * 6])


def test_a_future_ends_in_its_bootstrapped_value() -> None:
    one = (1, 2)
    dream = Dream(
        1,
        np.empty((1, 0, 64, 64, 3), np.uint8),
        np.zeros(one, np.int64),
        line(1, 2)[None],
        line(0.5, 0.25)[None],
        line(7, 8)[None],
    )
    low, middle, high = fan_band(dream, 0.9)
    at_one = 2 + 0.9 * 0.25 * 8
    assert middle.tolist() == pytest.approx([1 + 0.9 * 0.5 * at_one, at_one, 8]) and (low == high).all()


def test_the_band_holds_the_middle_of_many() -> None:
    dream = fan(FutureKey(0, 0, 1, 15, 0)).dream
    band = fan_band(dream, 1.0)
    assert band.shape == (3, 16) and (band[0] < band[1]).all() and (band[1] < band[2]).all()
    assert band[1, -1] == pytest.approx(5.0) and 2 < band[0, -1] < 3 and 7 < band[2, -1] < 8
