"""Which steps replay holds and where they lie: streams cut into chunks, chunks placed into slots, the oldest dropped.

Bookkeeping only: no file is touched here, and everything can be told in JSON and taken back.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

_MOST_STEPS = 1 << 40
_MOST_SLOTS = 1 << 22  # 800 GB with the smallest chunks there are: no disk's replay, but what a file may claim


class ChunkTable:
    """N streams of consecutive steps; step i of a stream lies in its chunk i // chunk_steps.

    Attributes:
        chunk_steps: steps a chunk holds. max_chunks: chunks held at most, all streams together.
        begin, end: (N,) int64, the first step each stream still holds, and the one after its last.
        slots: places for chunks there are, held, retired or free.
        retired: dropped chunks that an earlier save still needs, as (slot, save), oldest first.
    """

    def __init__(self, num_streams: int, chunk_steps: int, max_chunks: int) -> None:
        self.chunk_steps = chunk_steps
        self.max_chunks = max_chunks
        self.begin = np.zeros(num_streams, np.int64)
        self.end = np.zeros(num_streams, np.int64)
        self.slots = 0
        self.retired: deque[tuple[int, int]] = deque()
        self._free: list[int] = []
        self._order: deque[int] = deque()  # the stream of every chunk held, oldest chunk first
        self._slot = np.zeros((num_streams, max_chunks), np.int64)  # of chunk k at [stream, k % width]

    def rows(self, streams: Any, index: Any) -> Any:
        """Rows of steps: slot * chunk_steps + place in the chunk. The arguments broadcast; the steps need be held."""
        number = index // self.chunk_steps
        return self._slot[streams, number % self._slot.shape[1]] * self.chunk_steps + index % self.chunk_steps

    def begun(self) -> NDArray[np.int64]:
        """(N,) chunks each stream has begun so far, dropped ones included."""
        return -(-self.end // self.chunk_steps)

    def needed(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """(N,) chunks that must be begun for `counts` more steps."""
        return -(-(self.end + counts) // self.chunk_steps) - self.begun()

    def surplus(self, chunks: int) -> int:
        """How many chunks must go before `chunks` more are begun."""
        return max(0, len(self._order) + chunks - self.max_chunks)

    def missing(self, chunks: int) -> int:
        """How many slots more `chunks` chunks take than are free."""
        return max(0, chunks - len(self._free))

    def add_slots(self, slots: int) -> None:
        """Tells of space made: `slots` slots in all."""
        self._free.extend(range(slots - 1, self.slots - 1, -1))
        self.slots = slots

    def drop_oldest(self, save: int | None) -> None:
        """Drops the oldest chunk of those streams that hold more than one.

        Args:
            save: number of the last save, which still needs the chunk's content; None: nobody does.
        """
        held = self.begun() - self.begin // self.chunk_steps
        place = next(place for place, stream in enumerate(self._order) if held[stream] > 1)
        stream = self._order[place]
        del self._order[place]
        slot = int(self.rows(stream, self.begin[stream])) // self.chunk_steps
        self.begin[stream] += self.chunk_steps
        if save is None:
            self._free.append(slot)
        else:
            self.retired.append((slot, save))

    def begin_chunks(self, needed: NDArray[np.int64]) -> None:
        """Places `needed[stream]` new chunks into free slots."""
        begun = self.begun()
        for stream in np.flatnonzero(needed).tolist():
            for number in range(int(begun[stream]), int(begun[stream] + needed[stream])):
                self._place(stream, number, self._free.pop())

    def release(self, save: int) -> None:
        """Frees the dropped chunks that only saves before `save` needed."""
        while self.retired and self.retired[0][1] < save:
            self._free.append(self.retired.popleft()[0])

    def state(self) -> dict[str, Any]:
        """Everything, fit for JSON."""
        chunks: list[list[int]] = []
        number = self.begin // self.chunk_steps
        for stream in self._order:
            chunks.append([stream, int(self._slot[stream, number[stream] % self._slot.shape[1]])])
            number[stream] += 1
        return {
            "begin": self.begin.tolist(),
            "end": self.end.tolist(),
            "chunks": chunks,
            "retired": [list(pair) for pair in self.retired],
        }

    def restore(self, state: Mapping[str, Any], slots: int, oldest: int) -> None:
        """Takes back `state` into an empty table.

        Args:
            state: of `state`, not trusted. slots: there are now. oldest: save that can still be asked for.

        Raises:
            ValueError: the state is not one of such a table, or speaks of slots there are not.
        """
        if slots > _MOST_SLOTS:
            raise ValueError("files are far too large")
        streams = len(self.begin)
        begin, end = integers(state, "begin", (streams,)), integers(state, "end", (streams,))
        chunks, retired = integers(state, "chunks", (-1, 2)), integers(state, "retired", (-1, 2))
        retired = retired[retired[:, 1] >= oldest]
        used = np.concatenate([chunks[:, 1], retired[:, 0]])
        if (begin % self.chunk_steps).any() or (begin > end).any():
            raise ValueError("its streams are not whole")
        if (used >= slots).any() or len(np.unique(used)) != len(used):
            raise ValueError("files are missing or too short")
        held = -(-end // self.chunk_steps) - begin // self.chunk_steps
        if (chunks[:, 0] >= streams).any() or (np.bincount(chunks[:, 0], minlength=streams) != held).any():
            raise ValueError("its chunks do not make up its streams")
        self._slot = np.zeros((streams, max(self.max_chunks, len(chunks))), np.int64)
        self.begin, self.end = begin, end
        number = begin // self.chunk_steps
        for stream, slot in chunks.tolist():
            self._place(stream, int(number[stream]), slot)
            number[stream] += 1
        self.retired.extend((slot, save) for slot, save in retired.tolist())
        self._free = np.setdiff1d(np.arange(slots), used)[::-1].tolist()
        self.slots = slots

    def _place(self, stream: int, number: int, slot: int) -> None:
        self._slot[stream, number % self._slot.shape[1]] = slot
        self._order.append(stream)


def integers(state: Mapping[str, Any], key: str, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """The entry `key` of a state that is not trusted, as integers from 0 to 2**40 - 1.

    Args:
        shape: expected; () for a single number, -1 for any length.

    Raises:
        ValueError: it is missing, or not of that kind.
    """
    try:
        array = np.asarray(state[key])
        if not array.size and -1 in shape:
            return np.zeros([max(0, length) for length in shape], np.int64)
        fits = array.ndim == len(shape) and all(want in (-1, got) for want, got in zip(shape, array.shape, strict=True))
        if fits and array.dtype.kind == "i" and array.min() >= 0 and array.max() < _MOST_STEPS:
            return array.astype(np.int64)  # where integers are short by default, too
    except (KeyError, TypeError, ValueError, OverflowError):
        pass
    raise ValueError(f"its {key} cannot be read")
