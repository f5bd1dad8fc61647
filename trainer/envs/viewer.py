"""What a person watches: one game that can also draw itself for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import Snapshot, StepBatch


class ViewerEnv(Protocol):
    """One slot of a VectorEnv, and a picture of it."""

    def current(self) -> StepBatch:
        """What is on show, without a step."""

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        """Take one step."""

    def reset(self) -> StepBatch:
        """Abandon the episode and open the next."""

    def snapshot(self) -> list[Snapshot]:
        """The game as it stands."""

    def restore(self, snapshots: Sequence[Snapshot]) -> StepBatch:
        """Go back to a snapshot."""

    def human_frame(self) -> NDArray[np.uint8]:
        """(512, 512, 3) uint8, drawn now."""

    def close(self) -> None:
        """Free the game."""


MakeEnv = Callable[[str, str, int], ViewerEnv]
"""(game, difficulty, level seed) to a fresh game that shows that level's first frame."""


def procgen_level(game: str, difficulty: str, level_seed: int) -> ProcgenVector:
    """One game that plays one level again and again, and can be drawn for people.

    Raises:
        UserError: there is no such game, difficulty or level.
    """
    return ProcgenVector(game, difficulty, num_envs=1, first_level=level_seed, num_levels=1, human=True)
