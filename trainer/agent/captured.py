"""An update's computation as a CUDA graph: recorded once, then started with a single call.

An update is tens of thousands of small operations, most of them in two recurrences. A GPU does one in a few
microseconds, and Python needs longer than that to ask for it. What `torch.cuda.graph` records is started as a whole.

A graph repeats the very memory that it was recorded with. Each batch is therefore copied to where the first one lay,
and what the computation returns lies where it lay the first time, to be overwritten by the next update. Weights, slow
value and return normaliser are read where the learner keeps them, so they may change in place only.

What is recorded is what a CPU runs; a test on the CPU holds a recording against it to the bit. On a GPU this was never
run yet.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Protocol

import torch

from trainer.agent.computation import Compute, Computed, Inputs
from trainer.agent.parts import COMPUTE, Poll, never, proceed
from trainer.agent.transfer import upload
from trainer.distributed import Ranks

Run = Callable[[Compute, Inputs, Poll], Computed]
"""A way to carry out an update's computation, always the same one for a learner."""

_WARM_UP = 3  # what torch's notes on graphs advise: libraries make their choices and take their memory on first use


class Graph(Protocol):
    """Work of the device that can be repeated."""

    def capture(self, work: Callable[[], Computed]) -> Computed:
        """Records `work`, which leaves no other trace.

        Returns:
            What `work` returned; every replay fills its tensors anew.

        Raises:
            RuntimeError: it cannot be recorded.
        """
        ...

    def replay(self) -> None:
        """Repeats the work on what now lies where its inputs lay; returns before it is done."""
        ...


class CudaGraph:
    """Work of a CUDA device."""

    def __init__(self, device: torch.device) -> None:
        """Nothing is recorded yet.

        Args:
            device: where the work is done.
        """
        self._device = device
        self._graph = torch.cuda.CUDAGraph()

    def capture(self, work: Callable[[], Computed]) -> Computed:
        """See :meth:`Graph.capture`."""
        stream = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        usual = torch.cuda.current_stream(self._device)
        stream.wait_stream(usual)
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UP):
                work()
        usual.wait_stream(stream)
        # A player in another thread may use the device meanwhile.
        with torch.cuda.graph(self._graph, stream=stream, capture_error_mode="thread_local"):
            return work()

    def replay(self) -> None:
        """See :meth:`Graph.replay`."""
        self._graph.replay()


class Captured:
    """Updates whose inputs are staged into memory of the device that stays, and whose work is a graph.

    Batches of another shape are recorded anew. Without a graph, or where recording fails, the same function is called
    on the same staged inputs.
    """

    def __init__(self, device: torch.device, graph: Callable[[], Graph] | None) -> None:
        """Nothing is recorded before the first update.

        Args:
            device: where updates are computed. graph: makes an empty one; None: call the function every time.
        """
        self._device, self._make_graph = device, graph
        self._inputs: Inputs | None = None
        self._recorded: tuple[Graph, Computed] | None = None

    def __call__(self, compute: Compute, inputs: Inputs, poll: Poll) -> Computed:
        """Starts `compute` on `inputs`, from host or device.

        Args:
            compute: always the same. inputs: of this update.
            poll: asked before COMPUTE where a graph does it all, else before every part.

        Returns:
            What was computed, or on a GPU will have been when the host waits for it; it holds until the next call.

        Raises:
            UpdateStopped: `poll` said so.
        """
        if self._make_graph is not None:
            proceed(poll, COMPUTE)
        staged = self._stage(inputs)
        if self._recorded is None and self._make_graph is not None:
            self._recorded = self._record(self._make_graph(), functools.partial(compute, staged, never))
        if self._recorded is None:
            return compute(staged, poll)
        graph, computed = self._recorded
        graph.replay()
        return computed

    def _stage(self, inputs: Inputs) -> Inputs:
        given = inputs.tensors()
        if self._inputs is None or [x.shape for x in given] != [x.shape for x in self._inputs.tensors()]:
            self._recorded = None
            self._inputs = inputs.each(lambda x: torch.empty(x.shape, dtype=x.dtype, device=self._device))
        for source, target in zip(given, self._inputs.tensors(), strict=True):
            upload(source, target)
        return self._inputs

    def _record(self, graph: Graph, work: Callable[[], Computed]) -> tuple[Graph, Computed] | None:
        try:
            return graph, graph.capture(work)
        except RuntimeError as error:
            self._make_graph = None
            warnings.warn(f"Updates run slower, not as a CUDA graph: {error}", RuntimeWarning, stacklevel=2)
            return None


def directly(compute: Compute, inputs: Inputs, poll: Poll) -> Computed:
    """Calls `compute`."""
    return compute(inputs, poll)


def way_to_run(device: torch.device, ranks: Ranks) -> Run:
    """How updates are computed on a device.

    Several ranks join their returns in the middle of the forward pass; a graph would have to hold that exchange too.

    Args:
        device: of the learner. ranks: who has the other parts of every batch.
    """
    if device.type != "cuda":
        return directly
    return Captured(device, functools.partial(CudaGraph, device) if ranks.size == 1 else None)
