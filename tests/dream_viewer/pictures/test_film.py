"""What the strip says of a future and its truth."""

from __future__ import annotations

import numpy as np

from dream_viewer.messages.futures import Forked, FutureKey
from dream_viewer.pictures.film import film
from tests.dream_viewer.feed import forked, future

KEY = FutureKey(0, 12, 1, 15, 0)


def tone(value: float) -> float:
    return value / 10


def test_imagined_frames_carry_value_and_expected_end() -> None:
    made = film(future(KEY), None, tone)
    assert len(made.imagined) == 15 and made.real == () and "finding out" in made.missing
    assert made.imagined[0].tone == 0.5 and made.imagined[-1].tone == 0.8
    assert [cell.word for cell in made.imagined] == [""] * 14 + ["end?"]
    assert made.imagined[2].caption.startswith("+3 · right + up · value ") and "step 12" in made.imagined_title


def test_the_truth_stands_beneath_with_errors_and_rewards() -> None:
    made = film(future(KEY), forked(KEY), tone)
    assert made.missing == "" and len(made.real) == 15
    assert all(cell.error is not None and 7 < cell.error < 9 for cell in made.real)
    assert made.real[2].reward == 1 and "reward +1" in made.real[2].caption
    assert np.array_equal(made.real[4].frame, forked(KEY).fork.frames[4])  # type: ignore[union-attr]


def test_where_the_truth_ends_it_says_how() -> None:
    made = film(future(KEY), forked(KEY, 4, "won", 10.0), tone)
    assert [cell.frame is None for cell in made.real] == [False] * 4 + [True] * 11
    assert (made.real[4].word, made.real[4].reward) == ("won", 10.0) and made.real[5].word == ""
    assert made.real[4].caption == "really: won, reward +10"
    at_once = film(future(KEY), forked(KEY, 0, "lost"), tone)
    assert at_once.real[0].word == "lost"


def test_a_second_agent_s_dream_of_the_same_actions_has_errors_of_its_own() -> None:
    echo = future(FutureKey(0, 12, 40, 15, 0, "echo"))
    made = film(future(KEY), forked(KEY, 4, "won"), tone, echo, "other")
    assert len(made.echo) == 15 and made.echo_title == "As other imagines it"
    assert made.echo[3].caption.startswith("other: +4") and " error 7" in made.echo[3].caption
    assert "error" not in made.echo[4].caption and made.echo[-1].word == "end?"


def test_a_game_that_does_not_repeat_itself_has_no_truth() -> None:
    made = film(future(KEY), Forked(KEY, None), tone)
    assert made.real == () and "does not repeat itself" in made.missing
