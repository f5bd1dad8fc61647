"""Imagined futures, their keys, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.episode import Dream, DreamtStep, Fork

FutureKind = Literal["policy", "what if", "many", "played", "echo"]
"""Of futures: what the policy would do, what if another action came first, one of many dreams, what a person played."""


@dataclass(frozen=True, slots=True)
class FutureKey:
    """Which dream: the same key shows the same dream.

    Attributes:
        number: of the episode. index: of the Moment it starts from. generation: of the weights.
        horizon: steps.
        branch: of the policy's own futures 0, and one more for each time a person asks for another; of the others the
            action that it begins with, its place among many, or a running number.
        kind: what it was dreamt for; "echo": a second agent's dream of the actions in one of the policy's own.
        among: how many branches were dreamt at once: with other ones beside it a branch has other luck.
    """

    number: int
    index: int
    generation: int
    horizon: int
    branch: int
    kind: FutureKind = "policy"
    among: int = 1


@dataclass(frozen=True, slots=True)
class Future:
    """What the agent would do from a Moment on, as the model imagines it."""

    key: FutureKey
    dream: Dream


@dataclass(frozen=True, slots=True)
class Forked:
    """What really happens under the actions of a future.

    Attributes:
        key: of the future. fork: the real rollout; None where the game does not come out as it did.
    """

    key: FutureKey
    fork: Fork | None


@dataclass(frozen=True, slots=True)
class Dreamt:
    """Another frame of the dream that a person plays.

    Attributes:
        key: of the dream. ahead: 0-based place in it. step: what was done and imagined.
    """

    key: FutureKey
    ahead: int
    step: DreamtStep


@dataclass(frozen=True, slots=True)
class Fan:
    """Many futures of one Moment, without pictures.

    Attributes:
        key: where they start and how far they go; its branch is 0. dream: the futures, one a branch.
    """

    key: FutureKey
    dream: Dream
