"""Small agents, their checkpoints and a game that misbehaves on demand, for tests of the player and its worker."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch

from trainer.agent.agent import Agent
from trainer.checkpoint import save_checkpoint
from trainer.checkpoint_header import Header
from trainer.config import SIZES, Config
from trainer.envs.actions import grouping_actions
from trainer.envs.viewer import ViewerEnv, procgen_level
from trainer.episode import Moment, Reading

SHORT_GAME = "leaper"
"""A game in which an untrained agent is soon dead."""

SHORT_LEVEL = 10_005
"""A level of it that ends within some dozens of steps."""

CONFIG = Config(game=SHORT_GAME, preset="debug", dtype="float32", threads=1, warmup=10)
"""What the agents here say they were trained with."""

R = TypeVar("R")


def small_agent(seed: int = 0, generation: int = 0) -> Agent:
    """An untrained agent of the smallest size whose readings differ from frame to frame."""
    agent = Agent(SIZES["debug"], generation=generation, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for head in (agent.actor_critic.val, agent.actor_critic.pol):
            for parameter in head.parameters():  # the reference begins with zeros: every value would be 0
                parameter += torch.randn(parameter.shape, generator=generator) * 0.3
    return agent


def small_checkpoint(path: Path, seed: int = 0, config: Config = CONFIG) -> Path:
    """A checkpoint of such an agent."""
    tensors = {name: t for name, t in small_agent(seed).state_tensors().items() if not name.startswith("slowval/")}
    header = Header(kind="weights", config=config, num_actions=15, env_steps=1000 + seed, updates=10 + seed)
    save_checkpoint(path, header, tensors)
    return path


def result_of(job: Generator[Any, None, R]) -> R:
    """Run a study to its end."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            result: R = end.value
            return result


def same_reading(a: Reading | None, b: Reading | None) -> bool:
    """Equal, the generation aside, but for rounding: encoder and decoder round differently in batches."""
    if a is None or b is None:
        return a is b
    near = all(np.allclose(getattr(a, name), getattr(b, name), atol=1e-4) for name in ("deter", "policy", "value"))
    picture = np.abs(a.belief.astype(int) - b.belief).max() <= 1
    surprise = a.surprise == b.surprise or np.isclose(a.surprise or 0.0, b.surprise or 0.0, atol=1e-3)
    return bool(near and picture and surprise and np.array_equal(a.stoch, b.stoch))


def same_readings(a: Sequence[Moment], b: Sequence[Moment]) -> bool:
    """Equal Readings, but for rounding, of equally many Moments."""
    return len(a) == len(b) and all(same_reading(x.reading, y.reading) for x, y in zip(a, b, strict=True))


def try_fewer_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what-if find out by a few trials which actions differ: in the game here that is enough."""
    monkeypatch.setattr("trainer.branching.grouping_actions", partial(grouping_actions, probes=16))


def broken_on(level_seed: int) -> Any:
    """A maker of games that raises for one level."""

    def make(game: str, difficulty: str, level: int) -> ViewerEnv:
        if level == level_seed:
            raise RuntimeError("the game broke")
        return procgen_level(game, difficulty, level)

    return make
