"""Playing real games at random and writing down what happened, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import StepBatch, VectorEnv
from trainer.episode import Episode, Outcome, Step

RIGHT, RIGHT_UP, NO_OP = 7, 8, 4


def random_actions(seed: int, steps: int, num_envs: int) -> NDArray[np.int64]:
    """(steps, num_envs) actions."""
    return np.random.default_rng(seed).integers(0, 15, size=(steps, num_envs))


def play(env: VectorEnv, actions: NDArray[np.int64]) -> list[StepBatch]:
    """What each step shows."""
    return [env.step(row) for row in actions]


def same(one: StepBatch, other: StepBatch) -> bool:
    """Whether two batches agree in every array, to the bit."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        for name in ("frame", "reward", "is_first", "ended_terminal", "ended_won", "level_seed")
    )


def same_slot(one: StepBatch, slot: int, other: StepBatch, other_slot: int) -> bool:
    """Whether a slot of one batch agrees with a slot of another, to the bit."""
    return all(
        np.array_equal(getattr(one, name)[slot], getattr(other, name)[other_slot])
        for name in ("frame", "reward", "is_first", "ended_terminal", "ended_won", "level_seed")
    )


def outcome_of(batch: StepBatch, slot: int) -> Outcome:
    """How the slot's episode ended, where `is_first` says it did."""
    if batch.ended_won[slot]:
        return "won"
    return "lost" if batch.ended_terminal[slot] else "timeout"


def record(env: ProcgenVector, actions: NDArray[np.int64]) -> Iterator[Episode]:
    """Episodes as a recorder writes them: each as it ends, and at last those still under way."""

    def begin(batch: StepBatch, slot: int) -> Episode:
        level = int(batch.level_seed[slot])
        episode = Episode(env.game, env.difficulty, "train", level)
        episode.steps.append(Step(batch.frame[slot], 0.0, None, True, False, False, level))
        return episode

    shown = env.current()
    episodes = [begin(shown, slot) for slot in range(env.num_envs)]
    for row in actions:
        shown = env.step(row)
        for slot, episode in enumerate(episodes):
            last, level = episode.steps[-1], episode.level_seed
            episode.steps[-1] = Step(last.frame, last.reward, int(row[slot]), last.is_first, False, False, level)
            reward = float(shown.reward[slot])
            if not shown.is_first[slot]:
                episode.steps.append(Step(shown.frame[slot], reward, None, False, False, False, level))
                continue
            terminal = bool(shown.ended_terminal[slot])
            episode.steps.append(Step(last.frame, reward, None, False, True, terminal, level))
            episode.outcome = outcome_of(shown, slot)
            yield episode
            episodes[slot] = begin(shown, slot)
    yield from episodes
