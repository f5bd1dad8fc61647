"""The real game taken on from one past Step in many ways at once, and which ways there are to take.

All branches are slots of one vector: one snapshot goes into every slot, and a step of the vector is a step of each.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
from numpy.typing import NDArray

from trainer.envs.actions import grouping_actions
from trainer.envs.procgen import ProcgenVector
from trainer.envs.replaying import outcome_of
from trainer.episode import Episode, Fork, Outcome, frozen
from trainer.resimulation import Resimulation

STEPS_TOGETHER = 4
"""Steps of all slots before others get a turn: some milliseconds."""

Grouping = Generator[None, None, tuple[tuple[int, ...], ...]]


class Branching:
    """Forks in bulk.

    Args:
        forker: takes the game back to a Step, for nobody else.
    """

    def __init__(self, forker: Resimulation) -> None:
        self._forker = forker
        self._vector: ProcgenVector | None = None
        self._grouping: Grouping | None = None
        self._grouped = ("", "")
        self._distinct: tuple[int, ...] = ()

    def close(self) -> None:
        """Free the games."""
        self._forker.close()
        if self._vector is not None:
            self._vector.close()
            self._vector = None
        if self._grouping is not None:
            self._grouping.close()
            self._grouping = None

    def distinct_actions(self, game: str, difficulty: str) -> Generator[None, None, tuple[int, ...]]:
        """One action for each effect that actions have in a game, in order.

        Found out by trying them on the simulator, which takes a second the first time; whoever gives up and asks again
        goes on where it stopped.

        Raises:
            UserError: an unknown game or difficulty.
        """
        if self._grouped != (game, difficulty):
            if self._grouping is not None:
                self._grouping.close()
            self._grouped, self._distinct = (game, difficulty), ()
            self._grouping = grouping_actions(game, difficulty)
        while self._grouping is not None:
            try:
                next(self._grouping)
            except StopIteration as end:
                self._distinct = tuple(group[0] for group in end.value)
                self._grouping = None
            yield
        return self._distinct

    def fork(
        self, number: int, index: int, episode: Episode, actions: NDArray[np.int64]
    ) -> Generator[None, None, tuple[Fork, ...] | None]:
        """What really happens under each of several sequences of actions.

        Args:
            number: of the episode. index: of the Step to go on from. episode: the Steps.
            actions: (N, H) to take from there.

        Returns:
            N forks, each as far as the actions go or the episode lasts; None where the game does not come out as it
            did then.
        """
        snapshot = yield from self._forker.snapshot(number, index, episode)
        if snapshot is None:
            return None
        branches, steps = actions.shape
        vector = self._vector_for(episode, branches)
        yield
        vector.restore([snapshot] * branches)
        frames = np.empty((branches, steps, 64, 64, 3), np.uint8)
        rewards = np.zeros((branches, steps), np.float32)
        lengths = np.full(branches, steps)
        outcomes: list[Outcome | None] = [None] * branches
        end_rewards = [0.0] * branches
        for h in range(steps):
            shown = vector.step(actions[:, h])
            frames[:, h], rewards[:, h] = shown.frame, shown.reward
            for slot in np.flatnonzero(shown.is_first):
                if outcomes[slot] is None:
                    lengths[slot], outcomes[slot] = h, outcome_of(shown, slot)
                    end_rewards[slot] = float(shown.reward[slot])
            if h % STEPS_TOGETHER == STEPS_TOGETHER - 1:
                yield
        return tuple(
            Fork(
                frozen(frames[slot, : lengths[slot]]),
                frozen(rewards[slot, : lengths[slot]]),
                outcomes[slot],
                end_rewards[slot],
            )
            for slot in range(branches)
        )

    def _vector_for(self, episode: Episode, slots: int) -> ProcgenVector:
        wanted = (episode.game, episode.difficulty, slots)
        vector = self._vector
        if vector is None or (vector.game, vector.difficulty, vector.num_envs) != wanted:
            if vector is not None:
                vector.close()
            vector = self._vector = ProcgenVector(episode.game, episode.difficulty, num_envs=slots)
        return vector
