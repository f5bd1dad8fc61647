"""What was open is found again, and so is the place where a person left off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from pytestqt.qtbot import QtBot

from dream_viewer.desks.recent import MOST_RECENT, label, left_off, with_newest
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Recalled
from dream_viewer.settings import Settings
from tests.dream_viewer.feed import agent_info, arrival, end_moment, moment
from tests.dream_viewer.window import Desk, Show


def test_each_path_once_the_newest_first_and_not_too_many() -> None:
    paths: list[str] = []
    for name in (*"abcdefghijkl", "k"):
        paths = with_newest(paths, name)
    assert paths == list("kljihgfedc") and len(paths) == MOST_RECENT


def test_a_label_names_the_run_rather_than_its_folder_of_checkpoints() -> None:
    assert label("/runs/night/checkpoints/step-1.safetensors") == "step-1.safetensors  \u2013  night"
    assert label("/runs/night") == "night  \u2013  runs" and label("/x") == "x"


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"path": 3, "link": "dream-agent://coinrun/easy/train/3?step=1", "again": True},
        {"path": "/x", "link": "rm -rf", "again": True},
        {"path": "/x", "link": "dream-agent://coinrun/easy/train/3?step=1"},
    ],
)
def test_a_place_that_makes_no_sense_is_none(values: dict[str, object]) -> None:
    assert left_off(values) is None


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("one.safetensors", "two.safetensors", "won.episode")]
    for path in paths:
        path.touch()
    return paths


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown()


def play(desk: Desk, path: Path, generation: int = 1) -> None:
    desk.player.tell(Opened(replace(agent_info(generation=generation), path=path)))
    desk.session.tick()


def test_what_was_opened_is_listed_and_opened_again(desk: Desk, files: list[Path]) -> None:
    recent, window = desk.window.recent, desk.window
    assert not window.actions_by_id["recent"].isEnabled()
    play(desk, files[0])
    play(desk, files[1], 2)
    desk.live(1)
    desk.player.tell(Recalled(files[2], arrival([moment(0), end_moment()], 0, -2, "won"), ""))
    desk.session.tick()
    assert recent.paths == [str(path) for path in reversed(files)]
    assert window.settings_now().recent == recent.paths
    assert [action.toolTip() for action in recent.menu.actions()] == recent.paths
    recent.menu.actions()[2].trigger()
    assert desk.player.asked("open_checkpoint")[-1][0] == files[0]
    recent.menu.actions()[0].trigger()
    assert desk.player.asked("open_recording") == [(files[2],)]


@pytest.mark.parametrize(("name", "asked"), [("night", "open_checkpoint"), ("won.episode", "open_recording")])
def test_runs_and_recordings_can_be_dropped(desk: Desk, tmp_path: Path, name: str, asked: str) -> None:
    desk.live(1)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name))])
    keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    desk.window.dropEvent(QDropEvent(QPointF(200, 200), Qt.DropAction.CopyAction, data, *keys))
    assert desk.player.asked(asked)[-1][0] == tmp_path / name


def test_a_run_that_is_followed_is_remembered_as_a_run_and_weights_in_training_are_not(desk: Desk) -> None:
    followed = replace(agent_info(), run=Path("/runs/night"), path=Path("/runs/night/checkpoints/step-1.safetensors"))
    desk.player.tell(Opened(followed), Opened(agent_info("here", 2, training=True)))
    desk.session.tick()
    assert desk.window.recent.paths == ["/runs/night"]


def test_what_is_gone_is_taken_off_the_list_with_a_sentence(desk: Desk, files: list[Path]) -> None:
    play(desk, files[0])
    files[0].unlink()
    desk.window.recent.menu.actions()[0].trigger()
    assert desk.window.recent.paths == [] and desk.player.asked("open_checkpoint") == []
    assert desk.window.notice.text == f"{files[0]} is not there any more, so it is taken off the list."


@pytest.mark.qt_log_ignore("This plugin does not support")  # offscreen, menus cannot grab the keyboard
def test_a_key_shows_the_list_by_itself(desk: Desk, files: list[Path], qtbot: QtBot) -> None:
    play(desk, files[0])
    desk.window.actions_by_id["recent"].trigger()
    menu = desk.window.recent.menu
    assert menu.isVisible() and menu.activeAction() is menu.actions()[0]
    qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert desk.player.asked("open_checkpoint")[-1][0] == files[0]


def test_a_name_that_no_file_can_have_is_taken_off_the_list(shown: Show) -> None:
    hostile = ["/" + "x" * 5000, "/\0", "/\ud800"]
    last = {"path": hostile[0], "link": "dream-agent://coinrun/easy/train/3?step=1", "again": True}
    desk = shown(Settings(recent=hostile, left_off=last))
    for _ in hostile:
        desk.window.recent.menu.actions()[0].trigger()
        assert "is not there any more" in desk.window.notice.text
    assert desk.window.recent.paths == []
    desk.window.actions_by_id["left_off"].trigger()
    assert desk.player.asked("open_checkpoint") == [] and not desk.window.actions_by_id["left_off"].isEnabled()
