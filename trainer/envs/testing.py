"""A tiny deterministic world with the face of the real ones, for tests that need no simulator.

A dot stands in a corridor. Action 1 moves it to the right, action 2 to the left, any other leaves it. Reaching the
right end wins with reward 1, leaving at the left end is a death, and dawdling runs into the time limit. A level's
seed sets the corridor's length and colour.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.envs.protocol import NUM_ACTIONS, Snapshot, StepBatch, outcomes
from trainer.errors import UserError
from trainer.randomness import numpy_generator

RIGHT, LEFT = 1, 2
_GAME, _DIFFICULTY, _VERSION = "corridor", "easy", "corridor 1"
_STATE = struct.Struct("<5q")


class CorridorVector:
    """N corridors behind the VectorEnv protocol; levels are drawn from 0 to num_levels - 1."""

    num_actions: int = NUM_ACTIONS
    game = _GAME
    difficulty = _DIFFICULTY

    def __init__(self, num_envs: int = 1, num_levels: int = 200, seed: int = 0, time_limit: int = 20) -> None:
        """Make the corridors and show their first frames.

        Args:
            num_envs: slots that step together.
            num_levels: level seeds run from 0 to num_levels - 1.
            seed: of the draw of levels.
            time_limit: steps after which an episode is cut off.
        """
        self._num_envs = num_envs
        self._num_levels = num_levels
        self._limit = time_limit
        self._seeds = np.full(num_envs, seed, np.int64)  # per slot: a restored slot draws as where it was taken
        self._streams = np.arange(num_envs, dtype=np.int64)
        self._episodes = np.zeros(num_envs, np.int64)
        self._positions = np.zeros(num_envs, np.int64)
        self._elapsed = np.zeros(num_envs, np.int64)
        self._levels = np.zeros(num_envs, np.int64)
        for slot in range(num_envs):
            self._open(slot)
        no = np.zeros(num_envs, np.bool_)
        self._shown = self._batch(np.zeros(num_envs, np.float32), np.ones(num_envs, np.bool_), no, no)

    @property
    def num_envs(self) -> int:
        """How many corridors."""
        return self._num_envs

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(N,) bool, all False: there is no fixed sequence of levels here."""
        return np.zeros(self._num_envs, np.bool_)

    def current(self) -> StepBatch:
        """What is on show, without a step."""
        return self._shown

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        """Take one step in every corridor; see VectorEnv.step."""
        actions = np.asarray(actions)
        if actions.shape != (self._num_envs,) or actions.min() < 0 or actions.max() >= NUM_ACTIONS:
            raise ValueError(f"actions must be {self._num_envs} integers from 0 to {NUM_ACTIONS - 1}")
        self._positions += (actions == RIGHT).astype(np.int64) - (actions == LEFT).astype(np.int64)
        self._elapsed += 1
        won = self._positions >= _lengths(self._levels)
        terminal = won | (self._positions < 0)
        first = terminal | (self._elapsed >= self._limit)
        for slot in np.flatnonzero(first):
            self._episodes[slot] += 1
            self._open(int(slot))
        self._shown = self._batch(won.astype(np.float32), first, terminal, won)
        return self._shown

    def snapshot(self) -> list[Snapshot]:
        """Every corridor as it stands."""
        shown = self._shown
        return [
            Snapshot(
                game=_GAME,
                difficulty=_DIFFICULTY,
                version=_VERSION,
                state=_STATE.pack(
                    self._seeds[slot],
                    self._streams[slot],
                    self._episodes[slot],
                    self._positions[slot],
                    self._levels[slot],
                ),
                level_seed=int(self._levels[slot]),
                elapsed=int(self._elapsed[slot]),
                reward=float(shown.reward[slot]),
                is_first=bool(shown.is_first[slot]),
                ended_terminal=bool(shown.ended_terminal[slot]),
                ended_won=bool(shown.ended_won[slot]),
            )
            for slot in range(self._num_envs)
        ]

    def restore(self, snapshots: Sequence[Snapshot]) -> StepBatch:
        """Put one snapshot into each slot and return what is on show then; see VectorEnv.restore."""
        if len(snapshots) != self._num_envs:
            raise ValueError(f"{len(snapshots)} snapshots for {self._num_envs} environments")
        for snapshot in snapshots:
            if snapshot.version != _VERSION:
                raise UserError(f"This game state belongs to {snapshot.game}, not to {_GAME}; use it there.")
        for slot, snapshot in enumerate(snapshots):
            (
                self._seeds[slot],
                self._streams[slot],
                self._episodes[slot],
                self._positions[slot],
                self._levels[slot],
            ) = _STATE.unpack(snapshot.state)
            self._elapsed[slot] = snapshot.elapsed
        self._shown = self._batch(*outcomes(snapshots))
        return self._shown

    def human_frame(self, snapshot: Snapshot | None = None) -> NDArray[np.uint8]:
        """Slot 0 (or a snapshot) as a picture for people, (512, 512, 3) uint8."""
        position, level = int(self._positions[0]), int(self._levels[0])
        if snapshot is not None:
            *_, position, level = _STATE.unpack(snapshot.state)
        picture: NDArray[np.uint8] = _draw(np.array([position]), np.array([level]))[0].repeat(8, 0).repeat(8, 1)
        return picture

    def close(self) -> None:
        """Nothing to free."""

    def _open(self, slot: int) -> None:
        """Begin the slot's next episode."""
        generator = numpy_generator(
            int(self._seeds[slot]), "corridor", int(self._streams[slot]), int(self._episodes[slot])
        )
        self._levels[slot] = generator.integers(self._num_levels)
        self._positions[slot] = 0
        self._elapsed[slot] = 0

    def _batch(
        self,
        reward: NDArray[np.float32],
        first: NDArray[np.bool_],
        terminal: NDArray[np.bool_],
        won: NDArray[np.bool_],
    ) -> StepBatch:
        """A StepBatch of these values with the frames and levels on show."""
        frames = _draw(self._positions, self._levels)
        return StepBatch(frames, reward, first, terminal, won, self._levels.astype(np.int32))


def _lengths(levels: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) steps from the start to the right end."""
    return 3 + levels % 5


def _draw(positions: NDArray[np.int64], levels: NDArray[np.int64]) -> NDArray[np.uint8]:
    """(N, 64, 64, 3) uint8 frames: ground in the level's colour, the goal, the dot."""
    frames = np.empty((len(positions), 64, 64, 3), np.uint8)
    for frame, position, level in zip(frames, positions, levels, strict=True):
        frame[:] = (level * 37 % 128, level * 59 % 128, level * 83 % 128)
        goal = 8 * int(3 + level % 5)
        frame[24:40, goal : goal + 8] = (0, 255, 0)
        column = 8 * max(0, int(position))
        frame[24:40, column : column + 8] = (255, 255, 255)
    return frames
