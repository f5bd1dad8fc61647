"""What is played is a person's choice: by the dialog, by the keys, in any game; every refusal is a sentence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.widgets.level_picker import LevelPicker
from tests.dream_viewer.feed import agent_info, arrival, moment
from tests.dream_viewer.window import Desk

SHIFT = Qt.KeyboardModifier.ShiftModifier


def picker(desk: Desk) -> LevelPicker:
    desk.window.actions_by_id["choose_level"].trigger()
    dialog = desk.window.findChild(LevelPicker)
    assert dialog is not None
    return dialog


def played(desk: Desk) -> LevelChoice:
    ((*_, choice),) = desk.player.asked("new_level")[-1:]
    return choice


def notice(desk: Desk) -> str:
    return desk.window.notice.text if desk.window.notice.isVisibleTo(desk.window) else ""


def test_the_dialog_opens_on_what_is_played_and_names_the_split_of_a_typed_seed(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    dialog = picker(desk)
    assert (dialog.form.game, dialog.form.difficulty, dialog.form.levels) == ("coinrun", "easy", "unseen")
    assert dialog.game.itemText(0) == "coinrun" and dialog.game.itemText(2) == "bigfish"
    dialog.seed.selectAll()
    qtbot.keyClicks(dialog.seed, "42")
    assert dialog.form.levels == "one" and "one of its 200 train levels" in dialog.meaning
    qtbot.keyClicks(dialog.seed, "xyz")
    assert "whole number from 0" in dialog.meaning and not dialog.play.isEnabled()
    dialog.seed.setText("10042")
    dialog.seed.textEdited.emit("10042")
    qtbot.keyClick(dialog.seed, Qt.Key.Key_Return)
    assert played(desk) == LevelChoice("unseen", 10_042)
    assert desk.session.playhead.playback.state is State.FOLLOWING and desk.window.actions_by_id["same"].isChecked()


def test_another_game_is_played_by_the_same_agent_and_the_dialog_says_what_that_means(desk: Desk) -> None:
    desk.live(3)
    dialog = picker(desk)
    dialog.game.setCurrentText("maze")
    dialog.difficulty.setCurrentText("hard")
    dialog.choices["train"].setChecked(True)
    assert "knows nothing of maze" in dialog.meaning and dialog.play.isEnabled()
    dialog.play.click()
    path = desk.session.casting.agent.path
    assert desk.player.asked("open_checkpoint")[-1] == (path, LevelChoice("train"), "hard", "maze")


def test_weights_without_a_file_play_their_own_game_only(desk: Desk) -> None:
    desk.player.tell(Opened(replace(agent_info(training=True), path=None)))
    desk.session.tick()
    desk.live(3)
    dialog = picker(desk)
    dialog.game.setCurrentText("maze")
    dialog.play.click()
    assert desk.player.asked("open_checkpoint") == [] and "in no file yet" in notice(desk)


def test_shift_and_arrows_play_the_levels_beside_this_one(desk: Desk, qtbot: QtBot) -> None:
    desk.player.tell(Opened(agent_info()), arrival([moment(i, level_seed=199) for i in range(3)]))
    desk.session.tick()
    qtbot.keyClick(desk.window, Qt.Key.Key_Up, SHIFT)
    assert played(desk) == LevelChoice("train", 198)
    qtbot.keyClick(desk.window, Qt.Key.Key_Down, SHIFT)
    assert "199 is the last train level" in notice(desk)
    assert len(desk.player.asked("new_level")) == 1


def test_r_restarts_the_level_under_the_cursor_once(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    desk.session.playhead.pause()
    qtbot.keyClick(desk.window, Qt.Key.Key_R)
    assert played(desk) == LevelChoice("unseen", None, first=12_345)
    assert (
        desk.session.casting.choice == LevelChoice("unseen") and desk.session.playhead.playback.state is State.FOLLOWING
    )


def test_another_unseen_level_and_the_levels_of_training(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    for key, split in ((Qt.Key.Key_T, "train"), (Qt.Key.Key_N, "unseen"), (Qt.Key.Key_N, "unseen")):
        qtbot.keyClick(desk.window, key, Qt.KeyboardModifier.ControlModifier)
        assert played(desk) == LevelChoice(split)  # type: ignore[arg-type]
    assert len(desk.player.asked("new_level")) == 3


@pytest.mark.parametrize("name", ["choose_level", "restart", "level_forward", "same"])
def test_without_an_agent_it_says_so(desk: Desk, name: str) -> None:
    desk.window.actions_by_id[name].trigger()
    assert "no agent" in notice(desk) and desk.player.asked("new_level") == []
    assert desk.window.actions_by_id["unseen"].isChecked()
