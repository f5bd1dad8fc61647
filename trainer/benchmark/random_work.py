"""Updates on random data from memory: nothing but the learner, for comparisons that need neither games nor replay."""

from __future__ import annotations

import time

import numpy as np
import torch

from trainer.agent.agent import Agent
from trainer.agent.learner import Learner
from trainer.config import Config
from trainer.machine import wait_for
from trainer.randomness import numpy_generator, torch_generator
from trainer.replay_batch import RAW_DTYPES, Batch, LatentDtype
from trainer.training import compute_dtype


def random_batch(config: Config, num_actions: int, latent_dtype: LatentDtype) -> Batch:
    """A batch of noise: no episode ends in it, and its latents are zeros.

    Args:
        config: batch size, length and model size. num_actions: to draw from. latent_dtype: of the stored latents.
    """
    generator = numpy_generator(config.seed, "random batch")
    shape = (config.batch_size, config.batch_length + 1)
    is_first = np.zeros(shape, bool)
    is_first[:, 0] = True
    return Batch(
        frame=generator.integers(256, size=(*shape, 64, 64, 3), dtype=np.uint8),
        reward=generator.normal(size=shape).astype(np.float32),
        action=generator.integers(num_actions, size=shape),
        is_first=is_first,
        is_last=np.zeros(shape, bool),
        is_terminal=np.zeros(shape, bool),
        level_seed=np.zeros(shape, np.int32),
        deter=np.zeros((config.batch_size, config.size.deter), RAW_DTYPES[latent_dtype]),
        stoch=np.zeros((config.batch_size, config.size.stoch), np.uint8),
        positions=np.zeros(shape, np.int64),
    )


class RandomWork:
    """A learner with one random batch, which it updates on again and again.

    Attributes:
        config: settled: device and dtype are named. agent: what is trained.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        device, dtype = torch.device(config.device), compute_dtype(config)
        self.agent = Agent(config.size, dtype=torch.float32, device=device, horizon=config.horizon, seed=config.seed)
        self._learner = Learner(self.agent, config, dtype)
        latent_dtype: LatentDtype = "bfloat16" if dtype == torch.bfloat16 else "float32"
        self._batch = random_batch(config, self.agent.num_actions, latent_dtype)
        self._updates = 0

    def update(self) -> float:
        """One more update; returns its seconds."""
        device = self.agent.device
        generator = torch_generator(self.config.seed, "random work", self._updates, device=device)
        self._updates += 1
        wait_for(device)
        start = time.perf_counter()
        self._learner.update(self._batch, generator)
        wait_for(device)
        return time.perf_counter() - start
