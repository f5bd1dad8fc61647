"""Growth: which points are timed, and a table with all of them."""

from __future__ import annotations

import pytest

from trainer.benchmark import growth as module
from trainer.benchmark.growth import AXES, growth, points
from trainer.config import Config
from trainer.evaluation.scores import Tick

CONFIG = Config(
    preset="debug", batch_size=1, batch_length=2, imagination=1, device="cpu", dtype="float32", threads=1, seed=3
)


def test_an_axis_goes_from_a_quarter_to_twice() -> None:
    config = Config(preset="12m", batch_size=16, batch_length=64)
    assert [point.batch_size for point in points(config, "batch_size")] == [4, 8, 16, 32]
    assert [point.batch_length for point in points(config, "batch_length")] == [16, 32, 64, 128]
    assert [point.preset for point in points(config, "preset")] == ["1m", "4m", "12m", "25m"]
    assert all(point.replace(imagination=15) == config for point in points(config, "imagination"))


def test_no_point_is_too_small_to_train() -> None:
    assert [point.batch_size for point in points(CONFIG, "batch_size")] == [1, 2]
    assert [point.batch_length for point in points(CONFIG, "batch_length")] == [2, 4]
    assert [point.preset for point in points(CONFIG, "preset")] == ["debug", "1m"]


def test_every_point_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROUNDS", 1)
    ticks: list[Tick] = []
    grown = growth(CONFIG, 1e9, ticks.append)
    assert tuple(grown) == AXES
    assert [row["value"] for row in grown["batch_length"]] == [2, 4]
    for rows in grown.values():
        for row in rows:
            assert row["seconds"] > 0
            assert row["floor_ratio"] > 0
    assert grown["batch_size"][1]["frames_per_second"] == pytest.approx(4 / grown["batch_size"][1]["seconds"])
    assert [tick.done for tick in ticks] == list(range(1, ticks[-1].total + 1))
