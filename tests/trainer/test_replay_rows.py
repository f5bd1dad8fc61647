"""Rows in a file grow without losing anything, on systems that can reserve space and on those that cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from trainer.replay_rows import Rows


def refuse(*arguments: Any) -> None:
    raise OSError(errno.EOPNOTSUPP, "not here")


@pytest.mark.parametrize("system", ["reserves", "has no call", "refuses the call"])
def test_rows_grow_keep_their_content_and_have_space_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str
) -> None:
    if system == "has no call":
        monkeypatch.delattr(os, "posix_fallocate")
    if system == "refuses the call":
        monkeypatch.setattr(os, "posix_fallocate", refuse)
    path = tmp_path / "rows.bin"
    rows = Rows(path, np.dtype("<f4"), (5, 7))
    assert len(rows) == 0
    rows.grow(1000)
    rows.array[:] = np.arange(1000)[:, None, None]
    rows.grow(30_000)
    assert len(rows) == 30_000
    np.testing.assert_array_equal(rows.array[:1000, 2, 3], np.arange(1000))
    assert not rows.array[1000:].any()
    assert path.stat().st_blocks * 512 >= 30_000 * rows.row_bytes
    rows.array[29_999] = 5
    rows.flush()
    rows.close()
    again = Rows(path, np.dtype("<f4"), (5, 7))
    assert (again.array[29_999] == 5).all()
    again.grow(10)
    assert len(again) == 30_000
    again.close()


def test_space_refused_is_given_back_and_the_rows_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.bin"
    rows = Rows(path, np.dtype("u1"), (10,))
    rows.grow(10)
    rows.array[:] = 3

    def full(descriptor: int, start: int, length: int) -> None:
        os.ftruncate(descriptor, start + length // 2)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left"):
        rows.grow(1000)
    assert path.stat().st_size == 100
    assert (rows.array == 3).all()
    rows.close()
