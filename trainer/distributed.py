"""Several processes that train one agent: `main.py train --processes 2`, or `torchrun ... main.py train`.

Each process (rank) plays its share of the games and keeps its own replay; an update takes each rank's share of the
batch, and everything that decides what happens next is agreed on, so that either all ranks do it or none. The technique
is that of `torch.nn.parallel.DistributedDataParallel`: the ranks start from equal weights, average their gradients
before every step, and so stay equal. Its wrapper is not used. It listens to `.grad` being filled, where an update here
asks autograd for all gradients at once and looks at them as a whole before anything changes; and it would copy them
into buckets of its own, where the optimiser gathers them into one flat buffer anyway. One `all_reduce` of that buffer
is the same mean in a single operation (42 MB at 12m). What the wrapper would win, sending while the backward pass still
runs, is little beside an update.

An update of W ranks is the update that one process would make from their batches joined together, up to rounding:
noise is drawn for the joined batch and each rank takes its rows, the return normaliser sees the returns of all ranks,
and losses are means over equal shares.

Tensors travel by NCCL on CUDA and by gloo on the CPU; decisions always by gloo, which notices at once that a rank is
gone, and asks nothing of the GPU. The tests run two processes with gloo; with NCCL it was never run, for want of GPUs.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed import FileStore  # type: ignore[attr-defined]

from trainer.config import AUTO
from trainer.errors import UserError
from trainer.hardware import choose_device
from trainer.seat import Seat

T = TypeVar("T")

_PATIENCE = timedelta(minutes=30)  # with a rank that says nothing: longer than any of them works between two exchanges
_LOCAL_PATIENCE = timedelta(days=365)  # on one machine a rank may wait because a person paused the training
_SHORT = 512
_SIZE = 8


class RankLost(UserError):
    """Another rank is gone, and nothing can be agreed on any more."""


class RefusedByFirst(UserError):
    """The first rank refused to begin, and says why; nobody else needs to."""


class Ranks:
    """The ranks that train together, seen by one of them; as it stands, by a process that trains alone.

    Every rank makes the same calls in the same order.

    Attributes:
        rank: this one's number, from 0. size: how many there are. local_size: how many of them on this machine.
        device: that all of them train on, `cpu` or `cuda`; None: whatever this one chooses.
    """

    rank: int = 0
    size: int = 1
    local_size: int = 1
    device: str | None = None

    @property
    def first(self) -> bool:
        """This rank alone writes checkpoints, metrics and to the console, and its clock counts."""
        return self.rank == 0

    def gather(self, value: T) -> list[T]:
        """What each rank gave, in order of their numbers; anything that JSON can hold.

        Raises:
            RankLost: another rank is gone.
        """
        return [value]

    def gather_bytes(self, data: bytes) -> list[bytes]:
        """The same for bytes."""
        return [data]

    def concatenate(self, tensor: Tensor) -> Tensor:
        """(N, ...) of each rank, equal shapes everywhere, as (ranks N, ...) without gradient.

        Raises:
            RankLost: another rank is gone.
        """
        return tensor

    def average(self, tensor: Tensor) -> None:
        """Puts the mean over all ranks into a contiguous float tensor; to the same bits everywhere.

        Raises:
            RankLost: another rank is gone.
        """

    def rand(self, *shape: int, dim: int, generator: torch.Generator, device: torch.device) -> Tensor:
        """Uniform noise for this rank's part of something that all share: part `rank` along `dim` of one draw.

        Args:
            shape: of the part. dim: along which the parts lie. generator: in the same state on every rank.
            device: of the generator and the noise.
        """
        whole = [length * self.size if axis == dim else length for axis, length in enumerate(shape)]
        noise = torch.rand(whole, generator=generator, device=device)
        return noise.narrow(dim, self.rank * shape[dim], shape[dim])


ALONE = Ranks()
"""One process."""


class JoinedRanks(Ranks):
    """The ranks of torch's default process group."""

    def __init__(self, local_size: int, device: str) -> None:
        """Takes part in the group.

        Args:
            local_size: ranks on this machine. device: that the group was made for.
        """
        self.rank, self.size, self.local_size = dist.get_rank(), dist.get_world_size(), local_size
        self.device = device

    def gather(self, value: T) -> list[T]:
        """See :meth:`Ranks.gather`."""
        return [json.loads(text) for text in self.gather_bytes(json.dumps(value).encode())]

    def gather_bytes(self, data: bytes) -> list[bytes]:
        """See :meth:`Ranks.gather`; what is short comes in one exchange, with its size in front."""
        table = self._table(len(data).to_bytes(_SIZE, "little") + data[: _SHORT - _SIZE], _SHORT)
        sizes = [int.from_bytes(row[:_SIZE], "little") for row in table]
        if max(sizes) <= _SHORT - _SIZE:
            return [row[_SIZE : _SIZE + size] for row, size in zip(table, sizes, strict=True)]
        return [row[:size] for row, size in zip(self._table(data, max(sizes)), sizes, strict=True)]

    def _table(self, data: bytes, width: int) -> list[bytes]:
        row = torch.from_numpy(np.frombuffer(data.ljust(width, b"\0"), np.uint8).copy())
        return [bytes(line.numpy()) for line in self.concatenate(row[None])]

    def concatenate(self, tensor: Tensor) -> Tensor:
        """See :meth:`Ranks.concatenate`."""
        tensor = tensor.detach().contiguous()
        joined = tensor.new_empty((self.size * tensor.shape[0], *tensor.shape[1:]))
        with self._together():
            dist.all_gather_single(joined, tensor)
        return joined

    def average(self, tensor: Tensor) -> None:
        """See :meth:`Ranks.average`."""
        with self._together():
            dist.all_reduce(tensor)
        tensor.div_(self.size)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # gloo and NCCL have no better word for a peer that is gone
            raise RankLost(f"Another of the {self.size} processes that train together is gone.") from error


@contextlib.contextmanager
def joined(device: str, seat: Seat | None) -> Iterator[Ranks]:
    """All ranks, seen from a seat; without one the process is alone.

    On CUDA each rank gets a GPU of its machine to itself.

    Args:
        device: to train on, as in the settings; `auto` is the CPU where there are too few GPUs. seat: this process's.

    Raises:
        UserError: more ranks than GPUs, or the ranks do not find each other. Within the block: what the block raises,
            with the rank's number in front where it is not the first one.
        SystemExit: with 2, where the block raised RefusedByFirst.
    """
    if seat is None:
        yield ALONE
        return
    chosen = _common_device(device, seat)
    if chosen == "cuda":
        torch.cuda.set_device(seat.local_rank)
    _meet(seat, "cpu:gloo,cuda:nccl" if chosen == "cuda" else "gloo")
    ranks = JoinedRanks(seat.local_size, chosen)
    try:
        yield ranks
    except RefusedByFirst as error:
        raise SystemExit(2) from error
    except UserError as error:
        if ranks.first:
            raise
        raise type(error)(f"Process {ranks.rank + 1} of {ranks.size}: {error}") from error
    dist.destroy_process_group()


def _common_device(wanted: str, seat: Seat) -> str:
    """`cpu` or `cuda`, without a measurement: each rank would have another one."""
    device = choose_device(wanted).type
    if device == "cuda" and seat.local_size > torch.cuda.device_count():
        if wanted == AUTO:
            return "cpu"
        raise UserError(
            f"{seat.local_size} processes were started for {torch.cuda.device_count()} GPUs; start one for each, or "
            "train with --device cpu."
        )
    return device


def _meet(seat: Seat, backend: str) -> None:
    """Enters torch's default process group.

    Raises:
        UserError: the others are not to be found.
    """
    where: dict[str, Any] = {"timeout": _PATIENCE}
    if seat.meeting is not None:
        _stay_on_this_machine()
        where = {
            "timeout": _LOCAL_PATIENCE,
            "store": FileStore(seat.meeting, seat.size),
            "rank": seat.rank,
            "world_size": seat.size,
        }
    try:
        dist.init_process_group(backend, **where)
    except (RuntimeError, ValueError) as error:
        raise UserError(f"The {seat.size} processes cannot meet ({error}); start all of them together.") from error


def _stay_on_this_machine() -> None:
    """Has gloo talk over the loopback device, which no other machine can reach, where it can be told by name."""
    names = [name for _, name in socket.if_nameindex()] if hasattr(socket, "if_nameindex") else []
    for name in names:
        if name in ("lo", "lo0"):
            os.environ["GLOO_SOCKET_IFNAME"] = name
