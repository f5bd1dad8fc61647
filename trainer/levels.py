"""Which levels there are, and which of them an agent was trained on."""

from __future__ import annotations

from trainer.episode import Split
from trainer.errors import UserError

LEVEL_LIMIT = 2**31 - 1
"""Level seeds run from 0 to LEVEL_LIMIT - 1."""

VALIDATION_LEVELS = (200, 10_000)
TEST_LEVELS = (10_000, LEVEL_LIMIT)


def levels_of(split: str, train_levels: int = 200) -> tuple[int, int]:
    """First level and number of levels of a split, as ProcgenVector takes them.

    Args:
        split: `train`, `validation` (unseen; curves and the choice of "best") or `test` (unseen; reports);
            `unseen` is another word for `test`.
        train_levels: levels trained on, from seed 0; validation levels begin after them where there are over 200.

    Raises:
        UserError: another word, or no level left for the split.
    """
    if split == "train":
        first, end = 0, train_levels
    elif split == "validation":
        first, end = max(train_levels, VALIDATION_LEVELS[0]), VALIDATION_LEVELS[1]
    elif split in ("test", "unseen"):
        first, end = max(train_levels, TEST_LEVELS[0]), TEST_LEVELS[1]
    else:
        raise UserError(f"There is no split '{split}'; choose train, validation or test.")
    if end <= first:
        raise UserError(f"With {train_levels} train levels none are left for {split}; train on fewer levels.")
    return first, end - first


def split_of(level_seed: int, train_levels: int = 200) -> Split:
    """Which split a level belongs to, for an agent trained on so many levels from seed 0 on."""
    return "train" if level_seed < train_levels else "unseen"
