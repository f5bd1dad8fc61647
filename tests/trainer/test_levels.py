"""Levels are told apart by what the agent was trained on."""

import pytest

from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT, levels_of, split_of


def test_splits_do_not_overlap_and_follow_the_levels_trained_on() -> None:
    assert levels_of("train") == (0, 200)
    assert levels_of("validation") == (200, 9_800)
    assert levels_of("test") == levels_of("unseen") == (10_000, LEVEL_LIMIT - 10_000)
    assert levels_of("train", 500) == (0, 500)
    assert levels_of("validation", 500) == (500, 9_500)
    assert levels_of("test", 20_000) == (20_000, LEVEL_LIMIT - 20_000)
    with pytest.raises(UserError, match="none are left for validation"):
        levels_of("validation", 10_000)
    with pytest.raises(UserError, match="no split 'holdout'"):
        levels_of("holdout")


def test_a_seed_belongs_to_the_split_that_its_level_is_dealt_in() -> None:
    for train_levels in (200, 500):
        for split in ("train", "unseen"):
            first, count = levels_of(split, train_levels)
            assert {split_of(first, train_levels), split_of(first + count - 1, train_levels)} == {split}
