"""The cursor under the hand: keys, speed, loop, and the way back to live."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.playback import State
from tests.dream_viewer.window import Desk, press


def test_keys_move_the_cursor(desk: Desk, qtbot: QtBot) -> None:
    desk.live(40)
    key, shift = Qt.Key, Qt.KeyboardModifier.ShiftModifier
    press(qtbot, desk, key.Key_Space)
    assert desk.session.playhead.playback.state is State.PAUSED
    for pressed, modifier, index in (
        (key.Key_Left, None, 38),
        (key.Key_Left, shift, 28),
        (key.Key_PageDown, None, 18),
        (key.Key_Right, None, 19),
        (key.Key_Right, shift, 29),
        (key.Key_PageUp, None, 39),
        (key.Key_Home, None, 0),
    ):
        press(qtbot, desk, pressed, modifier or Qt.KeyboardModifier.NoModifier)
        assert desk.session.playhead.index == index
        assert desk.window.timeline.cursor_index == index
    press(qtbot, desk, key.Key_End)
    assert desk.session.playhead.index == 39 and desk.session.playhead.playback.state is State.FOLLOWING


def test_only_f_or_end_goes_back_to_live(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    press(qtbot, desk, Qt.Key.Key_Space)
    desk.live(4, start=5)
    assert desk.session.playhead.index == 4
    press(qtbot, desk, Qt.Key.Key_F)
    assert desk.session.playhead.index == 8 and desk.window.actions_by_id["follow"].isChecked()
    press(qtbot, desk, Qt.Key.Key_F)
    assert desk.session.playhead.playback.state is State.FOLLOWING and desk.window.actions_by_id["follow"].isChecked()


def test_speed_and_loop(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_BracketRight)
    assert desk.session.playhead.playback.speed == 2.0 and desk.player.asked("set_fps")[-1] == (30.0,)
    press(qtbot, desk, Qt.Key.Key_BracketLeft)
    press(qtbot, desk, Qt.Key.Key_BracketLeft)
    assert desk.session.playhead.playback.speed == 0.5
    press(qtbot, desk, Qt.Key.Key_L)
    assert desk.session.playhead.playback.loop and desk.window.actions_by_id["loop"].isChecked()


def test_backwards(desk: Desk, qtbot: QtBot) -> None:
    desk.live(10)
    clock = [0.0]
    desk.session._clock = lambda: clock[0]
    desk.session.tick()
    press(qtbot, desk, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert desk.session.playhead.playback.state is State.PLAYING and desk.window.actions_by_id["play_back"].isChecked()
    clock[0] = 3.01 / 15
    desk.session.tick()
    assert desk.session.playhead.index == 6
    press(qtbot, desk, Qt.Key.Key_Space, Qt.KeyboardModifier.ShiftModifier)
    assert desk.session.playhead.playback.state is State.PAUSED


def test_a_stretch_is_marked_by_keys_and_belongs_to_its_episode(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(20)
    desk.live(9, number=1)
    shift, window = Qt.KeyboardModifier.ShiftModifier, desk.window
    desk.session.playhead.visit(desk.session.playhead.reels[0], 4)
    marked = []
    for index in (4, 9, 9):
        desk.session.playhead.seek(index)
        press(qtbot, desk, Qt.Key.Key_L, shift)
        marked.append((window.timeline._stretch, window.actions_by_id["loop"].isChecked()))
    assert marked == [((4, 20), True), ((4, 9), True), (None, False)]
    window.timeline.stretched.emit((3, 7))
    assert window.timeline._stretch == (3, 7) and desk.session.playhead.playback.loop
    press(qtbot, desk, Qt.Key.Key_Down)
    assert window.timeline._stretch is None
    press(qtbot, desk, Qt.Key.Key_Up)
    assert window.timeline._stretch == (3, 7)


def test_the_way_back_to_live_is_offered_wherever_the_cursor_is_not(desk: Desk, qtbot: QtBot) -> None:
    follow = desk.window.transport._follow

    def offered() -> tuple[str, bool]:
        return follow.text(), bool(follow.property("away"))

    desk.live_to_the_end(6)
    desk.live(5, number=1)
    assert offered() == ("Live", False) and follow.isChecked()
    press(qtbot, desk, Qt.Key.Key_Space)
    assert offered() == ("Follow", False) and not follow.isChecked(), "nothing is newer"
    width = follow.width()
    desk.live(3, start=5, number=1)
    assert offered() == ("Back to live +3", True) and desk.session.playhead.index == 4
    press(qtbot, desk, Qt.Key.Key_Up)
    assert offered() == ("Back to live", True) and follow.width() == width
    qtbot.mouseClick(follow, Qt.MouseButton.LeftButton)
    assert (
        desk.session.playhead.at_live_edge
        and desk.session.playhead.playback.state is State.FOLLOWING
        and follow.isChecked()
    )
    qtbot.mouseClick(follow, Qt.MouseButton.LeftButton)
    assert follow.isChecked(), "it leads there, never away"


def test_up_and_down_go_through_the_episodes(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(6)
    desk.live(3, number=1)
    press(qtbot, desk, Qt.Key.Key_Up)
    assert desk.session.playhead.reel is desk.session.playhead.reels[0] and desk.window.timeline._end.step is not None
    press(qtbot, desk, Qt.Key.Key_Down)
    assert desk.session.playhead.reel is desk.session.playhead.reels[1] and desk.window.timeline._end.step is None


def test_keys_work_after_a_click_on_a_button(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    bars = (desk.window.transport, desk.window.reality, desk.window.dream)
    buttons = [button for bar in bars for button in bar.findChildren(QAbstractButton) if button.isVisible()]
    assert len(buttons) > 10
    for button in buttons:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        focused = QApplication.focusWidget()
        assert focused is not None and focused is not button
        desk.session.playhead.follow()
        qtbot.keyClick(focused, Qt.Key.Key_Space)
        assert desk.session.playhead.playback.state is State.PAUSED, button.text() or button.toolTip()


def test_comma_and_dot_go_from_event_to_event(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(20)
    desk.session.playhead.seek(7)
    press(qtbot, desk, Qt.Key.Key_B)
    assert desk.window.timeline._bookmarks.getData()[0].tolist() == [7]
    desk.session.playhead.go_first()
    places = []
    for key in (Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Comma):
        press(qtbot, desk, key)
        places.append(desk.session.playhead.index)
    assert places == [7, 20, 20, 7, 7] and desk.session.playhead.playback.state is State.PAUSED
    press(qtbot, desk, Qt.Key.Key_B)
    assert desk.session.playhead.landmarks[0].kind == "reward"
