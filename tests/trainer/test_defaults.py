"""The table is whole, and is what the README prints."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from trainer.config import SIZES
from trainer.defaults import GIB, ROWS, row_for, table

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_more_memory_never_means_a_smaller_model(device: str) -> None:
    rows = [row for row in ROWS if row.device == device]
    order = list(SIZES)
    for above, below in pairwise(rows):
        assert above.memory_gib > below.memory_gib
        assert order.index(above.preset) > order.index(below.preset)
    assert rows[-1].memory_gib == 0, "every machine finds a row"


@pytest.mark.parametrize(
    ("device", "gib", "preset", "train_ratio"),
    [("cpu", 1, "1m", 8), ("cpu", 7.6, "12m", 8), ("cpu", 512, "12m", 8), ("cuda", 23.6, "50m", 64)],
)
def test_a_machine_finds_its_row(device: str, gib: float, preset: str, train_ratio: float) -> None:
    row = row_for(device, int(gib * GIB))
    assert (row.preset, row.train_ratio) == (preset, train_ratio)


def test_the_readme_prints_it() -> None:
    assert table() in README
