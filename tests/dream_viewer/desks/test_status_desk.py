"""The status line: what is measured, work with its progress, and nothing that moves."""

from dataclasses import replace

import pytest
from PyQt6.QtCore import QSize, Qt
from PyQt6.QtWidgets import QApplication, QProgressBar, QToolButton
from pytestqt.qtbot import QtBot

from dream_viewer.desks import status_desk
from dream_viewer.desks.status_desk import FIGURES
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.news import News, Working
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.widgets.status_line import StatusLine
from tests.dream_viewer.feed import agent_info
from tests.dream_viewer.window import Desk, Show
from trainer.config import Config
from trainer.events import Progress, Started


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown(size=(1024, 680))


def hear(desk: Desk, *works: Working) -> dict[str, str]:
    desk.player.tell(*works)
    desk.session.tick()
    return desk.window.status.texts()


def test_it_tells_what_the_workers_measure(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    status = desk.window.status_desk
    monkeypatch.setattr(status_desk, "memory_bytes", lambda: 3 << 29)
    monkeypatch.setattr(status._frames, "rate", lambda besides: 59.6)
    desk.player.tell(Opened(replace(agent_info(), device="CPU, float32")))
    desk.player.news.put(News((), None, 15.2, 12.34))
    desk.session.tick()
    status.refresh()
    assert desk.window.status.texts() == {
        "training": "",
        "device": "CPU, float32",
        "model": "model 12.3 ms/frame",
        "game": "game 15 steps/s",
        "window": "window 60 frames/s",
        "memory": "memory 1.50 GiB",
        "work": "",
    }
    desk.player.news.put(News((), None, None, 12.34))
    desk.session.tick()
    status.refresh()
    assert desk.window.status.texts()["game"] == "game 0 steps/s"


def test_a_training_beside_tells_its_own_pace(desk: Desk) -> None:
    desk.live(1)
    desk.session.start_training(TrainingRequest(Config()))
    desk.trainer.happened.emit(Started("/runs/x", 0, 0, 1000, "cpu"))
    desk.trainer.progress.put(Progress(999, 62, 0, 3600.0, 0.42, 430.0, 6.5, 100.0))
    desk.session.tick()
    desk.window.status_desk.refresh()
    told = desk.window.status.texts()["training"]
    assert told == f"training {desk.session.training.progress.frames_per_second:.0f} steps/s"  # type: ignore[union-attr]


def test_what_it_tells_moves_nothing_and_fits(qtbot: QtBot) -> None:
    line = StatusLine(FIGURES)
    qtbot.addWidget(line)
    line.resize(1024, line.height())
    line.show()
    cells = [line._cells[figure.name] for figure in FIGURES]
    line.show_figures({"training": "training 1 steps/s"})
    qtbot.waitUntil(cells[0].isVisible)
    QApplication.processEvents()
    places = [cell.geometry().getRect() for cell in cells]
    line.show_figures({figure.name: figure.widest for figure in FIGURES})
    assert [cell.geometry().getRect() for cell in cells] == places
    for cell in cells:
        assert cell.width() >= cell.sizeHint().width(), cell.text()
    assert line._work.width() > 80
    line.show_figures({"training": ""})
    QApplication.processEvents()
    assert [cell.geometry().getRect() for cell in cells[1:]] == places[1:]
    assert line._work.width() > 200, "there is room for some words about work"


def test_long_work_shows_its_progress_and_can_be_cancelled(desk: Desk, qtbot: QtBot) -> None:
    bar, button = desk.window.status.findChild(QProgressBar), desk.window.status.findChild(QToolButton)
    assert bar is not None and button is not None and not bar.isVisible()
    assert hear(desk, Working("export", "won.gif", 1, 4))["work"] == "25 % exported: won.gif"
    assert bar.isVisible() and (bar.value(), bar.maximum()) == (1, 4)
    assert hear(desk, Working("recording", "won.episode", 30, 40))["work"] == "75 % opened: won.episode"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert desk.player.asked("cancel_recording") == [()] and desk.player.asked("cancel_export") == []
    assert hear(desk, Working("recording", "won.episode", 40, 40))["work"] == "25 % exported: won.gif"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert desk.player.asked("cancel_export") == [()]
    assert hear(desk, Working("reading", "", 8, 40))["work"] == "20 % of the episode read anew"
    assert not button.isVisible(), "that must be"
    assert hear(desk, Working("export", "won.gif", 4, 4), Working("reading", "", 40, 40))["work"] == ""
    assert not bar.isVisible()


def test_the_smallest_window_holds_it(desk: Desk) -> None:
    assert desk.window.size() == QSize(1024, 680)
    line = desk.window.status
    assert line.mapTo(desk.window, line.rect().bottomRight()).y() < 680
    assert line.width() == 1024
