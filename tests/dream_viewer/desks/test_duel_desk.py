"""A duel from the Moment under the cursor to its result."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from dream_viewer.desks.duel_desk import OFF, WAITING
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import DuelBegun, RivalPlayed
from dream_viewer.playback import State
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.duel_result import DuelResult
from tests.dream_viewer.feed import agent_info, arrival, end_moment, moment
from tests.dream_viewer.window import Desk, Show
from trainer.envs.actions import NO_OP

MINE, RIVAL = 1, 2


@pytest.fixture
def desk(shown: Show) -> Desk:
    desk = shown()
    desk.live(10)
    return desk


def begin(desk: Desk, qtbot: QtBot) -> None:
    desk.session.playhead.seek(4)
    qtbot.keyClick(desk.window, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    number, episode, moments = desk.player.asked("begin_duel")[-1]
    assert (number, len(moments), len(episode.steps)) == (0, 5, 10)
    assert desk.session.part.role is Role.WATCHING, "not before the game stands there"
    desk.player.tell(DuelBegun(MINE, RIVAL), arrival([moment(i) for i in range(5)], 0, MINE))
    desk.session.tick()
    assert desk.session.part.role is Role.DUEL


def lose(desk: Desk) -> None:
    desk.player.tell(arrival([moment(5), end_moment(0.0)], 5, MINE, "lost"))
    desk.session.tick()


def rival_wins(desk: Desk) -> None:
    moments = [*(moment(i) for i in range(8)), end_moment(10.0)]
    desk.player.tell(RivalPlayed(arrival(moments, 0, RIVAL, "won")))
    desk.session.tick()


def results(desk: Desk) -> list[DuelResult]:
    return [result for result in desk.window.findChildren(DuelResult) if result.isVisible()]


def test_from_the_moment_to_the_result(desk: Desk, qtbot: QtBot) -> None:
    begin(desk, qtbot)
    session = desk.session
    assert (
        session.playhead.reel is session.playhead.reels[-1]
        and session.playhead.index == 4
        and session.playhead.playback.state is State.FOLLOWING
    )
    assert desk.window.reality.origin == "played" and "Duel" in desk.window.reality.caption
    assert desk.player.asked("set_running")[-1] == (False,), "it waits for the first key"
    assert desk.window.reality.meter is not None and "first key" in desk.window.reality.meter.text
    assert (MINE, 4) in [asked[:2] for asked in desk.player.asked("ask_picture")], "a rest is drawn as such"
    assert desk.player.asked("ask_future")[-1][0].number == MINE
    qtbot.keyPress(QApplication.focusWidget(), Qt.Key.Key_Right)
    assert desk.player.asked("hold")[-1] == (7,) and desk.player.asked("set_running")[-1] == (True,)
    assert desk.window.reality.meter is None
    qtbot.keyPress(QApplication.focusWidget(), Qt.Key.Key_Up)
    assert desk.player.asked("hold")[-1] == (8,), "the first key is still held"
    lose(desk)
    assert session.part.role is Role.WATCHING and session.playhead.playback.state is State.PAUSED
    assert desk.window.notice.text == WAITING and not results(desk)
    rival_wins(desk)
    (result,) = results(desk)
    texts = [label.text() for label in result.findChildren(QLabel)]
    assert result.title.text() == "The agent wins: +10 against 0" and {"lost", "won", "2", "4"} <= set(texts)
    assert "expected a return of 5.00" in result.comment.text() and "and you got 0.00" in result.comment.text()
    assert [reel.number for reel in session.playhead.reels] == [0, RIVAL, MINE]
    qtbot.mouseClick(result.watch[1], Qt.MouseButton.LeftButton)
    assert session.playhead.reel is not None and (session.playhead.reel.number, session.playhead.index) == (RIVAL, 4)
    assert session.playhead.playback.state is State.PLAYING


def test_the_agent_may_be_done_first_and_the_person_gives_up(desk: Desk, qtbot: QtBot) -> None:
    begin(desk, qtbot)
    rival_wins(desk)
    assert desk.session.part.role is Role.DUEL and not results(desk)
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert desk.session.playhead.playback.state is State.PAUSED and desk.player.asked("hold")[-1] == (None,)
    (result,) = results(desk)
    assert "given up" in [label.text() for label in result.findChildren(QLabel)]
    desk.session.playhead.follow()
    assert len(results(desk)) == 1 and desk.session.part.duel is None


def test_another_level_gives_up_and_another_agent_calls_it_off(desk: Desk, qtbot: QtBot) -> None:
    begin(desk, qtbot)
    desk.session.casting.new_level("unseen")
    desk.live(2, number=3)
    assert desk.session.part.role is Role.WATCHING and desk.window.notice.text == WAITING
    desk.player.tell(Opened(agent_info("other", 2)))
    desk.session.tick()
    assert desk.window.notice.text == OFF and desk.session.part.duel is None
    rival_wins(desk)
    assert not results(desk)


def test_a_duel_that_cannot_begin_says_so(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(5, number=1)
    desk.window.actions_by_id["duel"].trigger()
    assert desk.player.asked("begin_duel") == [] and "Nothing goes on from here" in desk.window.notice.text
    assert not desk.window.actions_by_id["duel"].isChecked()
    assert ("hold", (NO_OP,)) not in desk.player.commands


def test_a_duel_that_was_refused_is_not_called_off(desk: Desk, qtbot: QtBot) -> None:
    desk.session.playhead.seek(4)
    qtbot.keyClick(desk.window, Qt.Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    desk.player.refused.emit("There is no duel from this moment.")
    desk.player.tell(Opened(agent_info("other", 2)))
    desk.session.tick()
    assert desk.window.notice.text != OFF and desk.session.part.duel is None


def test_the_result_leaves_the_keys_to_whoever_plays_again(desk: Desk, qtbot: QtBot) -> None:
    begin(desk, qtbot)
    lose(desk)
    desk.window.actions_by_id["take_over"].trigger()
    rival_wins(desk)
    (result,) = results(desk)
    assert result.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert desk.session.part.role is Role.REALITY
