"""A journal gives back whole records in order, and nothing of one that was cut short."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.trainer.replay_support import largest_file
from trainer.replay_journal import UndoJournal, read_journal

ROW = np.dtype([("a", "<u2", (3,)), ("b", "u1", (2,))])


def rows(first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    numbers = np.arange(first, first + count)
    old = np.zeros(count, ROW)
    old["a"] = numbers[:, None]
    old["b"] = numbers[:, None] % 256
    return numbers, old


def read(path: Path) -> list[tuple[list[int], np.ndarray]]:
    return [(numbers.tolist(), old.view(ROW)[:, 0]) for numbers, old in read_journal(path, ROW.itemsize)]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "undo.bin"
    journal = UndoJournal(path)
    assert read(path) == []
    for first, count in ((7, 3), (1000, 1)):
        journal.record(*rows(first, count))
    journal.close()
    (first_rows, first_old), (second_rows, second_old) = read(path)
    assert first_rows == [7, 8, 9]
    assert second_rows == [1000]
    np.testing.assert_array_equal(first_old, rows(7, 3)[1])
    np.testing.assert_array_equal(second_old, rows(1000, 1)[1])


def test_a_long_record_comes_in_parts(tmp_path: Path) -> None:
    """So that a damaged count, in a file that only claims to be so long, takes no memory."""
    path = tmp_path / "undo.bin"
    journal = UndoJournal(path)
    journal.record(*rows(5, 3000))
    journal.record(*rows(9000, 2))
    journal.close()
    parts = read(path)
    assert max(len(numbers) for numbers, _ in parts) < 3000
    assert [number for numbers, _ in parts for number in numbers] == [*range(5, 3005), 9000, 9001]
    np.testing.assert_array_equal(np.concatenate([old for _, old in parts[:-1]]), rows(5, 3000)[1])


@pytest.mark.parametrize("kept", [0, 5, 16, 30, 16 + 16 * 4 - 1])
def test_a_record_cut_short_is_left_out(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "undo.bin"
    journal = UndoJournal(path)
    journal.record(*rows(0, 2))
    whole = path.stat().st_size
    journal.record(*rows(10, 4))
    journal.close()
    with path.open("r+b") as file:
        file.truncate(whole + kept)
    assert [numbers for numbers, _ in read(path)] == [[0, 1]]


def test_a_record_the_disk_refused_leaves_nothing_behind_a_shorter_one(tmp_path: Path) -> None:
    path = tmp_path / "undo.bin"
    journal = UndoJournal(path)
    journal.record(*rows(0, 2))
    with largest_file(path.stat().st_size + 500), pytest.raises(OSError, match="too large"):
        journal.record(*rows(100, 200))
    journal.record(*rows(50, 1))
    journal.close()
    assert [numbers for numbers, _ in read(path)] == [[0, 1], [50]]


def test_a_foreign_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "undo.bin"
    journal = UndoJournal(path)
    journal.record(*rows(0, 2))
    journal.close()
    with pytest.raises(ValueError, match=r"undo\.bin is damaged"):
        list(read_journal(path, ROW.itemsize + 1))
    path.write_bytes(b"not a journal, surely")
    with pytest.raises(ValueError, match=r"undo\.bin is damaged"):
        list(read_journal(path, ROW.itemsize))
