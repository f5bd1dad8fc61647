"""Trainings that ended without a word."""

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime import broken_off
from dream_viewer.lifetime.broken_off import BrokenOffSearch


def test_a_broken_off_run_is_found_beside_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    dismissed, found_run = (SimpleNamespace(path=Path(f"/runs/coinrun-{number}")) for number in (4, 3))
    looked = []
    monkeypatch.setattr(
        broken_off,
        "broken_off_runs",
        lambda: looked.append(threading.current_thread()) or [dismissed, found_run],
    )
    parent = QObject()
    search = BrokenOffSearch([str(dismissed.path)], parent)
    with qtbot.waitSignal(search.found) as found:
        search.begin()
    search.begin()
    assert found.args == [found_run.path]
    assert len(looked) == 1 and looked[0] is not threading.main_thread()
