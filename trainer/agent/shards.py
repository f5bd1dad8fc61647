"""An update's computation in parts of its batch side by side, each on a thread with an OpenMP team of its own.

torch shares a single operation among its threads, and they wait for each other after every one, some thousands of times
an update. A foreign thread that takes a core away for a moment, such as a painting window, then holds up all of them.
Parts of a batch wait for each other twice: where the returns of all meet in the normaliser, and at the end. What is
taken from one core is made up for on the others, because the system moves threads to where there is room.

An update in parts is the update of the whole batch up to rounding: noise is drawn for the whole and each part takes its
rows, the normaliser sees the returns of all, losses are means over equal parts, and gradients are averaged in a fixed
order. So it comes out to the same bits every time.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor

from trainer.agent.computation import Compute, Computed, Inputs, Noise
from trainer.agent.joint_metrics import joined
from trainer.agent.parts import Poll, UpdateStopped
from trainer.distributed import Ranks
from trainer.nn.optimiser import FlatTensors
from trainer.process import use_threads
from trainer.world_model.rssm import Latent
from trainer.world_model.world_model import Observations


class Shards:
    """Computes updates in equal parts. The first one runs in the calling thread, and that one is polled."""

    def __init__(self, count: int, threads: int, ranks: Ranks, grads: FlatTensors, like: Sequence[Tensor]) -> None:
        """Starts the other threads.

        Args:
            count: parts. threads: OpenMP threads of each.
            ranks: processes that have other parts of the batch.
            grads: of the optimiser, where the mean of the gradients goes. like: what the gradients belong to.
        """
        self._count, self._ranks, self._grads = count, ranks, grads
        self._others = [FlatTensors(like, torch.float32, grads.flat.device) for _ in range(count - 1)]
        self._pool = ThreadPoolExecutor(count - 1, "shard", use_threads, (threads,))

    def __call__(self, compute: Compute, inputs: Inputs, poll: Poll) -> Computed:
        """Runs `compute` on the parts of `inputs`.

        Raises:
            UpdateStopped: `poll` said so, in the first part; the others end at their next poll.
            Exception: what a part raised.
        """
        meeting = _Meeting(self._count, self._ranks)
        parts = [_part(inputs, place, self._count) for place in range(self._count)]

        def run(place: int, poll: Poll, grads: FlatTensors) -> Computed:
            try:
                return compute(parts[place], poll, Shard(place, meeting), grads)
            except BaseException:
                meeting.give_up()
                raise

        waiting = [
            self._pool.submit(run, place, meeting.given_up, grads) for place, grads in enumerate(self._others, start=1)
        ]
        done, errors = [], []
        works: list[Callable[[], Computed]] = [functools.partial(run, 0, poll, self._grads)]
        for work in (*works, *(future.result for future in waiting)):
            try:
                done.append(work())
            except BaseException as error:
                errors.append(error)
        if errors:
            raise min(errors, key=_consequence)
        for other in self._others:
            self._grads.flat.add_(other.flat)
        self._grads.flat.div_(self._count)
        return _whole(done)


class Shard(Ranks):
    """One part of a batch, and how it meets the others.

    Args:
        place: of it, from 0. meeting: of all.
    """

    def __init__(self, place: int, meeting: _Meeting) -> None:
        self.rank, self._meeting = place, meeting

    def concatenate(self, tensor: Tensor) -> Tensor:
        """See :meth:`Ranks.concatenate`; over all parts of all processes.

        Raises:
            threading.BrokenBarrierError: another part gave up.
        """
        return self._meeting.join(self.rank, tensor.detach())


class _Meeting:
    """Where the parts of one update wait for each other."""

    def __init__(self, count: int, ranks: Ranks) -> None:
        self._ranks = ranks
        self._barrier = threading.Barrier(count)
        self._brought: list[Tensor | None] = [None] * count
        self._joined: Tensor | None = None
        self._given_up = threading.Event()

    def join(self, place: int, tensor: Tensor) -> Tensor:
        self._brought[place] = tensor
        if self._barrier.wait() == 0:
            self._joined = self._ranks.concatenate(torch.cat([part for part in self._brought if part is not None]))
        self._barrier.wait()
        assert self._joined is not None
        return self._joined

    def give_up(self) -> None:
        self._given_up.set()
        self._barrier.abort()

    def given_up(self, part: str) -> bool:
        """A poll: stop, since another part did."""
        return self._given_up.is_set()


def _consequence(error: BaseException) -> int:
    """How far an error follows from another one."""
    return isinstance(error, UpdateStopped) + 2 * isinstance(error, threading.BrokenBarrierError)


def _part(inputs: Inputs, place: int, count: int) -> Inputs:
    """The rows of one part; imagination starts from each step of each sequence, sequence by sequence."""

    def rows(tensor: Tensor, dim: int = 0) -> Tensor:
        size = tensor.shape[dim] // count
        return tensor.narrow(dim, place * size, size)

    obs, carry, noise = inputs
    return Inputs(
        Observations(*map(rows, obs)),
        Latent(*map(rows, carry)),
        Noise(rows(noise.posterior), rows(noise.prior, 1), rows(noise.action, 1)),
    )


def _whole(parts: list[Computed]) -> Computed:
    names = list(parts[0].metrics)
    table = torch.stack([torch.stack([part.metrics[name].float() for name in names]) for part in parts])
    return Computed(
        joined(names, table),
        parts[0].normaliser,
        torch.cat([part.deter for part in parts]),
        torch.cat([part.stoch for part in parts]),
    )
