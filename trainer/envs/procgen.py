"""Procgen's 16 games as a vector environment, with ends told apart, levels dealt and snapshots checked.

Time limits: Procgen does not say whether an episode was cut off. An episode that lasted exactly its game's limit and
was not won is called a time-out; a death on the very last allowed step counts as one, for nothing tells them apart.
Every reward for reaching a goal comes with the level's completion, so a won episode is never called a time-out.

Threads: a Procgen step costs about 50 microseconds a game on one core. Its worker threads wait on a condition and
only pay for many games; a small vector steps in the caller's thread.
"""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from procgen import ProcgenGym3Env

from trainer.config import GAMES
from trainer.envs.libraries import open_libraries_once
from trainer.envs.protocol import NUM_ACTIONS, Snapshot, StepBatch, outcomes
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT

open_libraries_once()

DIFFICULTIES = ("easy", "hard")

TIME_LIMITS: dict[str, int] = dict.fromkeys(GAMES, 1000) | {
    "bigfish": 6000,
    "bossfight": 4000,
    "leaper": 500,
    "maze": 500,
    "plunder": 4000,
}
"""Steps after which a game ends an episode by itself; the same for easy and hard."""


_THREADS_FROM = 32
_MAX_THREADS = 4
_ABANDON = -1
_STATE_END = (0xCAFECAFE).to_bytes(4, "little")


def simulator_version() -> str:
    """Name and version of the Procgen that is installed; snapshots are only restored into the same."""
    for name in ("procgen-mirror", "procgen"):
        try:
            return f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    raise UserError("Procgen is not installed as a package; install procgen or, from Python 3.11, procgen-mirror.")


def check_game(game: str, difficulty: str) -> None:
    """Refuse what Procgen would end the process over.

    Raises:
        UserError: an unknown game or difficulty.
    """
    if game not in GAMES:
        raise UserError(f"There is no game '{game}'; choose one of {', '.join(GAMES)}.")
    if difficulty not in DIFFICULTIES:
        raise UserError(f"There is no difficulty '{difficulty}'; choose easy or hard.")


class ProcgenVector:
    """N games of Procgen behind the VectorEnv protocol.

    Levels are drawn from a range (`first_level`, `num_levels`; one level where num_levels is 1), or dealt from
    `level_sequence`: each seed is played once, by whichever slot is free next, and `counted` marks the slots that are
    playing one of them. A slot with nothing left to play repeats its last level uncounted.
    """

    num_actions: int = NUM_ACTIONS

    def __init__(
        self,
        game: str,
        difficulty: str = "easy",
        num_envs: int = 1,
        first_level: int = 0,
        num_levels: int = 200,
        seed: int = 0,
        human: bool = False,
        level_sequence: Sequence[int] | None = None,
    ) -> None:
        """Make the games and show their first frames.

        Args:
            game, difficulty: one of the 16 games, `easy` or `hard`.
            num_envs: slots that step together.
            first_level, num_levels: range of level seeds, drawn from at random with `seed`.
            seed: of the draw of levels; the same seed and actions give the same frames.
            human: `human_frame` will be asked for.
            level_sequence: seeds to play in this order, one episode each, in place of the range.

        Raises:
            UserError: an unknown game or difficulty, levels that do not exist, or no game at all.
        """
        check_game(game, difficulty)
        if num_envs < 1:
            raise UserError(f"{num_envs} environments cannot be stepped; ask for at least one.")
        if level_sequence is not None:
            self._sequence: tuple[int, ...] | None = tuple(int(level) for level in level_sequence)
            if not self._sequence:
                raise UserError("The sequence of levels is empty; name at least one level seed.")
            wrong = [level for level in self._sequence if not 0 <= level < LEVEL_LIMIT]
            if wrong:
                raise UserError(f"There is no level {wrong[0]}; level seeds run from 0 to {LEVEL_LIMIT - 1}.")
            first_level, num_levels = self._sequence[0], 1
        else:
            self._sequence = None
            if num_levels < 1 or first_level < 0 or first_level + num_levels > LEVEL_LIMIT:
                raise UserError(
                    f"There are no {num_levels} levels from {first_level} on; "
                    f"level seeds run from 0 to {LEVEL_LIMIT - 1}."
                )
        self.game = game
        self.difficulty = difficulty
        self._num_envs = num_envs
        self._version = simulator_version()
        self._human = human
        self._painter: ProcgenGym3Env | None = None
        self._limit = TIME_LIMITS[game]
        threads = min(_MAX_THREADS, os.cpu_count() or 1) if num_envs >= _THREADS_FROM else 0
        self._env = _make(game, difficulty, num_envs, first_level, num_levels, seed, threads)
        self._closed = False
        self._elapsed = np.zeros(num_envs, np.int64)
        self._counted = np.zeros(num_envs, np.bool_)
        self._dealt = 0
        no, yes = np.zeros(num_envs, np.bool_), np.ones(num_envs, np.bool_)
        if self._sequence is not None:
            self._deal(yes)
        self._shown = self._batch(np.zeros(num_envs, np.float32), yes, no, no)

    @property
    def num_envs(self) -> int:
        """How many games."""
        return self._num_envs

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(N,) bool: the episode on show is one of the level sequence; all False without a sequence."""
        return self._counted.copy()

    @property
    def elapsed(self) -> NDArray[np.int64]:
        """(N,) steps taken in the episodes on show."""
        return self._elapsed.copy()

    def current(self) -> StepBatch:
        """What is on show, without a step."""
        return self._shown

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        """Take one step in every game; see VectorEnv.step."""
        # Procgen reads -1 as "abandon" and takes anything else unchecked, so the check stands here.
        actions = np.asarray(actions)
        if actions.shape != (self._num_envs,) or not np.issubdtype(actions.dtype, np.integer):
            raise ValueError(f"actions must be {self._num_envs} integers, not {actions.dtype} of shape {actions.shape}")
        if actions.min() < 0 or actions.max() >= NUM_ACTIONS:
            raise ValueError(f"actions must lie from 0 to {NUM_ACTIONS - 1}: {actions.tolist()}")
        self._env.act(actions)
        reward, observation, first = self._env.observe()
        self._elapsed += 1
        if not first.any():
            none = np.zeros(self._num_envs, np.bool_)
            self._shown = StepBatch(observation["rgb"], reward, first, none, none, self._shown.level_seed)
            return self._shown
        won = first & np.array([bool(info["prev_level_complete"]) for info in self._env.get_info()])
        terminal = first & (won | (self._elapsed < self._limit))
        self._elapsed[first] = 0
        if self._sequence is not None:
            self._deal(first)
        self._shown = self._batch(reward, first, terminal, won)
        return self._shown

    def reset(self) -> StepBatch:
        """Abandon every episode and open the next; nothing is said to have ended, and no reward is given.

        A level of the sequence that is abandoned is not dealt again.
        """
        self._env.act(np.full(self._num_envs, _ABANDON))
        self._elapsed[:] = 0
        no, yes = np.zeros(self._num_envs, np.bool_), np.ones(self._num_envs, np.bool_)
        if self._sequence is not None:
            self._deal(yes)
        self._shown = self._batch(np.zeros(self._num_envs, np.float32), yes, no, no)
        return self._shown

    def snapshot(self) -> list[Snapshot]:
        """Every game as it stands: about 40 KB and 0.1 ms a game."""
        shown = self._shown
        return [
            Snapshot(
                game=self.game,
                difficulty=self.difficulty,
                version=self._version,
                state=state,
                level_seed=int(shown.level_seed[slot]),
                elapsed=int(self._elapsed[slot]),
                reward=float(shown.reward[slot]),
                is_first=bool(shown.is_first[slot]),
                ended_terminal=bool(shown.ended_terminal[slot]),
                ended_won=bool(shown.ended_won[slot]),
                counted=bool(self._counted[slot]),
                dealt=self._dealt,
            )
            for slot, state in enumerate(self._env.get_state())
        ]

    def restore(self, snapshots: Sequence[Snapshot]) -> StepBatch:
        """Put one snapshot into each slot and return what is on show then.

        The range of levels travels with a snapshot: what is played afterwards is drawn as where it was taken.
        See VectorEnv.restore for the errors.
        """
        if len(snapshots) != self._num_envs:
            raise ValueError(f"{len(snapshots)} snapshots for {self._num_envs} environments")
        for snapshot in snapshots:
            self._check(snapshot)
        self._env.set_state([snapshot.state for snapshot in snapshots])
        self._elapsed = np.array([snapshot.elapsed for snapshot in snapshots], np.int64)
        self._counted = np.array([snapshot.counted for snapshot in snapshots], np.bool_)
        self._dealt = max(snapshot.dealt for snapshot in snapshots)
        self._shown = self._batch(*outcomes(snapshots))
        return self._shown

    def human_frame(self, snapshot: Snapshot | None = None) -> NDArray[np.uint8]:
        """The picture for people, (512, 512, 3) uint8, drawn now: about 3 ms that nobody pays who does not look.

        Args:
            snapshot: what to draw; without one, slot 0 as it stands.

        Raises:
            ValueError: the vector was made without `human`.
            UserError: a snapshot of another game, difficulty or simulator.
        """
        if not self._human:
            raise ValueError("this vector was made without human=True")
        if snapshot is None:
            state = self._env.get_state()[0]
        else:
            self._check(snapshot)
            state = snapshot.state
        if self._painter is None:
            self._painter = _make(self.game, self.difficulty, 1, 0, 1, 0, 0, render_mode="rgb_array")
        self._painter.set_state([state])
        picture: NDArray[np.uint8] = self._painter.get_info()[0]["rgb"]
        return picture

    def close(self) -> None:
        """Free the simulator; harmless the second time."""
        if not self._closed:
            self._closed = True
            self._env.close()
            if self._painter is not None:
                self._painter.close()

    def _batch(
        self,
        reward: NDArray[np.float32],
        first: NDArray[np.bool_],
        terminal: NDArray[np.bool_],
        won: NDArray[np.bool_],
    ) -> StepBatch:
        """A StepBatch of these values with the frames and levels on show."""
        _, observation, _ = self._env.observe()
        seeds = np.array([int(info["level_seed"]) for info in self._env.get_info()], np.int32)
        return StepBatch(observation["rgb"], reward, first, terminal, won, seeds)

    def _deal(self, slots: NDArray[np.bool_]) -> None:
        """Put the next levels of the sequence into these slots, each from a fresh game of that one level.

        A game of one level repeats it by itself, which is all a slot needs that has nothing left to play.
        """
        assert self._sequence is not None
        for slot in np.flatnonzero(slots):
            self._counted[slot] = self._dealt < len(self._sequence)
            if not self._counted[slot]:
                continue
            fresh = _make(self.game, self.difficulty, 1, self._sequence[self._dealt], 1, 0, 0)
            (state,) = fresh.get_state()
            fresh.close()
            self._env.call_c_func("set_state", int(slot), state, len(state))
            self._dealt += 1

    def _check(self, snapshot: Snapshot) -> None:
        """Refuse what the simulator would end the process over."""
        for what, theirs, ours in (
            ("game", snapshot.game, self.game),
            ("difficulty", snapshot.difficulty, self.difficulty),
            ("simulator", snapshot.version, self._version),
        ):
            if theirs != ours:
                raise UserError(
                    f"This game state belongs to another {what} ({theirs}, not {ours}); "
                    f"use it with the {what} it was taken from."
                )
        name = self.game.encode()
        header = (0).to_bytes(4, "little") + len(name).to_bytes(4, "little") + name
        if not snapshot.state.startswith(header) or not snapshot.state.endswith(_STATE_END):
            raise UserError(f"This game state of {self.game} is damaged; take a new one.")


def _make(
    game: str,
    difficulty: str,
    num_envs: int,
    first_level: int,
    num_levels: int,
    seed: int,
    threads: int,
    render_mode: str | None = None,
) -> ProcgenGym3Env:
    """A Procgen vector with every option that matters stated; Procgen's own defaults are hard and 4 threads."""
    return ProcgenGym3Env(
        num=num_envs,
        env_name=game,
        distribution_mode=difficulty,
        start_level=first_level,
        num_levels=num_levels,
        rand_seed=seed % LEVEL_LIMIT,
        num_threads=threads,
        use_sequential_levels=False,
        render_mode=render_mode,
    )
