"""A CPU's stand-in for a CUDA graph: it records operations, not Python, and repeats them on the same memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from trainer.agent.captured import Captured
from trainer.agent.computation import Computed


class Tape(TorchDispatchMode):
    """Every operation on tensors that was called within, with the very tensors it took and gave.

    Whatever Python decides is decided for good, and a tensor that is replaced instead of changed in place is read as it
    was: just as on a GPU. What would make the host wait for a number fails, as it does there.
    """

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[tuple[Any, Any, Any, Any]] = []
        self.replays = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise RuntimeError("operation not permitted when stream is capturing")
        out = func(*args, **(kwargs or {}))
        self._calls.append((func, args, kwargs or {}, out))
        return out

    def capture(self, work: Callable[[], Computed]) -> Computed:
        work()  # to warm up
        with self:
            return work()

    @torch.no_grad()
    def replay(self) -> None:
        self.replays += 1
        for func, args, kwargs, out in self._calls:
            for held, again in zip(tree_leaves(out), tree_leaves(func(*args, **kwargs)), strict=True):
                if isinstance(held, Tensor) and held.data_ptr() != again.data_ptr():  # else a view, or done in place
                    held.copy_(again)


def taped(monkeypatch: pytest.MonkeyPatch) -> list[Tape]:
    """Gives learners made from now on tapes where they had graphs on CUDA; returns those that they make."""
    tapes: list[Tape] = []

    def tape() -> Tape:
        tapes.append(Tape())
        return tapes[-1]

    monkeypatch.setattr("trainer.agent.learner.way_to_run", lambda device, ranks: Captured(device, tape))
    return tapes
