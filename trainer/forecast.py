"""How long a training will take, said before its first update: an estimate, and no more.

An update is taken to be its arithmetic at the rate that was measured for a matrix product, and a number of operations
that cost time however small the model is. On a CPU this came within a fifth of what updates took at 1m, 4m and 12m; on
a GPU it was never held against one. While a training runs, its progress line tells what was really reached.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainer.config import Config
from trainer.flops import update_flops
from trainer.hardware import Choice, Rates, rates

_OPERATIONS = {"compiled": 30_000 / (64 + 15), "torch": 60_000 / (64 + 15)}
"""Tensor operations of an update for each step that is observed or imagined, counted with torch's profiler."""
_CALLS = {"cpu": 10.0, "cuda": 1.0}
"""How long such an operation takes, in the time of one that has nothing to do: a CPU also computes it, on a GPU that
happens while the next one is being called."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of a training.

    Attributes:
        updates_per_second: while it updates. seconds: that all its updates will take; playing, evaluating and saving
            come on top.
    """

    updates_per_second: float
    seconds: float

    def __str__(self) -> str:
        minutes = round(self.seconds / 60)
        hours = f"{minutes // 60:,} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"
        return f"estimated {self.updates_per_second:.2g} updates/s, {hours if minutes else 'a minute'} to the end"


def forecast(
    config: Config, env_steps: int, num_actions: int, processes: int = 1, measured: Rates | None = None
) -> Forecast:
    """What to expect of a training that stands at `env_steps`.

    Args:
        config: settled. env_steps: taken before. num_actions: of the game.
        processes: that share its batch, each on a device, or on cores, of its own.
        measured: how fast its device is; None: measured here, in a few hundredths of a second.
    """
    if measured is None:
        measured = rates(Choice(config.device, config.dtype, config.threads))
    floor = update_flops(
        config.size, config.batch_size // processes, config.batch_length, config.imagination, num_actions
    )
    operations = _OPERATIONS[config.kernels] * (config.batch_length + config.imagination)
    seconds = floor.total / measured.flops + operations * _CALLS[config.device] * measured.call
    frames = config.batch_size * config.batch_length
    updates = max(config.total_steps - env_steps, 0) * config.train_ratio / frames
    return Forecast(1 / seconds, updates * seconds)
