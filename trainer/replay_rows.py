"""Growing arrays of equal rows in memory-mapped files."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

_ZEROS = bytes(1 << 20)


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
