"""What happened, what an agent made of it, and what it imagined: the records that all panes and files share.

Shapes: H horizon, N branches, D deter, G blocks of the recurrence, S latents, C classes, A actions. Frames are uint8
`(..., 64, 64, 3)`, read-only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

RECORDING_SUFFIX = ".episode"
"""What the names of recordings end in."""

Outcome = Literal["won", "lost", "timeout"]
Split = Literal["train", "unseen"]


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """The same array, made read-only: records cross threads."""
    array.setflags(write=False)
    return array


def frame_hash(frame: NDArray[np.uint8]) -> str:
    """A short fingerprint of a frame's pixels (64 bits of BLAKE2b, hexadecimal)."""
    return hashlib.blake2b(np.ascontiguousarray(frame).data, digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it happened.

    Attributes:
        frame: (64, 64, 3) uint8, what the agent saw. On an end step the last frame again: Procgen shows no last frame.
        reward: received on arriving at this step.
        action: chosen at this step, 0 to 14; None on the end step.
        is_first: first step of an episode.
        is_last: end step of an episode.
        is_terminal: the end was a death or a win, not a time-out; only with is_last.
        level_seed: seed of the level.
        by_person: a person chose the action, not the agent.
    """

    frame: NDArray[np.uint8]
    reward: float
    action: int | None
    is_first: bool
    is_last: bool
    is_terminal: bool
    level_seed: int
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What one agent (one generation of weights) makes of a Step.

    Attributes:
        generation: of the weights that made it; dreams start only from latents of the same generation.
        deter: (D,) float32 recurrent state h.
        stoch: (S,) uint8, the sampled class of each latent.
        belief: (64, 64, 3) uint8, the decoded posterior.
        value: predicted discounted return.
        policy: (A,) float32 probabilities of the actions.
        continues: probability that the episode goes on, divided by 1 - 1/horizon.
        surprise: KL(posterior || prior) in nats; None on an episode's first step.
    """

    generation: int
    deter: NDArray[np.float32]
    stoch: NDArray[np.uint8]
    belief: NDArray[np.uint8]
    value: float
    policy: NDArray[np.float32]
    continues: float
    surprise: float | None


@dataclass(frozen=True, slots=True)
class Blind:
    """The dream along reality's actions: decoded prior, `age` frames after the model last looked.

    Attributes:
        frame: (64, 64, 3) uint8.
        age: frames since the last look; 0 where the model looks, and the frame is its belief.
    """

    frame: NDArray[np.uint8]
    age: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A Step with a Reading of it and the dream along reality; an end step has neither (there is nothing to see)."""

    step: Step
    reading: Reading | None
    blind: Blind | None


@dataclass(frozen=True, slots=True)
class Dream:
    """An imagined rollout of N branches from one latent.

    Index i belongs to the (i+1)-th imagined state; `actions[:, i]` leads to it.

    Attributes:
        generation: of the weights that dreamt it.
        frames: (N, H, 64, 64, 3) uint8; (N, 0, 64, 64, 3) where nobody wanted pictures.
        actions: (N, H) int64.
        rewards: (N, H) float32 predicted rewards.
        continues: (N, H) float32 probabilities of going on, divided by 1 - 1/horizon.
        values: (N, H) float32 predicted values.
    """

    generation: int
    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    rewards: NDArray[np.float32]
    continues: NDArray[np.float32]
    values: NDArray[np.float32]

    def returns(self, discount: float) -> NDArray[np.float32]:
        """What each branch promises at each of its states, the last one's value standing for all that follows it.

        G[h] = r[h] + discount c[h] G[h + 1], G[H] = v[H - 1]: what is received on arriving at the next state comes
        first, as in the learner.

        Args:
            discount: of one step.

        Returns:
            (N, H + 1) float32; index 0 belongs to the state that the dream starts from.
        """
        horizon = self.values.shape[1]
        returns = np.empty((len(self.values), horizon + 1), np.float32)
        returns[:, horizon] = self.values[:, -1]
        for h in range(horizon - 1, -1, -1):
            returns[:, h] = self.rewards[:, h] + discount * self.continues[:, h] * returns[:, h + 1]
        return returns


@dataclass(frozen=True, slots=True)
class DreamtStep:
    """One imagined state that a person's action led to.

    Attributes:
        action: what led here. frame: (64, 64, 3) uint8. reward, continues, value: as in Dream.
    """

    action: int
    frame: NDArray[np.uint8]
    reward: float
    continues: float
    value: float


def dream_of(generation: int, steps: Sequence[DreamtStep]) -> Dream:
    """The Dream of one branch that was played step by step; at least one.

    Args:
        generation: of the weights that dreamt it. steps: in order.
    """

    def row(numbers: list[float]) -> NDArray[np.float32]:
        return frozen(np.array([numbers], np.float32))

    return Dream(
        generation=generation,
        frames=frozen(np.stack([step.frame for step in steps])[None]),
        actions=frozen(np.array([[step.action for step in steps]], np.int64)),
        rewards=row([step.reward for step in steps]),
        continues=row([step.continues for step in steps]),
        values=row([step.value for step in steps]),
    )


@dataclass(frozen=True, slots=True)
class Fork:
    """A real rollout with a dream's actions; arrays end where the episode ends, as Procgen shows no last frame.

    Attributes:
        frames: (L, 64, 64, 3) uint8, L <= H. rewards: (L,) float32, received on arriving at each frame.
        outcome: how the episode ended under these actions; None where it goes on.
        end_reward: received with the end, after the last frame.
    """

    frames: NDArray[np.uint8]
    rewards: NDArray[np.float32]
    outcome: Outcome | None
    end_reward: float


@dataclass(frozen=True, slots=True, eq=False)
class Insight:
    """The model's state at a Moment.

    Attributes:
        posterior: (S, C) float32 probabilities of z with the frame seen.
        prior: (S, C) float32 likewise without; None on an episode's first step, where nothing was expected.
        drawn: (S,) uint8, the class of each latent that was drawn from the posterior.
        change: (G, D / G) float32, h less the h of the step before, a row a block; None where there is no such step.
    """

    posterior: NDArray[np.float32]
    prior: NDArray[np.float32] | None
    drawn: NDArray[np.uint8]
    change: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True, eq=False)
class Touched:
    """A state with some classes set by hand.

    Attributes:
        frame: (64, 64, 3) uint8, decoded. value: predicted discounted return there.
    """

    frame: NDArray[np.uint8]
    value: float


@dataclass(slots=True)
class Episode:
    """The Steps of one level, in order, growing at its end only; given by game, difficulty, level seed, actions.

    One thread appends, others read: elements are immutable and appending to a list is atomic in Python.
    """

    game: str
    difficulty: str
    split: Split
    level_seed: int
    steps: list[Step] = field(default_factory=list)
    outcome: Outcome | None = None

    @property
    def actions(self) -> list[int]:
        """The actions taken, in order."""
        return [step.action for step in self.steps if step.action is not None]

    @property
    def total_reward(self) -> float:
        """Sum of all rewards so far (the return of an ended episode)."""
        return float(sum(step.reward for step in self.steps))
