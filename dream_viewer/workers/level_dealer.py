"""Which level is played next."""

from __future__ import annotations

from dataclasses import replace

from dream_viewer.messages.orders import LevelChoice
from trainer.episode import Split
from trainer.levels import levels_of, split_of
from trainer.randomness import numpy_generator


class LevelDealer:
    """Deals one level after the other, as a person chose.

    Args:
        seed: of every draw.

    Attributes:
        choice: which levels to deal. train_levels: how many levels the agent on show was trained on.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn = 0
        self.choice = LevelChoice()
        self.train_levels = 200

    def deal(self) -> tuple[Split, int]:
        """Split and seed of the next level.

        Raises:
            UserError: no level is left for the split.
        """
        choice = self.choice
        first = choice.level_seed if choice.first is None else choice.first
        if first is not None:
            self.choice = replace(choice, first=None)
            return split_of(first, self.train_levels), first
        start, count = levels_of(choice.split, self.train_levels)
        seed = start + int(numpy_generator(self._seed, f"level {choice.split}", self._drawn).integers(count))
        self._drawn += 1
        return choice.split, seed
