"""A run's settings with nothing left open: what `auto` and 0 stand for on this machine."""

from __future__ import annotations

from trainer.config import AUTO, Config, check
from trainer.defaults import row_for
from trainer.errors import UserError
from trainer.hardware import choose, memory_bytes
from trainer.nn.compiling import CannotCompile
from trainer.nn.fused import use_compiled
from trainer.nn.native import load
from trainer.process import use_threads
from trainer.world_model.encoder import FRAME


def settle(config: Config) -> Config:
    """The config with everything decided that it leaves open.

    Device, compute type and threads are measured (:func:`trainer.hardware.choose`); preset, batch size and train ratio
    stand in a table (:mod:`trainer.defaults`); kernels are compiled where they can be. What the config names stays, so
    a settled config is settled already.

    Raises:
        UserError: a value out of range, an update that the memory cannot hold, or CUDA or compiled kernels are asked
            for and there are none.
    """
    check(config, "settings")
    choice = choose(config.device, config.dtype, config.threads)
    memory = memory_bytes(choice.device)
    row = row_for(choice.device, memory)
    settled = config.replace(
        device=choice.device,
        dtype=choice.dtype,
        kernels=_kernels(config.kernels, choice.device),
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


def _kernels(wanted: str, device: str) -> str:
    """Whether kernels are `compiled` or torch's own."""
    if device != "cpu" and wanted == "compiled":
        raise UserError(f"settings: kernels are compiled for the CPU, and the device is {device}; leave kernels out.")
    if device != "cpu" or wanted == "torch":
        return "torch"
    try:
        load()
    except CannotCompile as error:
        if wanted == "compiled":
            raise _not_compiled(error) from error
        return "torch"
    return "compiled"


def use_kernels(kernels: str) -> None:
    """Say by which kernels this process computes from now on.

    Args:
        kernels: `compiled` or `torch`, as settled, perhaps by another process on another machine.

    Raises:
        UserError: they cannot be compiled here.
    """
    try:
        use_compiled(kernels == "compiled")
    except CannotCompile as error:
        raise _not_compiled(error) from error


def _not_compiled(error: CannotCompile) -> UserError:
    return UserError(f"settings: kernels is compiled, but {error}; mend that, or take torch.")


def _least_memory(config: Config) -> int:
    """Bytes that an update holds at the least: what encoder and decoder keep of every convolution for the way back."""
    size = config.size
    pixels = ((FRAME >> layer) ** 2 * size.depth * mult for layer, mult in enumerate(size.mults))
    element = 2 if config.dtype == "bfloat16" else 4
    return config.batch_size * config.batch_length * 2 * sum(pixels) * element
