"""A person plays: in reality, and back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PyQt6.QtCore import QEvent, Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.messages import Acted
from dream_viewer.playback import State
from dream_viewer.taking_part import Role
from tests.dream_viewer.feed import arrival, moment
from tests.dream_viewer.window import Desk
from trainer.envs.actions import NO_OP

RIGHT = 7


@pytest.fixture
def desk(qtbot: QtBot) -> Desk:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.show()
    desk.window.activateWindow()
    qtbot.waitUntil(desk.window.isActiveWindow)
    desk.live(10)
    return desk


def press(desk: Desk, qtbot: QtBot, key: Qt.Key) -> None:
    """To whichever part of the window has the keyboard, as a person would."""
    part = QApplication.focusWidget()
    assert part is not None and part.window() is desk.window
    qtbot.keyPress(part, key)


def test_p_takes_over_and_escape_hands_back_without_a_reset(desk: Desk, qtbot: QtBot) -> None:
    desk.session.seek(3)
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    part = desk.session.part
    assert part.role is Role.REALITY and desk.session.playback.state is State.FOLLOWING
    assert desk.session.index == 9, "it goes on where the agent is"
    assert desk.window.reality.origin == "played" and "Esc" in desk.window.reality.caption
    press(desk, qtbot, Qt.Key.Key_Right)
    qtbot.keyRelease(QApplication.focusWidget(), Qt.Key.Key_Right)
    press(desk, qtbot, Qt.Key.Key_Escape)
    assert desk.player.asked("hold") == [(NO_OP,), (RIGHT,), (NO_OP,), (None,)]
    assert part.role is Role.WATCHING and desk.session.playback.state is State.FOLLOWING
    assert desk.window.reality.origin == "observed"
    assert desk.player.asked("new_level") == [] and desk.player.asked("set_running")[-1] == (True,)


def test_the_review_keys_rest_meanwhile_and_work_again_afterwards(desk: Desk, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_D):
        qtbot.keyClick(QApplication.focusWidget(), key)
    assert desk.session.playback.state is State.FOLLOWING and desk.session.part.role is Role.REALITY
    assert not desk.window.actions_by_id["difference"].isChecked()
    press(desk, qtbot, Qt.Key.Key_Escape)
    qtbot.keyClick(desk.window, Qt.Key.Key_Left)
    assert desk.session.playback.state is State.PAUSED and desk.session.index == 8


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
    assert desk.session.playback.state is State.FOLLOWING, "the review keys still rest"


def test_looking_elsewhere_hands_back(desk: Desk, qtbot: QtBot) -> None:
    qtbot.keyClick(desk.window, Qt.Key.Key_P)
    desk.session.seek(2)
    assert desk.session.part.role is Role.WATCHING and desk.player.asked("hold")[-1] == (None,)
    assert not desk.window.actions_by_id["take_over"].isChecked()


def test_a_click_into_reality_takes_over_and_a_double_click_does_not(desk: Desk, qtbot: QtBot) -> None:
    picture = desk.window.reality._picture
    QTest.mousePress(picture, Qt.MouseButton.LeftButton)
    QTest.mouseRelease(picture, Qt.MouseButton.LeftButton)
    QTest.mouseDClick(picture, Qt.MouseButton.LeftButton)
    assert desk.window._stage.enlarged is desk.window.reality
    assert not desk.window.reality._click.isActive()
    QTest.mousePress(picture, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: desk.session.part.role is Role.REALITY)


def test_what_a_person_did_is_told_as_theirs(desk: Desk) -> None:
    desk.session.play_game()
    desk.player.tell(Acted(0, 9, NO_OP), arrival([moment(10)], 10), fps=15.0)
    desk.session.tick()
    step = desk.session.reels[0].moments[9].step
    assert (step.action, step.by_person) == (NO_OP, True)
    assert desk.session.reels[0].episode.steps[9] is step
    assert step == replace(moment(9).step, action=NO_OP, by_person=True, frame=step.frame)
    texts = desk.window.readouts.texts
    assert desk.window.transport._follow.text() == "You play"
    desk.session.seek(9)
    assert texts()["About to"] == ("no key", "by you; the agent 3 %")


def test_without_an_agent_nobody_plays(qtbot: QtBot) -> None:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.actions_by_id["take_over"].trigger()
    assert desk.session.part.role is Role.WATCHING
    assert not desk.window.actions_by_id["take_over"].isChecked()


def test_the_window_s_loss_of_the_keyboard_lets_the_keys_go(desk: Desk, qtbot: QtBot) -> None:
    desk.session.play_game()
    press(desk, qtbot, Qt.Key.Key_Up)
    QApplication.sendEvent(desk.window.reality, QEvent(QEvent.Type.FocusOut))
    assert desk.player.asked("hold")[-1] == (NO_OP,)
