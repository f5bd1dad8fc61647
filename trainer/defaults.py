"""Preset, batch size and train ratio for those who choose none: a table of device and memory, and nothing else.

A speed that was measured decides nothing here, so the same seed gives the same numbers on every machine of a row (as
far as their arithmetic is the same). Flags and config files win over the table, each for what it names.

On a CPU time decides. 12m is what two cores train overnight to dreams that are worth a look; the next size takes twice
as long and is no longer patient but idle. Less memory takes less: at the peak of an update 2.9 GB at 12m, 1.9 GB at 4m
and 1.5 GB at 1m were measured in bfloat16, half as much again in float32, beside which the system and the replay's
pages need room. The train ratio is 8, as updates are what is scarce: replay gets eight times as many fresh steps an
update as with the reference's 64, and the time stays with the updates (measured at 12m on one core: 570 steps a second
played, 117 a second replayed, so that playing takes 3 % of the time, and 20 % at a ratio of 1).

On a GPU memory decides, up to the size at which a million steps still end within a day; above that a person should
choose. The train ratio is the reference's for Procgen, 64. These rows are counted, not measured: 22 bytes a parameter
(weights in two types, gradient, two moments, slow value), activations in proportion to the CPU's peak, and a third
left free for what else shows a picture on that GPU.

The batch is the reference's 16 sequences everywhere but on the smallest machines.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of machine takes.

    Attributes:
        device: `cpu` or `cuda`.
        memory_gib: of the device at least, in GiB; a little below what is printed on the box, as that is not all there.
        preset: size of the model. batch_size: sequences per update. train_ratio: replayed steps per environment step.
    """

    device: str
    memory_gib: float
    preset: str
    batch_size: int
    train_ratio: float


ROWS: tuple[Row, ...] = (
    Row("cuda", 36, "100m", 16, 64),
    Row("cuda", 20, "50m", 16, 64),
    Row("cuda", 10, "25m", 16, 64),
    Row("cuda", 5, "12m", 16, 64),
    Row("cuda", 0, "4m", 8, 64),
    Row("cpu", 7, "12m", 16, 8),
    Row("cpu", 3.5, "4m", 16, 8),
    Row("cpu", 0, "1m", 8, 8),
)
"""Of a device, the first row whose memory is there counts."""


def row_for(device: str, memory: int) -> Row:
    """The row of a machine.

    Args:
        device: `cpu` or `cuda`. memory: of that device, in bytes.
    """
    return next(row for row in ROWS if row.device == device and memory >= row.memory_gib * GIB)


def table() -> str:
    """The table as Markdown, which is also readable as it stands."""
    lines = ["| device | memory in GiB | preset | batch | train ratio |", "| --- | --- | --- | --- | --- |"]
    for row in ROWS:
        memory = f"{row.memory_gib:g} or more" if row.memory_gib else "less"
        lines.append(f"| {row.device} | {memory} | {row.preset} | {row.batch_size} | {row.train_ratio:g} |")
    return "\n".join(lines)
