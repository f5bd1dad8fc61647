"""Places worth jumping to."""

from __future__ import annotations

import itertools

import numpy as np

from dream_viewer.episodes.reel import Reel
from dream_viewer.words.landmarks import beside, landmarks, surprise_peaks, value_swings
from tests.dream_viewer.feed import arrival, end_moment, moment


def line(*numbers: float) -> np.ndarray:
    return np.array(numbers, np.float32)


def test_rewards_ends_and_bookmarks() -> None:
    moments = [moment(i, reward=1.0 if i == 3 else 0.0) for i in range(6)]
    reel = Reel(arrival([*moments, end_moment()], outcome="won"))
    reel.bookmarks.add(2)
    found = [(mark.index, mark.kind) for mark in landmarks(reel)]
    assert found == [(2, "bookmark"), (3, "reward"), (6, "reward"), (6, "end")]
    assert landmarks(reel)[-1].text == "the end: won" and "+10" in landmarks(reel)[2].text


def test_the_next_and_the_one_before() -> None:
    reel = Reel(arrival([moment(i, reward=float(i in (2, 5))) for i in range(8)]))
    marks = landmarks(reel)
    assert [beside(marks, index, 1) for index in (0, 2, 4, 5)] == [2, 5, 5, None]
    assert [beside(marks, index, -1) for index in (7, 5, 3, 2)] == [5, 2, 2, None]


def test_a_peak_is_what_a_fall_follows() -> None:
    peaks, drops = value_swings(line(5, 6, 8, 7.9, 4, 3.9, 4.1, 6, 9, 8.9))
    assert peaks == [2] and drops == [4], "the last rise is followed by no fall yet"
    assert value_swings(line(5, 5.1, 5, 5.1, 5.05)) == ([], []), "small changes are none"
    assert value_swings(line(5)) == ([], []) and value_swings(line(np.nan, np.nan)) == ([], [])


def test_peaks_do_not_change_as_an_episode_goes_on() -> None:
    values = line(5, 8, 4, 5, 9, 3, 4, 8, 2)
    known = [value_swings(values[:length])[0] for length in range(2, len(values) + 1)]
    assert known[-1] == [1, 4, 7]
    assert all(later[: len(earlier)] == earlier for earlier, later in itertools.pairwise(known))


def test_gaps_in_the_readings_are_no_falls() -> None:
    assert value_swings(line(8, np.nan, 8, np.nan)) == ([], [])
    peaks, drops = value_swings(line(8, np.nan, 4))
    assert peaks == [0] and drops == [2]


def test_surprises_far_above_the_usual() -> None:
    surprises = np.full(60, 2.0, np.float32)
    surprises[[0, 59]] = np.nan
    surprises[[20, 22, 40]] = 9.0, 12.0, 5.0
    assert surprise_peaks(surprises) == [22], "one of neighbours, and nothing that is merely more than usual"
    assert surprise_peaks(line(np.nan, 1, 50)) == [], "too few to know what is usual"
