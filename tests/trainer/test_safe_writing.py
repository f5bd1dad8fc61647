"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainer.errors import UserError
from trainer.safe_writing import write_safely


def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)

    def write(temporary: Path) -> None:
        temporary.write_text("new")

    write_safely(link, write)
    assert link.is_symlink()
    assert file.read_text() == "new"


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="is not a file"):
        write_safely(pipe, Path.touch)
    assert pipe.is_fifo()
