"""A typed seed is named by its split, bad ones are refused in a sentence, and no split is left by the next level."""

from dataclasses import replace

import pytest

from dream_viewer.messages.agents import TrainedOn
from dream_viewer.words.levels import game_sentence, level_sentence, neighbour, parse_level, split_sentence
from tests.dream_viewer.feed import agent_info
from trainer.errors import UserError

HOME = TrainedOn("coinrun", "easy", 200)


def test_a_seed_is_read_as_it_is_shown() -> None:
    assert parse_level(" 12\u2009345 ") == 12_345 and parse_level("0") == 0
    assert parse_level("2147483646") == 2**31 - 2


@pytest.mark.parametrize("text", ["", "level", "-1", "1.5", "2147483647", "9" * 24, "\u0661", "0x10", "1e3"])
def test_what_is_no_seed_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="whole number from 0 to"):
        parse_level(text)


def test_every_seed_is_named_by_what_the_agent_knows_of_it() -> None:
    assert "one of its 200 train levels" in level_sentence(199, HOME)
    assert "unseen" in level_sentence(200, HOME) and "chosen" in level_sentence(9_999, HOME)
    assert "chosen" not in level_sentence(10_000, HOME)
    assert "train levels" in level_sentence(300, replace(HOME, levels=500))
    assert "the 200 levels" in split_sentence("train", HOME)
    assert "from level 20\u2009000 on" in split_sentence("unseen", replace(HOME, levels=20_000))


def test_another_game_or_difficulty_is_put_into_words() -> None:
    agent = agent_info()
    assert game_sentence(agent, "coinrun", "easy") == ""
    assert "knows nothing of maze" in game_sentence(agent, "maze", "easy")
    assert "hard ones" in game_sentence(agent, "coinrun", "hard")
    assert "knows nothing of coinrun" in game_sentence(
        replace(agent, trained_on=TrainedOn("maze", "easy", 200)), "coinrun", "easy"
    )


def test_the_next_level_stays_in_its_split() -> None:
    assert neighbour(198, 1, HOME) == 199 and neighbour(201, -1, HOME) == 200 and neighbour(12, 0, HOME) == 12
    for seed, offset, word in ((199, 1, "last train"), (0, -1, "first train"), (200, -1, "first unseen")):
        with pytest.raises(UserError, match=word):
            neighbour(seed, offset, HOME)
    with pytest.raises(UserError, match="last unseen"):
        neighbour(2**31 - 2, 1, HOME)
