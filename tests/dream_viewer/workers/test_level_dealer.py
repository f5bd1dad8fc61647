"""Levels are dealt as a person chose, and the same seed deals the same ones."""

from __future__ import annotations

import pytest

from dream_viewer.messages.orders import LevelChoice
from dream_viewer.workers.level_dealer import LevelDealer
from trainer.errors import UserError


def test_another_level_each_time_from_its_split() -> None:
    dealer = LevelDealer(0)
    unseen = [dealer.deal() for _ in range(4)]
    dealer.choice = LevelChoice("train")
    train = [dealer.deal() for _ in range(4)]
    assert {split for split, _ in unseen} == {"unseen"} and min(seed for _, seed in unseen) >= 10_000
    assert {split for split, _ in train} == {"train"} and max(seed for _, seed in train) < 200
    assert len({seed for _, seed in unseen}) == 4
    again = LevelDealer(0)
    assert [again.deal() for _ in range(4)] == unseen


def test_one_level_again_and_again() -> None:
    dealer = LevelDealer(0)
    dealer.choice = LevelChoice("train", 17)
    assert dealer.deal() == dealer.deal() == ("train", 17)


def test_one_level_first_and_then_the_others() -> None:
    dealer, plain = LevelDealer(0), LevelDealer(0)
    dealer.choice = LevelChoice("unseen", first=17)
    assert [dealer.deal() for _ in range(3)] == [("train", 17), plain.deal(), plain.deal()]
    dealer.choice = LevelChoice("unseen", 12_000, first=3)
    assert [dealer.deal() for _ in range(3)] == [("train", 3), ("unseen", 12_000), ("unseen", 12_000)]


def test_the_split_of_one_level_is_told_by_what_was_trained_on() -> None:
    dealer = LevelDealer(0)
    dealer.train_levels = 500
    dealer.choice = LevelChoice("unseen", 300)
    assert dealer.deal() == ("train", 300)


def test_a_split_without_levels_is_refused() -> None:
    dealer = LevelDealer(0)
    dealer.train_levels = 2**31 - 1
    with pytest.raises(UserError, match="none are left"):
        dealer.deal()
