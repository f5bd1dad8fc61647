"""The episode on show is kept for next time."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.episodes.reel import Reel
from dream_viewer.workers.keepsake import Keepsake
from tests.dream_viewer.feed import arrival, moment
from trainer.recording import read_recording


def test_it_is_a_recording_of_the_episode_as_it_stood(qtbot: QtBot, tmp_path: Path) -> None:
    reel, keepsake = Reel(arrival([moment(i, action=i % 15) for i in range(40)])), Keepsake(tmp_path / "kept.episode")
    keepsake.keep(reel.episode)
    reel.extend(arrival([moment(40)], 40))
    qtbot.waitUntil(lambda: keepsake.safe)
    kept = read_recording(tmp_path / "kept.episode")
    assert kept.actions == tuple(i % 15 for i in range(40)) and kept.level_seed == 12_345


def test_where_it_cannot_be_written_it_says_so(
    qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "kept.episode").mkdir()
    keepsake = Keepsake(tmp_path / "kept.episode")
    keepsake.keep(Reel(arrival([moment(0)])).episode)
    qtbot.waitUntil(lambda: keepsake.safe)
    assert "The episode on show was not kept for next time: " in capsys.readouterr().err
