"""Levels in words: which one a person typed, what an agent knows of it, and which one lies beside it. No Qt here."""

from __future__ import annotations

import re

from dream_viewer.messages.agents import AgentInfo, TrainedOn
from dream_viewer.words.numerals import count
from trainer.episode import Split
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT, TEST_LEVELS, levels_of, split_of


def parse_level(text: str) -> int:
    """The level seed that a person typed; spaces between digits are left out.

    Raises:
        UserError: it is none.
    """
    digits = "".join(text.split())
    if not re.fullmatch("[0-9]{1,10}", digits) or int(digits) >= LEVEL_LIMIT:
        raise UserError(f"A level seed is a whole number from 0 to {count(LEVEL_LIMIT - 1)}.")
    return int(digits)


def level_sentence(level_seed: int, trained_on: TrainedOn) -> str:
    """Which split a level is of, for an agent."""
    if split_of(level_seed, trained_on.levels) == "train":
        return f"Level {count(level_seed)} is one of its {count(trained_on.levels)} train levels."
    if level_seed < TEST_LEVELS[0]:
        unseen = f"Level {count(level_seed)} is unseen: the agent never trained on it"
        return f"{unseen}, but its best weights were chosen there."
    return f"Level {count(level_seed)} is unseen: the agent never trained on it."


def split_sentence(split: Split, trained_on: TrainedOn) -> str:
    """Which levels a split is drawn from."""
    if split == "train":
        return f"Drawn from the {count(trained_on.levels)} levels the agent was trained on."
    first, _ = levels_of("unseen", trained_on.levels)
    return f"Drawn from level {count(first)} on: the agent never trained on them, and nothing was chosen by them."


def game_sentence(agent: AgentInfo, game: str, difficulty: str) -> str:
    """What it means to let an agent play a game; empty where it was trained on just that."""
    home = agent.trained_on
    if game != home.game:
        return f"{agent.name} was trained on {home.game}, so it knows nothing of {game} and dreams {home.game} into it."
    if difficulty != home.difficulty:
        return f"{agent.name} was trained on {home.difficulty} levels; {difficulty} ones have things it never saw."
    return ""


def neighbour(level_seed: int, offset: int, trained_on: TrainedOn) -> int:
    """The level so many seeds on, within its split.

    Raises:
        UserError: the split ends before.
    """
    split, beside = split_of(level_seed, trained_on.levels), level_seed + offset
    if not 0 <= beside < LEVEL_LIMIT or split_of(beside, trained_on.levels) != split:
        place = "last" if offset > 0 else "first"
        raise UserError(f"Level {count(level_seed)} is the {place} {split} level; press G to choose any other.")
    return beside
