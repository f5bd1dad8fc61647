"""A run's settings with nothing left open: what `auto` and 0 stand for on this machine."""

from __future__ import annotations

from trainer.config import Config, check
from trainer.envs.procgen import levels_of
from trainer.hardware import choose_device, choose_dtype
from trainer.process import use_threads

GPU_TRAIN_RATIO = 64.0
"""Replayed steps per environment step on a GPU: the reference's for Procgen."""
CPU_TRAIN_RATIO = 8.0
"""The same on a CPU, where updates are what is scarce: replay then gets eight times as many fresh steps an update as
with the reference's ratio, and the time stays with the updates. Measured at 12m on one core: 570 steps a second played,
117 a second replayed, so that playing takes 3 % of the time (20 % at a ratio of 1)."""


def settle(config: Config) -> Config:
    """The config with every `auto` decided for this machine: device, dtype, threads, train ratio.

    Raises:
        UserError: a value out of range, or CUDA is asked for and there is none.
    """
    check(config, "settings")
    levels_of("train", config.levels)
    levels_of("validation", config.levels)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    return config.replace(
        device=device.type,
        dtype=str(dtype).removeprefix("torch."),
        threads=use_threads(config.threads),
        train_ratio=config.train_ratio or (CPU_TRAIN_RATIO if device.type == "cpu" else GPU_TRAIN_RATIO),
    )
