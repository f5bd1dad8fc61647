"""Which level is played next."""

from __future__ import annotations

from dream_viewer.messages import LevelChoice
from trainer.envs.procgen import levels_of
from trainer.episode import Split
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
        split, seed = self.choice.split, self.choice.level_seed
        if seed is None:
            first, count = levels_of(split, self.train_levels)
            seed = first + int(numpy_generator(self._seed, f"level {split}", self._drawn).integers(count))
            self._drawn += 1
        return split, seed
