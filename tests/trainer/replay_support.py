"""A small replay, and a play that is a function of the time alone, so that a resumed one can be held against it."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainer.config import SIZES, ModelSize
from trainer.randomness import numpy_generator
from trainer.replay import Replay

ENVS = 4
LENGTH = 9
SIZE: ModelSize = SIZES["debug"]
BUDGET = 12_500_000
BATCH = 3


def small_replay(folder: Path | None, **changes: Any) -> Replay:
    """Four streams, sequences of 9 steps, room for about 990 steps in chunks of 31."""
    settings: dict[str, Any] = {
        "num_envs": ENVS,
        "size": SIZE,
        "latent_dtype": "bfloat16",
        "budget_bytes": BUDGET,
        "length": LENGTH,
    }
    return Replay(folder, **(settings | changes))


def vector_step(time: int, envs: int = ENVS, size: ModelSize = SIZE) -> dict[str, Any]:
    """What `Replay.add` takes, with an episode ending every ten steps or so."""
    draw = numpy_generator(7, "play", time)
    return {
        "frame": draw.integers(0, 256, (envs, 64, 64, 3), dtype=np.uint8),
        "reward": draw.normal(size=envs).astype(np.float32),
        "is_first": (draw.random(envs) < 0.1) | (time == 0),
        "ended_terminal": draw.random(envs) < 0.5,
        "level_seed": draw.integers(0, 200, envs).astype(np.int32),
        "action": draw.integers(0, 15, envs),
        "deter": torch.from_numpy(draw.normal(size=(envs, size.deter)).astype(np.float32)),
        "stoch": draw.integers(0, size.classes, (envs, size.stoch)),
    }


def refreshed(time: int, batch: int = BATCH, steps: int = LENGTH - 1) -> tuple[torch.Tensor, torch.Tensor]:
    """Latents that an update would write back."""
    draw = numpy_generator(7, "latents", time)
    deter = torch.from_numpy(draw.normal(size=(batch, steps, SIZE.deter)).astype(np.float32))
    return deter, torch.from_numpy(draw.integers(0, SIZE.classes, (batch, steps, SIZE.stoch)))


def play(replay: Replay, start: int, stop: int, updates: bool = True) -> None:
    """Vector steps `start` to `stop` - 1, each followed by an update's sample and commit where there is enough."""
    for time in range(start, stop):
        replay.add(**vector_step(time))
        if updates and replay.sequences:
            batch = replay.sample(BATCH, numpy_generator(7, "sample", time))
            replay.commit(batch, *refreshed(time))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel refuses, as it does on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
