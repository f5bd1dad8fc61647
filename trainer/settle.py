"""A run's settings with nothing left open: what `auto` and 0 stand for on this machine."""

from __future__ import annotations

from trainer.config import AUTO, Config, check
from trainer.defaults import row_for
from trainer.envs.procgen import levels_of
from trainer.hardware import choose, memory_bytes
from trainer.process import use_threads


def settle(config: Config) -> Config:
    """The config with everything decided that it leaves open.

    Device, compute type and threads are measured (:func:`trainer.hardware.choose`); preset, batch size and train ratio
    stand in a table (:mod:`trainer.defaults`). What the config names stays, so a settled config is settled already.

    Raises:
        UserError: a value out of range, or CUDA is asked for and there is none.
    """
    check(config, "settings")
    levels_of("train", config.levels)
    levels_of("validation", config.levels)
    choice = choose(config.device, config.dtype, config.threads)
    row = row_for(choice.device, memory_bytes(choice.device))
    return config.replace(
        device=choice.device,
        dtype=choice.dtype,
        threads=use_threads(choice.threads),
        preset=row.preset if config.preset == AUTO else config.preset,
        batch_size=config.batch_size or row.batch_size,
        train_ratio=config.train_ratio or row.train_ratio,
    )
