"""Scores: what a policy earns on a fixed list of levels, one episode each, every episode counted.

N slots are played side by side, so that the policy is asked once for all of them, and the env deals the list's levels
to whichever slot is free. Each level on the list counts, and what a slot plays after the list is used up does not: so
which episodes are counted never depends on which of them end early.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.config import Difficulty
from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import StepBatch, VectorEnv
from trainer.episode import Outcome
from trainer.levels import levels_of
from trainer.randomness import numpy_generator, torch_generator

LevelSplit = Literal["train", "validation", "test"]

SLOTS = 16
"""Episodes played side by side."""


@dataclass(frozen=True, slots=True)
class Tick:
    """How far a measurement is: what it is about, and steps done of all.

    Attributes:
        what: for people, such as `train levels`. done, total: episodes, or horizons of a dream.
    """

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Result:
    """One episode.

    Attributes:
        level_seed: its level. total_reward: its return. length: actions taken. outcome: how it ended.
    """

    level_seed: int
    total_reward: float
    length: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Scores:
    """All episodes of a list of levels, in the list's order."""

    results: tuple[Result, ...]

    @property
    def returns(self) -> NDArray[np.float64]:
        """(episodes,) returns."""
        return np.array([result.total_reward for result in self.results])

    @property
    def mean_return(self) -> float:
        """Mean over the episodes."""
        return float(self.returns.mean())

    @property
    def stderr(self) -> float:
        """Standard error of the mean; NaN for a single episode."""
        count = len(self.results)
        return float(self.returns.std(ddof=1) / math.sqrt(count)) if count > 1 else math.nan

    def summary(self) -> dict[str, object]:
        """Plain values for JSON; `stderr` is None where there is none."""
        outcomes = Counter(result.outcome for result in self.results)
        return {
            "mean_return": self.mean_return,
            "stderr": None if math.isnan(self.stderr) else self.stderr,
            "episodes": len(self.results),
            "won": outcomes["won"],
            "lost": outcomes["lost"],
            "timeout": outcomes["timeout"],
            "mean_length": float(np.mean([result.length for result in self.results])),
            "returns": self.returns.tolist(),
            "level_seeds": [result.level_seed for result in self.results],
        }


class Policy(Protocol):
    """Chooses actions for all slots at once."""

    def act(self, shown: StepBatch) -> NDArray[np.int32]:
        """(N,) int32 actions for what is on show."""
        ...


class RandomPolicy:
    """Every action equally likely: the score that any skill must beat."""

    def __init__(self, num_actions: int, seed: int) -> None:
        self._num_actions = num_actions
        self._generator = numpy_generator(seed, "random policy")

    def act(self, shown: StepBatch) -> NDArray[np.int32]:
        """(N,) int32 uniform actions."""
        return self._generator.integers(self._num_actions, size=len(shown.is_first), dtype=np.int32)


class AgentPolicy:
    """The agent's sampled policy on its beliefs.

    Attributes:
        latent: of the frames last shown, batch N.
    """

    def __init__(self, agent: Agent, num_envs: int, seed: int) -> None:
        self._agent = agent
        self._seed = seed
        self._step = 0
        self._actions = torch.zeros(num_envs, dtype=torch.int64, device=agent.device)
        self.latent = agent.initial(num_envs)

    def act(self, shown: StepBatch) -> NDArray[np.int32]:
        """(N,) int32 sampled actions; keeps the new latents."""
        device = self._agent.device
        generator = torch_generator(self._seed, "evaluation", self._step, device=device)
        is_first = torch.from_numpy(shown.is_first).to(device)
        self.latent, self._actions = self._agent.act(self.latent, self._actions, shown.frame, is_first, generator)
        self._step += 1
        return self._actions.to("cpu", torch.int32).numpy()


Observer = Callable[[StepBatch, NDArray[np.int32], NDArray[np.bool_]], None]
"""Called at every vector step with what is shown, the actions chosen, and which slots still count."""


def level_list(split: LevelSplit, count: int, levels: int = 200, skip: int = 0) -> list[int]:
    """The fixed list of level seeds that stands for a split: its first ones, from the start again where it is short.

    Args:
        split: `train`, `validation` (curves, choice of the best) or `test` (reports).
        count: seeds wanted. levels: train levels of the run. skip: seeds at the start to leave out.
    """
    first, available = levels_of(split, levels)
    return [first + index % available for index in range(skip, skip + count)]


def play(
    env: VectorEnv, policy: Policy, seeds: Sequence[int], what: str, observer: Observer | None = None
) -> Generator[Tick, None, Scores]:
    """Play each level of the list once, on an env that was given the same list as its sequence.

    Yields after every vector step; returns the scores in the list's order.
    """
    places: dict[int, deque[int]] = defaultdict(deque)
    for place, seed in enumerate(seeds):
        places[seed].append(place)
    results: dict[int, Result] = {}
    returns = np.zeros(env.num_envs)
    lengths = np.zeros(env.num_envs, dtype=np.int64)
    shown = env.current()
    while len(results) < len(seeds):
        counted = env.counted.copy()
        played = shown.level_seed.copy()
        actions = policy.act(shown)
        if observer is not None:
            observer(shown, actions, counted)
        shown = env.step(actions)
        returns += shown.reward
        lengths += 1
        for slot in np.flatnonzero(shown.is_first & counted):
            seed = int(played[slot])
            results[places[seed].popleft()] = Result(
                seed, float(returns[slot]), int(lengths[slot]), _outcome(shown, int(slot))
            )
        returns[shown.is_first] = 0.0
        lengths[shown.is_first] = 0
        yield Tick(what, len(results), len(seeds))
    return Scores(tuple(results[place] for place in range(len(seeds))))


def _outcome(shown: StepBatch, slot: int) -> Outcome:
    if shown.ended_won[slot]:
        return "won"
    return "lost" if shown.ended_terminal[slot] else "timeout"


def open_levels(game: str, difficulty: Difficulty, seeds: Sequence[int]) -> ProcgenVector:
    """A vector env that plays exactly these levels, at most SLOTS at a time."""
    return ProcgenVector(game, difficulty, num_envs=min(SLOTS, len(seeds)), level_sequence=list(seeds))


def score_agent(
    agent: Agent, game: str, difficulty: Difficulty, seeds: Sequence[int], what: str, seed: int = 0
) -> Generator[Tick, None, Scores]:
    """The sampled policy's scores on a list of levels; yields after every vector step."""
    env = open_levels(game, difficulty, seeds)
    try:
        return (yield from play(env, AgentPolicy(agent, env.num_envs, seed), seeds, what))
    finally:
        env.close()


def score_random(
    game: str, difficulty: Difficulty, seeds: Sequence[int], what: str, seed: int = 0
) -> Generator[Tick, None, Scores]:
    """A random policy's scores on the same list; yields after every vector step."""
    env = open_levels(game, difficulty, seeds)
    try:
        return (yield from play(env, RandomPolicy(env.num_actions, seed), seeds, what))
    finally:
        env.close()
