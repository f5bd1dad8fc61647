"""What came of a duel, in numbers and words."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.episodes.reel import Reel
from dream_viewer.words.duel import Part, expectation, part_of, side, verdict
from tests.dream_viewer.feed import arrival, end_moment, frame, moment


def part(total: float, discounted: float) -> Part:
    return Part(total, discounted, 20, "won", frame(1))


def test_only_what_comes_after_the_moment_counts_and_the_first_reward_counts_whole() -> None:
    moments = [moment(0), moment(1, reward=5.0), moment(2, reward=1.0), moment(3), end_moment(10.0)]
    reel = Reel(arrival(moments, outcome="won"))
    after = part_of(reel, 1, 0.9)
    assert (after.total, after.steps, after.end) == (11.0, 3, "won")
    assert after.discounted == pytest.approx(1.0 + 0.81 * 10.0)
    assert np.array_equal(after.frame, moments[-1].step.frame)


def test_an_episode_that_goes_on_was_given_up() -> None:
    reel = Reel(arrival([moment(0), moment(1)]))
    given_up = part_of(reel, 1, 0.9)
    assert (given_up.total, given_up.discounted, given_up.steps, given_up.end) == (0.0, 0.0, 0, "given up")


@pytest.mark.parametrize(
    ("mine", "theirs", "words"),
    [
        ((10, 9.0), (0, 0.0), "You win: +10 against 0"),
        ((-1, -1.0), (0, 0.0), "The agent wins: 0 against \u22121"),
        ((10, 9.5), (10, 9.0), "You win: +10 each, but sooner"),
        ((10, 9.0), (10, 9.5), "The agent wins: +10 each, but sooner"),
        ((0, 0.0), (0, 0.0), "A draw: 0 each"),
    ],
)
def test_who_won(mine: tuple[float, float], theirs: tuple[float, float], words: str) -> None:
    assert verdict(part(*mine), part(*theirs)) == words


def test_both_sides_beside_what_was_expected() -> None:
    shown = side("You", part(10, 9.0))
    assert [(row.label, row.value) for row in shown.rows] == [
        ("Return", "+10"),
        ("Discounted return", "9.00"),
        ("Steps", "20"),
        ("End", "won"),
    ]
    told = expectation(6.424, 1 - 1 / 333, part(10, 9.0), part(0, 0.0))
    assert "expected a return of 6.42" in told and "0.3 % less" in told and "it got 0.00 and you got 9.00" in told
