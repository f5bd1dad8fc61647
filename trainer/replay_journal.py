"""Old values of rows, written down before they are overwritten, so that a save can be come back to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_HEADER = np.dtype([("magic", "<u4"), ("count", "<u4"), ("row_bytes", "<u8")])
_MAGIC = 0x4F444E55  # "UNDO" in a little-endian file
_ROWS_TOGETHER = 1024  # read at a time: how many there are says the file, which may be damaged


class UndoJournal:
    """One journal being written.

    Records stay in the system's file cache, not forced to disk: they survive the end of the process, however it ends.
    """

    def __init__(self, path: Path) -> None:
        """Starts an empty journal.

        Raises:
            OSError: the file cannot be created.
        """
        self._file = path.open("wb", buffering=0)
        os.fsync(self._file.fileno())  # that there is a journal must be as safe as the checkpoint that asks for it
        self._end = 0

    def record(self, rows: NDArray[np.int64], old: NDArray[Any]) -> None:
        """Appends the values that `rows` hold now.

        Args:
            rows: (n,) row numbers. old: (n,) or (n, ...) their values.

        Raises:
            OSError: no space; the journal is as it was.
        """
        header = np.zeros(1, _HEADER)
        header["magic"], header["count"], header["row_bytes"] = _MAGIC, len(rows), old.nbytes // len(rows)
        self._file.seek(self._end)
        end = self._end
        try:
            for part in (header.tobytes(), rows.astype("<i8").tobytes(), old.tobytes()):
                view = memoryview(part)
                while view:
                    count = self._file.write(view)
                    view = view[count:]
                    end += count
        except OSError:
            self._file.truncate(self._end)
            raise
        self._end = end

    def close(self) -> None:
        """Closes the file; it stays."""
        self._file.close()


def read_journal(path: Path, row_bytes: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """The whole records of a journal.

    A record that the end of the process cut short was never acted on and is left out; so is what a power cut blanked.

    Yields:
        rows (n,) int64 and old values (n, row_bytes) uint8, n > 0; a long record in parts.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no journal of such rows.
    """
    left = path.stat().st_size
    with path.open("rb") as file:
        while left >= _HEADER.itemsize:
            head = file.read(_HEADER.itemsize)
            header = np.frombuffer(head, _HEADER)[0]
            if not any(head):
                return
            if header["magic"] != _MAGIC or header["row_bytes"] != row_bytes:
                raise ValueError(f"{path.name} is damaged")
            count, start = int(header["count"]), file.tell()
            left -= _HEADER.itemsize + (8 + row_bytes) * count
            if left < 0:
                return
            for first in range(0, count, _ROWS_TOGETHER):
                part = min(_ROWS_TOGETHER, count - first)
                file.seek(start + 8 * first)
                rows = np.frombuffer(file.read(8 * part), "<i8").astype(np.int64)
                file.seek(start + 8 * count + row_bytes * first)
                yield rows, np.frombuffer(file.read(row_bytes * part), np.uint8).reshape(part, row_bytes)
            file.seek(start + (8 + row_bytes) * count)
