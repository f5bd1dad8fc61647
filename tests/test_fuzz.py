"""Damaged and hostile files of every kind that a person can open, a little of what `tests/fuzz.py` can do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_no_file_does_more_than_to_be_refused_in_one_sentence() -> None:
    """In a process whose memory is bounded: what grows without end is not to take the machine along."""
    command = [sys.executable, "-m", "tests.fuzz", "--rounds", "60", "--trained", "10"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
