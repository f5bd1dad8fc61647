"""A run's settings with nothing left open: what `auto` and 0 stand for on this machine."""

from __future__ import annotations

from trainer.config import AUTO, Config, check
from trainer.defaults import row_for
from trainer.errors import UserError
from trainer.hardware import choose, memory_bytes
from trainer.process import use_threads
from trainer.world_model.encoder import FRAME


def settle(config: Config) -> Config:
    """The config with everything decided that it leaves open.

    Device, compute type and threads are measured (:func:`trainer.hardware.choose`); preset, batch size and train ratio
    stand in a table (:mod:`trainer.defaults`). What the config names stays, so a settled config is settled already.

    Raises:
        UserError: a value out of range, an update that the memory cannot hold, or CUDA is asked for and there is none.
    """
    check(config, "settings")
    choice = choose(config.device, config.dtype, config.threads)
    memory = memory_bytes(choice.device)
    row = row_for(choice.device, memory)
    settled = config.replace(
        device=choice.device,
        dtype=choice.dtype,
        threads=use_threads(choice.threads),
        preset=row.preset if config.preset == AUTO else config.preset,
        batch_size=config.batch_size or row.batch_size,
        train_ratio=config.train_ratio or row.train_ratio,
    )
    needed = _least_memory(settled)
    if needed > memory:
        steps = f"{settled.batch_size} x {settled.batch_length} steps"
        raise UserError(
            f"settings: an update of {steps} at preset {settled.preset} takes over {needed / 2**30:,.0f} GiB and there "
            f"are {memory / 2**30:,.0f}; lower batch_size, batch_length or preset."
        )
    return settled


def _least_memory(config: Config) -> int:
    """Bytes that an update holds at the least: what encoder and decoder keep of every convolution for the way back."""
    size = config.size
    pixels = ((FRAME >> layer) ** 2 * size.depth * mult for layer, mult in enumerate(size.mults))
    element = 2 if config.dtype == "bfloat16" else 4
    return config.batch_size * config.batch_length * 2 * sum(pixels) * element
