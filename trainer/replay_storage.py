"""Growing arrays of equal rows in memory-mapped files, and the journal that takes back what was overwritten in them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_ZEROS = bytes(1 << 20)
_HEADER = np.dtype([("magic", "<u4"), ("count", "<u4"), ("row_bytes", "<u8")])
_MAGIC = 0x4F444E55  # "UNDO" in a little-endian file


def allocate(file: BinaryIO, start: int, stop: int) -> None:
    """Makes the file `stop` bytes long with real space behind every byte from `start` on.

    A mapped write into space the disk does not have ends the process (SIGBUS); asking first makes it an OSError.

    Raises:
        OSError: the disk is full, or a quota is.
    """
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), start, stop - start)
            return
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):  # else a file system that has no such call
                file.truncate(start)
                raise
    file.seek(start)
    for position in range(start, stop, len(_ZEROS)):
        file.write(_ZEROS[: stop - position])
    file.flush()


class Rows:
    """One file seen as an array of rows; grows at its end and keeps its content.

    Attributes:
        array: (rows, ...) writable view of the file; replaced by `grow`, so it is not to be kept.
    """

    def __init__(self, path: Path, dtype: np.dtype[np.generic], shape: tuple[int, ...] = ()) -> None:
        """Maps an existing file, or starts an empty one.

        Args:
            path: of the file. dtype, shape: of one row.

        Raises:
            OSError: the file cannot be created, read or mapped.
        """
        self._path = path
        self._dtype = dtype
        self._shape = shape
        self.row_bytes = dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        path.touch()
        self._map: np.memmap[tuple[int, ...], np.dtype[np.generic]] | None = None
        self.array: NDArray[Any] = np.empty((0, *shape), dtype)
        self._remap(path.stat().st_size // self.row_bytes)

    def __len__(self) -> int:
        return len(self.array)

    def grow(self, rows: int) -> None:
        """Makes room for `rows` rows in all; new ones are zero.

        Raises:
            OSError: no space; the rows there were stay as they are.
        """
        if rows <= len(self.array):
            return
        with self._path.open("r+b") as file:
            allocate(file, len(self.array) * self.row_bytes, rows * self.row_bytes)
        self._remap(rows)

    def _remap(self, rows: int) -> None:
        if rows:
            self._map = np.memmap(self._path, self._dtype, "r+", shape=(rows, *self._shape))
            self.array = self._map.view(np.ndarray)

    def flush(self) -> None:
        """Waits until all that was written is on the disk.

        Raises:
            OSError: the disk failed.
        """
        if self._map is not None:
            self._map.flush()

    def close(self) -> None:
        """Lets the mapping go; the file stays."""
        self.array = np.empty((0, *self._shape), self._dtype)
        self._map = None


class UndoJournal:
    """Old values of rows, written down before they are overwritten.

    Held in the system's file cache, not forced to disk: it survives the end of the process, however it ends.
    """

    def __init__(self, path: Path) -> None:
        """Starts an empty journal.

        Raises:
            OSError: the file cannot be created.
        """
        self._file = path.open("wb", buffering=0)
        self._end = 0

    def record(self, rows: NDArray[np.int64], old: NDArray[np.generic]) -> None:
        """Appends the values that `rows` hold now.

        Args:
            rows: (n,) row numbers. old: (n,) or (n, ...) their values.

        Raises:
            OSError: no space; the journal is as it was.
        """
        header = np.zeros(1, _HEADER)
        header["magic"], header["count"], header["row_bytes"] = _MAGIC, len(rows), old.nbytes // len(rows)
        self._file.seek(self._end)
        written = 0
        for part in (header.tobytes(), rows.astype("<i8").tobytes(), old.tobytes()):
            view = memoryview(part)
            while view:
                count = self._file.write(view)
                view = view[count:]
                written += count
        self._end += written

    def close(self) -> None:
        """Closes the file; it stays."""
        self._file.close()


def read_journal(path: Path, row_bytes: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.uint8]]]:
    """The whole records of a journal; a record cut short by the end of the process was never acted on, and is left out.

    Yields:
        rows (n,) int64 and old values (n, row_bytes) uint8.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no journal of such rows.
    """
    with path.open("rb") as file:
        while len(head := file.read(_HEADER.itemsize)) == _HEADER.itemsize:
            header = np.frombuffer(head, _HEADER)[0]
            if header["magic"] != _MAGIC or header["row_bytes"] != row_bytes:
                raise ValueError("damaged")
            count = int(header["count"])
            rows = file.read(8 * count)
            old = file.read(row_bytes * count)
            if len(rows) + len(old) < (8 + row_bytes) * count:
                return
            yield np.frombuffer(rows, "<i8").astype(np.int64), np.frombuffer(old, np.uint8).reshape(count, row_bytes)
