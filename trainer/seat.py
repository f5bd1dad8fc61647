"""Where a process sits among those that train together; known before torch is there."""

from __future__ import annotations

import os
from dataclasses import dataclass

from trainer.errors import UserError


@dataclass(frozen=True, slots=True)
class Seat:
    """A process's place among those that train together.

    Attributes:
        rank: its number, from 0. size: how many there are. local_rank, local_size: the same among those of its machine.
        meeting: file that none of them has made yet and through which they find each other, all on one machine; None:
            by the environment's variables, as `torchrun` sets them.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    meeting: str | None = None


def torchrun_seat() -> Seat | None:
    """The place that `torchrun` gave this process; None where it did not start it, or it alone.

    Raises:
        UserError: the environment's variables are not as torchrun sets them.
    """
    if "RANK" not in os.environ:
        return None
    rank, size, local_rank, local_size = (
        _number(name, least)
        for name, least in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0), ("LOCAL_WORLD_SIZE", 1))
    )
    return Seat(rank, size, local_rank, local_size) if size > 1 else None


def _number(name: str, least: int) -> int:
    text = os.environ.get(name, str(least))
    if not text.isdecimal() or int(text) < least:
        raise UserError(f"The environment's {name} is {text!r}, no number of torchrun's; take it out, or use torchrun.")
    return int(text)
