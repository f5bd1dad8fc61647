"""The picture is drawn from the report alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from trainer.benchmark.plot import check_plot, write_plot
from trainer.errors import UserError

REPORT: dict[str, Any] = {
    "preset": "12m",
    "batch_size": 16,
    "batch_length": 64,
    "machine": {"processor": "some processor", "device": "cpu", "dtype": "float32", "threads": 2},
    "train": {"parts": {"encode": 0.2, "backward": 1.1}, "seconds_per_update": 1.3, "floor_ratio": 2.1},
}
POINTS = [{"value": value, "seconds": value / 10, "floor_ratio": 2.0} for value in (4, 8)]
PEERS = [
    {"peer": "theirs", "variant": "tuned", "ratio": 3.0},
    {"peer": "others", "variant": "tuned", "failed": "ImportError"},
]


def size_of(path: Path, report: dict[str, Any]) -> tuple[int, int]:
    check_plot(path)
    write_plot(path, report)
    with Image.open(path) as picture:
        assert np.ptp(np.asarray(picture)) > 0
        return picture.size


def test_it_has_a_panel_for_everything_that_was_measured(tmp_path: Path) -> None:
    width, height = size_of(tmp_path / "small.png", REPORT)
    full = {**REPORT, "growth": {"batch_size": POINTS, "imagination": POINTS}, "peers": PEERS}
    assert size_of(tmp_path / "full.png", full) == (3 * width, 2 * height)


def test_what_cannot_be_drawn_is_refused_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ends in \.png"):
        check_plot(tmp_path / "plot.jpg")
    with pytest.raises(UserError, match="cannot be written"):
        check_plot(tmp_path / "nowhere" / "plot.png")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"dream-agent\[bench\]"):
        check_plot(tmp_path / "plot.png")
