"""Agents and their weights, as session and workers tell each other of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.config import Config


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """What an agent learnt from: a game, its difficulty, and the levels from seed 0 up to `levels` - 1."""

    game: str
    difficulty: str
    levels: int


@dataclass(frozen=True, slots=True)
class AgentInfo:
    """The agent on show.

    Attributes:
        name: what to call it: the checkpoint's file name, or the run it is training in.
        generation: of its weights; every opened checkpoint and every hand-over gets a new one.
        game, difficulty: what it plays. trained_on: what it was trained on, mostly the same.
        preset: name of its size.
        env_steps, updates: how much it was trained.
        path: its checkpoint; None before a training run saved its first.
        discount: what a reward is worth one step earlier, by the horizon it was trained with.
        training: its weights come from the training that runs in this window.
        device: what it computes on, and in which numbers.
        fingerprint: of its file's content, see `trainer.checkpoint.fingerprint`; empty of weights in training.
        run: folder of the run whose newest checkpoint is followed, while somebody else trains it; None: no such run.
        handed_over: its weights took the place of older ones, and the episode goes on; else it was opened.
    """

    name: str
    generation: int
    game: str
    difficulty: str
    preset: str
    env_steps: int
    updates: int
    path: Path | None
    discount: float
    trained_on: TrainedOn
    training: bool = False
    fingerprint: str = ""
    device: str = ""
    run: Path | None = None
    handed_over: bool = False

    @property
    def source(self) -> Path | None:
        """What to open to have this agent again: a run's folder where one is followed, else its checkpoint."""
        return self.run or self.path


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a training as they were at a safe point: a copy, or what it saved.

    Attributes:
        config: of the run.
        tensors: names to tensors as `Agent.load_state_tensors` takes them; nobody else writes them any more.
        env_steps, updates: counters at that point.
        name: of the run. path: its newest checkpoint, if there is one.
        run: its folder, where somebody else trains it; None: it is trained in this window.
        fingerprint: of the checkpoint they were read from; empty where they come from no file.
    """

    config: Config
    tensors: Mapping[str, Any]
    env_steps: int
    updates: int
    name: str
    path: Path | None
    run: Path | None = None
    fingerprint: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """Another agent plays from here on."""

    agent: AgentInfo
