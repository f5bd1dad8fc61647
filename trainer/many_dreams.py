"""Many futures of one state, with pictures, and where they disagree."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import torch

from trainer.agent.agent import Agent
from trainer.branches import ManyDreams
from trainer.episode import frozen
from trainer.world_model.rssm import Latent


def many_dreams(
    agent: Agent, start: Latent, horizon: int, branches: int, generator: torch.Generator
) -> Generator[None, None, ManyDreams]:
    """Dream many futures and compare them.

    Args:
        agent: whose dreams. start: its state (batch 1). horizon: H, steps. branches: N. generator: of all draws.
    """
    dream = yield from agent.dream_steps(horizon, branches=branches, generator=generator, start=start)
    mean = np.empty(dream.frames.shape[1:], np.uint8)
    disagreement = np.empty(dream.frames.shape[1:4], np.float32)
    for h in range(horizon):
        pixels = dream.frames[:, h].astype(np.float32)
        mean[h] = np.rint(pixels.mean(0))
        disagreement[h] = pixels.std(0).mean(-1)
        yield
    return ManyDreams(dream, frozen(mean), frozen(disagreement))
