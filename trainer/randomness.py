"""Random streams as functions of (seed, purpose, counters): nothing to save, nothing to restore, nothing shared.

A run that resumes at update 1,000 draws the noise of update 1,000, and a player beside it cannot disturb it.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch


def _mixed(seed: int, purpose: str, counters: tuple[int, ...]) -> int:
    text = "/".join([str(seed), purpose, *map(str, counters)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def seed_of_rank(seed: int, rank: int) -> int:
    """The seed of what a process draws for itself, below 2^31; the first process has the run's own.

    Args:
        seed: of the run. rank: the process's number among those that train together.
    """
    return _mixed(seed, "rank", (rank,)) >> 33 if rank else seed


def torch_generator(seed: int, purpose: str, *counters: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator for one draw's worth of noise.

    Args:
        seed: of the run. purpose: a word, such as `update`. counters: which update, step or branch.
        device: where the noise is drawn.
    """
    return torch.Generator(device=device).manual_seed(_mixed(seed, purpose, counters) >> 1)


def numpy_generator(seed: int, purpose: str, *counters: int) -> np.random.Generator:
    """A numpy generator for one decision, with the same arguments."""
    return np.random.default_rng(_mixed(seed, purpose, counters))
