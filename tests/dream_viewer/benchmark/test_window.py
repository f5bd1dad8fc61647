from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.benchmark.window import SPEEDS, run_window_benchmark
from dream_viewer.cli import main
from trainer.config_files import named_config
from trainer.errors import UserError


def test_training_is_timed_with_and_without_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "ui.json"
    said: list[str] = []
    config = named_config("debug").replace(threads=1, dtype="float32")
    report = run_window_benchmark(config, 4, file, said.append, seen=3, seconds=0.5)
    assert json.loads(file.read_text()) == report
    assert report["headless"]["updates_per_second"] > 0
    assert [row["asked_fps"] for row in report["window"]] == [15 * speed for speed in SPEEDS]
    for row in report["window"]:
        assert row["share"] == row["updates_per_second"] / report["headless"]["updates_per_second"] > 0
        assert row["gui_gap_ms"]["p50"] <= row["gui_gap_ms"]["p99"] <= row["gui_gap_ms"]["max"]
    assert len(said) >= 6
    ui = report["ui"]
    assert 0 < ui["seen_frame_ms_median"] <= ui["seen_frame_ms_p99"]
    assert 0 < ui["new_frame_ms_median"] <= ui["new_frame_ms_p99"]
    assert 0 <= ui["late_frames"] <= ui["frames"] > 0
    assert min(ui[name] for name in ("gap_ms_p99", "gap_ms_p99_training", "dreams_ms")) > 0


def test_too_few_updates_are_refused(qtbot: QtBot) -> None:
    with pytest.raises(UserError, match="updates is 1"):
        run_window_benchmark(named_config("debug"), 1, None, print)


def test_peers_have_no_window(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--ui", "--peers"]) == 2
    assert "leave out --ui" in capsys.readouterr().err
