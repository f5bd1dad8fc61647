"""A person plays: in reality, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.lived import Acted
from dream_viewer.playback import State
from dream_viewer.state.taking_part import Role
from tests.dream_viewer.feed import agent_info, arrival, dreamt, forked, frame, moment
from tests.dream_viewer.window import Desk, Make, Show
from trainer.envs.actions import NO_OP

RIGHT = 7


@pytest.fixture
def desk(shown: Show) -> Desk:
    desk = shown()
    desk.live(10)
    return desk


def press(desk: Desk, qtbot: QtBot, key: Qt.Key) -> None:
    """To whichever part of the window has the keyboard, as a person would."""
    part = QApplication.focusWidget()
    assert part is not None and part.window() is desk.window
    qtbot.keyPress(part, key)


def test_p_takes_over_and_escape_hands_back_without_a_reset(desk: Desk, qtbot: QtBot) -> None:
    desk.session.playhead.seek(3)
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    part = desk.session.part
    assert part.role is Role.REALITY and desk.session.playhead.playback.state is State.FOLLOWING
    assert desk.session.playhead.index == 9, "it goes on where the agent is"
    assert desk.window.reality.origin == "played" and "Esc" in desk.window.reality.caption
    press(desk, qtbot, Qt.Key.Key_Right)
    qtbot.keyRelease(QApplication.focusWidget(), Qt.Key.Key_Right)
    press(desk, qtbot, Qt.Key.Key_Escape)
    assert desk.player.asked("hold") == [(NO_OP,), (RIGHT,), (NO_OP,), (None,)]
    assert part.role is Role.WATCHING and desk.session.playhead.playback.state is State.FOLLOWING
    assert desk.window.reality.origin == "observed"
    assert desk.player.asked("new_level") == [] and desk.player.asked("set_running")[-1] == (True,)


def test_the_review_keys_rest_meanwhile_and_work_again_afterwards(desk: Desk, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_D):
        qtbot.keyClick(QApplication.focusWidget(), key)
    assert desk.session.playhead.playback.state is State.FOLLOWING and desk.session.part.role is Role.REALITY
    assert not desk.window.actions_by_id["difference"].isChecked()
    press(desk, qtbot, Qt.Key.Key_Escape)
    qtbot.keyClick(desk.window, Qt.Key.Key_Left)
    assert desk.session.playhead.playback.state is State.PAUSED and desk.session.playhead.index == 8


def test_keys_are_released_with_the_window_and_taken_up_after_the_overlay(desk: Desk, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    press(desk, qtbot, Qt.Key.Key_Right)
    desk.window.actions_by_id["shortcuts"].trigger()
    assert desk.player.asked("hold")[-1] == (NO_OP,)
    qtbot.keyClick(desk.window.shortcuts, Qt.Key.Key_Escape)
    assert desk.session.part.role is Role.REALITY
    press(desk, qtbot, Qt.Key.Key_Right)
    assert desk.player.asked("hold")[-1] == (RIGHT,)
    qtbot.keyClick(desk.window, Qt.Key.Key_Space)
    assert desk.session.playhead.playback.state is State.FOLLOWING, "the review keys still rest"


def test_looking_elsewhere_hands_back(desk: Desk, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    desk.session.playhead.seek(2)
    assert desk.session.part.role is Role.WATCHING and desk.player.asked("hold")[-1] == (None,)
    assert not desk.window.actions_by_id["take_over"].isChecked()


def test_a_click_into_reality_takes_over_and_a_double_click_does_not(desk: Desk, qtbot: QtBot) -> None:
    picture = desk.window.reality._picture
    QTest.mousePress(picture, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(picture, Qt.MouseButton.LeftButton)
    assert desk.window.stage.enlarged is desk.window.reality
    assert not desk.window.reality._click.isActive()
    QTest.mousePress(picture, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.session.part.role is Role.REALITY)


def test_what_a_person_did_is_told_as_theirs(desk: Desk) -> None:
    desk.session.play_game()
    desk.player.tell(Acted(0, 9, NO_OP), arrival([moment(10)], 10), fps=15.0)
    desk.session.tick()
    step = desk.session.playhead.reels[0].moments[9].step
    assert (step.action, step.by_person) == (NO_OP, True)
    assert desk.session.playhead.reels[0].episode.steps[9] is step
    assert step == replace(moment(9).step, action=NO_OP, by_person=True, frame=step.frame)
    texts = desk.window.readouts.texts
    assert desk.window.transport._follow.text() == "You play"
    assert texts()["About to"] == ("right", "agent's choice, 60 %")
    desk.session.playhead.seek(9)
    assert texts()["About to"] == ("no key", "by you; the agent 3 %")


def test_what_a_person_played_is_marked_on_the_timeline_and_listed(desk: Desk) -> None:
    desk.window.actions_by_id["episodes"].trigger()
    desk.session.play_game()
    for index in (9, 10, 11):
        desk.player.tell(Acted(0, index, 7), arrival([moment(index + 1)], index + 1), fps=15.0)
        desk.session.tick()
    timeline = desk.window.timeline
    assert timeline._played.getData()[0].tolist() == [9, 12], "an action lasts from its step to the next"
    assert "you played" in timeline.title
    assert "you played" in timeline.numbers(11) and "you played" not in timeline.numbers(8)
    assert [mark.index for mark in desk.session.playhead.landmarks if mark.kind == "played"] == [9], (
        "it is not over yet"
    )
    desk.live(3, start=13)
    marks = [mark for mark in desk.session.playhead.landmarks if mark.kind == "played"]
    assert [(mark.index, mark.text) for mark in marks] == [(9, "you take over"), (12, "you hand back")]
    desk.session.playhead.kept_changed.emit()
    assert desk.window.episodes.shown()[0][4] == "goes on, you played"


def begun_dream(desk: Desk, qtbot: QtBot, index: int = 4) -> FutureKey:
    desk.session.playhead.seek(index)
    qtbot.keyClick(desk.window, Qt.Key.Key_P, Qt.KeyboardModifier.ShiftModifier)
    assert desk.session.part.role is Role.DREAM
    key = desk.player.asked("enter_dream")[-1][0]
    assert isinstance(key, FutureKey) and (key.number, key.index, key.generation) == (0, index, 1)
    return key


def dream_on(desk: Desk, key: FutureKey, frames: int, **last: float) -> None:
    steps = [dreamt(key, ahead) for ahead in range(frames - 1)]
    desk.player.tell(*steps, dreamt(key, frames - 1, **last), fps=15.0)
    desk.session.tick()


def test_inside_the_dream_the_model_answers_and_a_meter_counts(desk: Desk, qtbot: QtBot) -> None:
    key = begun_dream(desk, qtbot)
    window, pane = desk.window, desk.window.dream
    assert pane.origin == "imagined" and pane.meter is not None and "first key" in pane.meter.text
    assert desk.player.asked("set_running")[-1] == (False,)
    press(desk, qtbot, Qt.Key.Key_Right)
    assert desk.player.asked("hold")[-1] == (RIGHT,) and desk.player.asked("set_running")[-1] == (True,)
    dream_on(desk, key, 3, reward=9.96)
    assert np.array_equal(pane.frame, frame(102)) and pane.origin == "imagined"
    assert pane.meter.text == "3 frames blind · dreamt return +10" and pane.meter.share == pytest.approx(3 / 60)
    assert pane.caption == "right · value 7.00 · reward +10"
    assert window.reality.origin == "observed" and "At rest" in window.reality.caption
    assert desk.session.playhead.index == 4 and window.transport._follow.text() == "You dream"
    press(desk, qtbot, Qt.Key.Key_Escape)
    assert desk.player.asked("hold")[-1] == (None,) and desk.session.playhead.playback.state is State.PAUSED
    assert pane.meter is None and pane.origin == "observed"
    assert window.notice.text == "You played 3 frames blind."


def test_what_would_really_have_happened(desk: Desk, qtbot: QtBot) -> None:
    window = desk.window
    assert not window.actions_by_id["really"].isEnabled()
    key = begun_dream(desk, qtbot)
    dream_on(desk, key, 3)
    press(desk, qtbot, Qt.Key.Key_Escape)
    desk.session.playhead.seek(8)
    qtbot.mouseClick(window.notice._button, Qt.MouseButton.LeftButton)
    whole = replace(key, horizon=3)
    assert desk.session.playhead.index == 4 and desk.session.dreaming.future_key == whole
    assert desk.player.asked("ask_fork")[-1][0] == whole and desk.player.asked("ask_fork")[-1][2] == (RIGHT,) * 3
    desk.player.tell(forked(whole, 3))
    desk.session.tick()
    assert window.reality.origin == "forked" and window.dream.origin == "imagined"
    assert np.array_equal(window.dream.frame, frame(100)) and np.array_equal(window.reality.frame, frame(100) - 20)
    assert window.film.film is not None and len(window.film.film.real) == 3
    window.pictures._show.advance(1.0, None, True)
    window.pictures._show_all()
    assert np.array_equal(window.reality.frame, frame(101) - 20), "both go on together"
    desk.session.playhead.step_by(1)
    assert window.reality.origin == "observed" and desk.session.dreaming.future_key == FutureKey(0, 5, 1, 15, 0)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert desk.session.dreaming.future_key == whole
    desk.session.dreaming.another_future()
    assert desk.session.dreaming.future_key == FutureKey(0, 4, 1, 15, 1), "the agent's own again"


def test_a_dream_ends_where_the_model_expects_the_end(desk: Desk, qtbot: QtBot) -> None:
    key = begun_dream(desk, qtbot)
    dream_on(desk, key, 2, continues=0.2)
    assert desk.session.part.role is Role.WATCHING and desk.player.asked("hold")[-1] == (None,)
    assert desk.window.notice.text == "You played 2 frames blind. It expects the end here."
    dream_on(desk, key, 3)
    assert desk.session.part.dream is not None and len(desk.session.part.dream.steps) == 2


@pytest.mark.parametrize("how", ["scrub", "follow", "play", "other weights", "failure"])
def test_a_dream_is_left_when_something_else_is_looked_at(desk: Desk, qtbot: QtBot, how: str) -> None:
    begun_dream(desk, qtbot)
    if how == "scrub":
        desk.session.playhead.seek(5)
    elif how == "follow":
        desk.session.playhead.follow()
    elif how == "play":
        desk.session.playhead.toggle_play()
    elif how == "failure":
        desk.player.failed.emit("odd", "details")
    else:
        desk.player.tell(Opened(agent_info("other", 2)))
        desk.session.tick()
    assert desk.session.part.role is Role.WATCHING and ("hold", (None,)) in desk.player.commands
    running = desk.session.playhead.playback.state is State.FOLLOWING
    if how in ("follow", "play"):
        assert desk.player.commands.index(("hold", (None,))) < len(desk.player.commands) - 1
        assert desk.player.asked("set_running")[-1] == (running,)


def test_nobody_dreams_from_an_end_or_from_another_agent_s_reading(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(5, number=1)
    desk.window.actions_by_id["play_dream"].trigger()
    assert desk.session.part.role is Role.WATCHING and "Nothing goes on from here" in desk.window.notice.text
    assert not desk.window.actions_by_id["play_dream"].isChecked()
    desk.session.playhead.seek(2)
    desk.player.tell(Opened(replace(agent_info("training", 2), training=True)))
    desk.session.tick()
    desk.window.actions_by_id["play_dream"].trigger()
    assert desk.player.asked("enter_dream") == [] and "has not read" in desk.window.notice.text


def test_without_an_agent_nobody_plays(made: Make) -> None:
    desk = made()
    desk.window.actions_by_id["take_over"].trigger()
    assert desk.session.part.role is Role.WATCHING
    assert not desk.window.actions_by_id["take_over"].isChecked()


def test_the_window_s_loss_of_the_keyboard_lets_the_keys_go(desk: Desk, qtbot: QtBot) -> None:
    desk.session.play_game()
    press(desk, qtbot, Qt.Key.Key_Up)
    QApplication.sendEvent(desk.window.stage, QEvent(QEvent.Type.FocusOut))
    assert desk.player.asked("hold")[-1] == (NO_OP,)


def test_a_dock_that_floats_lets_go_of_the_keyboard(desk: Desk, qtbot: QtBot) -> None:
    window = desk.window
    window.actions_by_id["episodes"].trigger()
    dock = window.docks.by_id["episodes"]
    for name, has_it in (("take_over", window.stage), ("palette", window.commands.typed)):
        dock.activateWindow()
        qtbot.waitUntil(dock.isActiveWindow)
        window.actions_by_id[name].trigger()
        qtbot.waitUntil(has_it.hasFocus)
