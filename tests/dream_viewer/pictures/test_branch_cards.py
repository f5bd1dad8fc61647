"""What becomes of a Moment under each action, in words and cards."""

from __future__ import annotations

import numpy as np

from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.questions import WhatIfQuestion
from dream_viewer.pictures.branch_cards import (
    PICTURES_KEPT,
    branch_of,
    cards,
    expected_end,
    steps_of,
    truth_of,
    verdict,
)
from tests.dream_viewer.feed import moment, what_if
from trainer.episode import Episode

QUESTION = WhatIfQuestion(0, 12, 1, moment(12), Episode("coinrun", "easy", "unseen", 5), 15)


def test_the_highest_dreamed_return_comes_first_with_the_real_one_beside_it() -> None:
    first, second, third = cards(what_if(), about_to=7)
    assert [card.name for card in (first, second, third)] == ["up", "right", "left"]
    assert (first.glyph, first.dreamed, first.received, first.branch) == ("↑", "8.00", "2.00", 2)
    assert first.best and not first.really_best and first.real_share == 0.2
    assert second.likely and second.really_best and (second.dreamed, second.received) == ("6.00", "10.00")
    assert (second.ending, second.real_fate) == ("won", "won after 5")
    assert np.array_equal(second.real, what_if().forks[1].frames[3])
    assert third.real_fate == "goes on" and third.ending == ""


def test_a_dream_that_expects_the_end_shows_where() -> None:
    answer = what_if()
    card = next(card for card in cards(answer, None) if card.name == "left")
    assert card.doubt == "end?" and card.fate == "ends after 10"
    assert np.array_equal(card.imagined, answer.dream.frames[0, 9])
    assert expected_end(np.array([0.9, 0.8, 0.6], np.float32)) == 2, "little by little, too"
    assert expected_end(np.array([0.9, 0.9, 0.9], np.float32)) is None


def test_the_verdict_tells_whether_dream_and_reality_would_choose_alike() -> None:
    assert verdict(cards(what_if(), None)) == ("Best in the dream: up; in reality: right.", "Dream: up; real: right.")
    assert verdict(cards(what_if(real=(1, 2, 9)), None))[0] == "Best in the dream and in reality: up."
    assert "in reality it makes no difference" in verdict(cards(what_if(real=(9, 9, 9)), None))[0]
    assert "in the dream it makes no difference" in verdict(cards(what_if(dreamed=(8, 8.01, 8)), None))[0].lower()
    assert not any(card.really_best for card in cards(what_if(real=(0, 0, 0)), None)), "nothing is picked out then"
    without = cards(what_if(real=None), None)
    assert "nothing real" in verdict(without)[0]
    assert all(card.real is None and card.real_share is None and card.received == "" for card in without)


def test_a_branch_is_a_future_of_its_own_with_its_truth() -> None:
    answer = what_if()
    future = branch_of(QUESTION, answer.dream, 1, "what if", 7)
    assert future.key == FutureKey(0, 12, 1, 15, 7, "what if", 3) and future.key != FutureKey(0, 12, 1, 15, 7)
    assert future.dream.frames.shape == (1, 15, 64, 64, 3)
    assert np.array_equal(future.dream.frames[0], answer.dream.frames[1])
    truth = truth_of(future, answer, 1)
    assert truth.key == future.key and truth.fork is answer.forks[1]
    assert truth_of(future, what_if(real=None), 1).fork is None


def test_branches_go_only_as_far_as_their_pictures_can_be_kept() -> None:
    assert steps_of(15, 16) == 15
    assert steps_of(200, 16) * 16 <= PICTURES_KEPT and steps_of(200, 16) > 15
