"""Where a process sits among those that train together; known before torch is there."""

from __future__ import annotations

import os
from dataclasses import dataclass


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
    """The place that `torchrun` gave this process; None where it did not start it, or it alone."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or "RANK" not in os.environ:
        return None
    local_rank, local_size = int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    return Seat(int(os.environ["RANK"]), size, local_rank, local_size)
