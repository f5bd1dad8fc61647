"""The window as a person uses it, around a fake player and a fake trainer."""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QSize, Qt, QUrl
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer import wording
from dream_viewer.difference import difference_picture
from dream_viewer.dreaming import DreamMode
from dream_viewer.elided import ElidedLabel
from dream_viewer.messages import FutureKey, LevelChoice, Opened, TrainingRequest
from dream_viewer.palette import PAIRS
from dream_viewer.playback import State
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.widgets.failure_dialog import FailureDialog
from tests.dream_viewer.feed import agent_info, arrival, end_moment, fan, forked, future, opened, picture
from tests.dream_viewer.window import Desk
from trainer.events import Evaluated, Finished, Metrics, Progress, Saved, Started


class Show(Protocol):
    """Makes a window and shows it."""

    def __call__(self, settings: Settings | None = None, size: tuple[int, int] = (1280, 800)) -> Desk: ...


@pytest.fixture
def shown(qtbot: QtBot) -> Iterator[Show]:
    desks: list[Desk] = []  # held until the end: Python must not collect a window that Qt is painting

    def show(settings: Settings | None = None, size: tuple[int, int] = (1280, 800)) -> Desk:
        desks.append(desk := Desk(settings))
        qtbot.addWidget(desk.window)
        desk.window.resize(*size)
        desk.window.show()
        desk.window.activateWindow()  # an X server without a window manager gives nobody the keyboard by itself
        qtbot.waitUntil(desk.window.isActiveWindow)
        return desk

    yield show
    for desk in desks:
        desk.window.close()


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown()


def press(
    qtbot: QtBot, desk: Desk, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(desk.window, key, modifier)


# Keys


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


def test_the_question_mark_shows_the_keys_and_escape_closes(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    desk.window.actions_by_id["shortcuts"].trigger()
    assert desk.window.shortcuts.isVisible()
    qtbot.keyClick(desk.window.shortcuts, Qt.Key.Key_Space)
    assert desk.session.playhead.playback.state is State.FOLLOWING
    qtbot.keyClick(desk.window.shortcuts, Qt.Key.Key_Escape)
    assert not desk.window.shortcuts.isVisible() and desk.window.hasFocus()
    press(qtbot, desk, Qt.Key.Key_Space)
    assert desk.session.playhead.playback.state is State.PAUSED


def test_f11_fills_the_screen_and_gives_it_back(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_F11)
    assert desk.window.isFullScreen()
    press(qtbot, desk, Qt.Key.Key_F11)
    assert not desk.window.isFullScreen()


# Panes


def test_borders_tell_observed_from_imagined(desk: Desk, qtbot: QtBot) -> None:
    desk.live(20)
    assert desk.window.reality._picture.origin == desk.window.dream._picture.origin == "observed"
    press(qtbot, desk, Qt.Key.Key_2)
    desk.session.playhead.seek(17)
    assert desk.session.dreaming.mode is DreamMode.DREAM and desk.window.dream.origin == "imagined"
    desk.session.playhead.seek(15)
    assert desk.window.dream.origin == "observed"


def test_paused_the_future_starts_at_the_cursor(desk: Desk, qtbot: QtBot) -> None:
    desk.live(20)
    desk.session.playhead.seek(12)
    press(qtbot, desk, Qt.Key.Key_3)
    key, moment, _ = desk.player.asked("ask_future")[-1]
    assert key.index == 12 and moment is desk.session.playhead.moment
    assert desk.window.dream.message == "imagining…"
    desk.player.tell(future=future(key))
    desk.session.tick()
    assert desk.window.dream.origin == "imagined" and desk.window.dream.caption.startswith("+1 of 15")
    steps, _ = desk.window.timeline._future.getData()
    assert steps[0] == 12 and len(steps) == 16
    assert desk.window.readouts.texts()["About to"][0] == "right"
    assert desk.window.film.film is not None and "from step 12" in desk.window.film.film.imagined_title
    desk.session.dreaming.set_mode(DreamMode.BELIEF)
    assert desk.window.timeline._future.getData()[0] is None or not len(desk.window.timeline._future.getData()[0])


def test_a_future_ends_with_its_episode(desk: Desk) -> None:
    desk.session.dreaming.set_mode(DreamMode.FUTURE)
    desk.live(5)
    desk.player.tell(future=future(desk.player.asked("ask_future")[-1][0]))
    desk.session.tick()
    assert desk.session.playhead.playback.state is State.FOLLOWING and desk.window.dream.origin == "imagined"
    desk.player.tell(arrival([end_moment()], 5, outcome="won"))
    desk.session.tick()
    assert wording.END in desk.window.dream.message and desk.window.dream.origin is None
    desk.live(1, number=1)
    assert desk.window.dream.message == "imagining…", "not what it imagined in the life before"


def test_frames_box_sets_what_the_mode_needs(desk: Desk) -> None:
    desk.live(3)
    box = desk.window.frames
    assert not box.isVisible()
    desk.session.dreaming.set_mode(DreamMode.DREAM)
    box.setValue(7)
    assert desk.session.dreaming.ground_every == 7 and desk.player.asked("set_blind")[-1] == (7,)
    desk.session.dreaming.set_mode(DreamMode.FUTURE)
    assert box.value() == 15
    box.setValue(30)
    assert desk.session.dreaming.horizon == 30 and desk.session.dreaming.ground_every == 7


def test_the_human_view_is_asked_for_only_when_seen(desk: Desk) -> None:
    desk.live(3)
    assert desk.player.asked("set_human_wanted")[-1] == (True,)
    desk.player.tell(picture(2))
    desk.session.tick()
    assert desk.window.reality.frame.shape == (512, 512, 3)
    desk.window.actions_by_id["agent"].trigger()
    assert desk.player.asked("set_human_wanted")[-1] == (False,)
    assert desk.window.reality.frame.shape == (64, 64, 3)


def test_the_end_is_shown_as_what_it_is(desk: Desk) -> None:
    desk.live_to_the_end(5)
    assert wording.END in desk.window.reality.message and wording.END in desk.window.dream.message
    assert desk.window.dream.origin is None


def test_read_outs_follow_the_cursor(desk: Desk) -> None:
    desk.live_to_the_end(5)
    desk.session.playhead.seek(3)
    texts = desk.window.readouts.texts()
    assert texts["Level seed"] == ("12\u2009345", "unseen level, easy")
    assert texts["Step"] == ("3", "of 5, then won")
    assert texts["Surprise"][0] == "2.0 nats"


def test_a_click_on_the_timeline_scrubs(desk: Desk, qtbot: QtBot) -> None:
    desk.live(60)
    view = desk.window.timeline.getPlotItem().getViewBox()
    place = desk.window.timeline.mapFromScene(view.mapViewToScene(QPointF(21, 5)))
    qtbot.mouseClick(desk.window.timeline.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.playhead.index == 21 and desk.session.playhead.playback.state is State.PAUSED


# Film strip and difference


def with_a_future(desk: Desk, index: int = 12) -> FutureKey:
    """Stand at a Moment whose future and truth are known."""
    desk.live(20)
    desk.session.playhead.seek(index)
    key = desk.player.asked("ask_future")[-1][0]
    desk.player.tell(future=future(key))
    desk.session.tick()
    desk.player.tell(forked(key))
    desk.session.tick()
    return key


def test_the_strip_shows_the_future_of_the_moment_under_the_cursor(desk: Desk) -> None:
    with_a_future(desk)
    film = desk.window.film.film
    assert film is not None and len(film.real) == 15 and film.real[0].error is not None
    desk.session.playhead.seek(13)
    assert desk.window.film.film is None and desk.window.film._message == "imagining…"


def test_a_click_in_the_strip_moves_the_panes_there(desk: Desk, qtbot: QtBot) -> None:
    key = with_a_future(desk)
    strip, window = desk.window.film, desk.window
    place = strip.place_of(6)
    assert place is not None and window.dream.origin == "observed"
    qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=place.center())
    assert desk.session.dreaming.mode is DreamMode.FUTURE and window.dream.caption.startswith("+7 of 15")
    assert np.array_equal(window.dream.frame, future(key).dream.frames[0, 6])
    assert window.reality.origin == "forked" and np.array_equal(window.reality.frame, forked(key).fork.frames[6])
    window.pictures._tick()
    assert window.dream.caption.startswith("+7 of 15"), "it stays"
    desk.session.playhead.seek(11)
    assert window.reality.origin == "observed", "another Moment, another future"


def test_the_future_is_looked_through_by_keys(desk: Desk, qtbot: QtBot) -> None:
    with_a_future(desk)
    alt, window = Qt.KeyboardModifier.AltModifier, desk.window
    seen = []
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        press(qtbot, desk, key, alt)
        seen.append(window.dream.caption.split(" of ")[0])
    assert seen == ["+1", "+2", "+3", "+2"] and window.reality.origin == "forked"
    press(qtbot, desk, Qt.Key.Key_Left, alt)
    press(qtbot, desk, Qt.Key.Key_Left, alt)
    assert window.reality.origin == "observed", "back from the first one: at none"
    for _ in range(20):
        press(qtbot, desk, Qt.Key.Key_Right, alt)
    assert window.dream.caption.startswith("+15"), "no further than there is"


def test_z_enlarges_the_dream_and_gives_it_back(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    press(qtbot, desk, Qt.Key.Key_Z)
    assert not desk.window.reality.isVisible() and desk.window.dream.isVisible()
    press(qtbot, desk, Qt.Key.Key_Z)
    assert desk.window.reality.isVisible()


def test_a_click_while_following_comes_to_rest_at_the_moment_of_that_future(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    key = desk.player.asked("ask_future")[0][0]
    desk.player.tell(future=future(key))
    desk.session.tick()
    desk.live(4, start=3)
    place = desk.window.film.place_of(2)
    assert place is not None and desk.session.playhead.index > key.index
    qtbot.mouseClick(desk.window.film, Qt.MouseButton.LeftButton, pos=place.center())
    assert desk.session.playhead.playback.state is State.PAUSED and desk.session.playhead.index == key.index
    assert desk.window.dream.caption.startswith("+3 of 15")


def test_reality_catches_up_with_the_strip(desk: Desk) -> None:
    desk.live(3)
    key = desk.player.asked("ask_future")[0][0]
    desk.player.tell(future=future(key))
    desk.session.tick()
    desk.live(4, start=3)
    assert desk.window.film._ahead == desk.session.playhead.index - key.index - 1


def test_without_the_strip_nothing_is_dreamt_for_it(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_I)
    assert not desk.window.film.isVisible()
    count = len(desk.player.asked("ask_future"))
    desk.live(5)
    desk.session.playhead.seek(2)
    assert len(desk.player.asked("ask_future")) == count
    press(qtbot, desk, Qt.Key.Key_I)
    assert desk.window.film.isVisible() and len(desk.player.asked("ask_future")) == count + 1


def test_the_difference_compares_what_the_dream_pane_shows(desk: Desk, qtbot: QtBot) -> None:
    key = with_a_future(desk)
    assert not desk.window.difference.isVisible()
    press(qtbot, desk, Qt.Key.Key_D)
    window, moment = desk.window, desk.session.playhead.moment
    assert window.difference.isVisible() and moment is not None and moment.reading is not None and moment.blind
    shows = {
        DreamMode.BELIEF: (moment.step.frame, moment.reading.belief),
        DreamMode.DREAM: (moment.step.frame, moment.blind.frame),
        DreamMode.FUTURE: (forked(key).fork.frames[0], future(key).dream.frames[0, 0]),
    }
    for mode, (truth, prediction) in shows.items():
        desk.session.dreaming.set_mode(mode)
        assert np.array_equal(window.difference.frame, difference_picture(truth, prediction)), mode
    press(qtbot, desk, Qt.Key.Key_D)
    assert not window.difference.isVisible()


def test_a_double_click_enlarges_a_pane_and_gives_it_back(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    window = desk.window
    before = window.dream.width()
    qtbot.mouseDClick(window.dream._picture, Qt.MouseButton.LeftButton)
    assert window.dream.width() > before and not window.reality.isVisible() and not window.timeline.isVisible()
    qtbot.mouseDClick(window.dream._picture, Qt.MouseButton.LeftButton)
    assert window.dream.width() == before and window.reality.isVisible() and window.timeline.isVisible()


# Timeline and events


def test_the_fan_opens_from_the_cursor(desk: Desk, qtbot: QtBot) -> None:
    desk.live(20)
    desk.session.playhead.seek(12)
    key = desk.player.asked("ask_fan")[-1][0]
    assert key.index == 12
    desk.player.tell(fan(key))
    desk.session.tick()
    steps, _ = desk.window.timeline._fan._median.getData()
    assert steps[0] == 12 and len(steps) == 16
    press(qtbot, desk, Qt.Key.Key_U)
    assert not desk.window.timeline._fan._between.isVisible()
    press(qtbot, desk, Qt.Key.Key_U)
    assert desk.window.timeline._fan._between.isVisible()
    desk.session.playhead.seek(3)
    assert not desk.window.timeline._fan._between.isVisible(), "another Moment, another fan"


def test_what_really_came_is_shown_once_the_episode_is_over(desk: Desk) -> None:
    desk.live(20)
    assert "really came" not in desk.window.timeline.title
    desk.live_to_the_end(20, number=1)
    assert "really came" in desk.window.timeline.title
    assert desk.window.timeline._realised.getData()[1][19] == pytest.approx(10.0)


def test_the_lane_stands_below_the_timeline_and_scrubs(desk: Desk, qtbot: QtBot) -> None:
    desk.live(60)
    lane = desk.window.lane
    assert lane.isVisible() and lane.width() == desk.window.timeline.width()
    place = QPoint(round(lane.place_of(21)), 14)
    qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.playhead.index == 21


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


def test_the_list_of_events_goes_where_a_click_says(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(20)
    press(qtbot, desk, Qt.Key.Key_E)
    window = desk.window
    assert window.events.isVisible() and not window.policy.isVisible()
    assert window.events.texts() == ["Step 20\nreward +10", "Step 20\nthe end: won"]
    desk.session.playhead.seek(4)
    press(qtbot, desk, Qt.Key.Key_B)
    assert window.events.texts()[0] == "Step 4\nbookmark" and window.events.current == 4
    window.events.chosen.emit(20)
    assert desk.session.playhead.index == 20
    press(qtbot, desk, Qt.Key.Key_T)
    assert window.training_panel.isVisible() and not window.events.isVisible()
    press(qtbot, desk, Qt.Key.Key_E)
    assert window.events.isVisible() and not window.training_panel.isVisible()
    press(qtbot, desk, Qt.Key.Key_E)
    assert window.policy.isVisible()


def test_another_episode_is_shown_whole(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(60)
    desk.live(3, number=1)
    desk.window.timeline._span.zoom_to(0, 20)
    press(qtbot, desk, Qt.Key.Key_Up)
    assert desk.window.timeline.span == (-0.5, 100.5)
    desk.window.timeline._span.zoom_to(0, 20)
    press(qtbot, desk, Qt.Key.Key_0)
    assert desk.window.timeline.span == (-0.5, 100.5)


def test_blue_and_orange_everywhere_and_remembered(shown: Show) -> None:
    desk = shown(Settings(colours="blue-orange"))
    try:
        desk.live(20)
        assert desk.window.settings_now().colours == "blue-orange"
        border = desk.window.reality.grab().toImage().pixelColor(1, 100)
        assert border.name() == PAIRS["blue-orange"]["dark"]["observed"]
    finally:
        desk.window.actions_by_id["blue_orange"].setChecked(False)
    assert desk.window.reality.grab().toImage().pixelColor(1, 100).name() == PAIRS["green-red"]["dark"]["observed"]


# Checkpoints


def test_a_damaged_checkpoint_leaves_the_present_one_playing_and_says_why(desk: Desk) -> None:
    desk.live(4)
    desk.window.files.open_path(Path("/somewhere/broken.safetensors"))
    assert desk.player.asked("open_checkpoint")[-1][0] == Path("/somewhere/broken.safetensors")
    desk.player.open_failed.emit("/somewhere/broken.safetensors", "/somewhere/broken.safetensors: is cut short.")
    assert "is cut short" in desk.window.notice.text and "coinrun-12m plays on" in desk.window.notice.text
    assert desk.window.notice.isVisible()
    desk.live(2, start=4)
    assert desk.session.playhead.index == 5


def dropped(desk: Desk, *urls: str) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(url) if url.startswith("/") else QUrl(url) for url in urls])
    where, copy = QPoint(200, 200), Qt.DropAction.CopyAction
    none = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entering = QDragEnterEvent(where, copy, data, *none)
    entering.ignore()
    desk.window.dragEnterEvent(entering)
    if entering.isAccepted():
        desk.window.dropEvent(QDropEvent(QPointF(where), copy, data, *none))
    return entering.isAccepted()


def test_a_checkpoint_can_be_dropped(desk: Desk) -> None:
    assert dropped(desk, "/runs/agent.safetensors")
    assert desk.player.asked("open_checkpoint")[-1][0] == Path("/runs/agent.safetensors")
    count = len(desk.player.asked("open_checkpoint"))
    assert not dropped(desk, "https://example.org/agent.safetensors")
    assert not dropped(desk, "/a", "/b")
    assert len(desk.player.asked("open_checkpoint")) == count


def test_the_dialog_opens_what_is_chosen(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.window.actions_by_id["open"].trigger()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "x.safetensors"))
    assert desk.player.asked("open_checkpoint")[-1][0] == tmp_path / "x.safetensors"
    dialog.close()


def test_levels_are_chosen_in_the_menu(desk: Desk) -> None:
    desk.live(4)
    assert desk.window.actions_by_id["unseen"].isChecked()
    desk.window.actions_by_id["train"].trigger()
    assert desk.player.asked("new_level")[-1] == (LevelChoice("train"),)
    desk.window.actions_by_id["same"].trigger()
    assert desk.player.asked("new_level")[-1] == (LevelChoice("unseen", 12345),)
    assert desk.window.actions_by_id["same"].isChecked()


# Training


def begin_training(desk: Desk) -> None:
    desk.window.actions_by_id["training"].setChecked(True)
    desk.window.training_panel._form.start.click()
    desk.trainer.happened.emit(Started("/runs/coinrun-1", 0, 0, 1_000_000, "cpu, bfloat16, 1 thread"))


def test_training_runs_pauses_and_stops(desk: Desk) -> None:
    desk.live(4)
    desk.window.training_panel._form._zero.click()
    begin_training(desk)
    request = desk.trainer.request
    assert isinstance(request, TrainingRequest) and request.source is None and request.config.game == "coinrun"
    panel = desk.window.training_panel
    panel._progress.pause.click()
    panel._progress.pause.click()
    panel._progress.stop.click()
    assert desk.trainer.calls == ["start", "pause", "resume", "stop"]
    desk.trainer.happened.emit(Finished("stopped", 5000, 312, "/runs/coinrun-1/checkpoints/step-000005000.safetensors"))
    desk.trainer.ended.emit()
    assert "stopped and saved" in desk.window.notice.text
    assert not panel._form.isVisible() and desk.window.training_curves.isVisible()
    panel._progress.stop.click()
    assert panel._form.isVisible() and not desk.window.training_curves.isVisible()


def test_training_goes_on_from_the_open_checkpoint(desk: Desk) -> None:
    desk.live(4)
    begin_training(desk)
    assert desk.trainer.request.source == desk.session.casting.agent.path
    assert desk.trainer.request.config.preset == "12m"


def test_training_goes_on_from_the_newest_file_of_the_agent_in_training(desk: Desk) -> None:
    desk.live(4)
    begin_training(desk)
    unsaved = dataclasses.replace(agent_info("coinrun-1", 2, training=True), path=None)
    desk.player.tell(Opened(unsaved))
    desk.session.tick()
    form = desk.window.training_panel._form
    assert not form._open.isEnabled()
    desk.trainer.happened.emit(Saved("/runs/coinrun-1/checkpoints/step-000005000.safetensors", 5000, 312, False))
    assert form._open.isEnabled()
    desk.trainer.ended.emit()
    begin_training(desk)
    assert desk.trainer.request.source == Path("/runs/coinrun-1/checkpoints/step-000005000.safetensors")


def test_progress_and_curves_are_live(desk: Desk) -> None:
    desk.live(4)
    begin_training(desk)
    desk.trainer.happened.emit(Metrics(1000, 60, {"loss/image": 321.0, "loss/dyn": 2.5, "updates_per_second": 0.4}))
    desk.trainer.happened.emit(Evaluated(1000, 60, {"train.mean_return": 6.0, "validation.mean_return": 5.5}))
    desk.trainer.progress.put(Progress(250_000, 4000, 1, 3600.0, 0.42, 430.0, 6.5, 7500.0))
    desk.session.tick()
    assert desk.window.training_curves.newest() == {
        "Return": "5.5",
        "Image loss": "321",
        "KL": "2.5",
        "Updates per second": "0.4",
    }
    texts = [label.text() for label in desk.window.training_panel.findChildren(QLabel)]
    assert "2 h 05 min left" in texts and "return 6.50" in texts and "430 frames/s" in texts
    bar = desk.window.training_panel._progress._bar
    assert bar.value() / bar.maximum() == 0.25


def test_weights_in_training_can_be_shown_again(desk: Desk) -> None:
    desk.live(4)
    begin_training(desk)
    action = desk.window.actions_by_id["show_training"]
    assert not action.isEnabled()
    desk.window.files.open_path(Path("/other.safetensors"))
    desk.player.tell(opened())
    desk.session.tick()
    assert action.isEnabled()
    action.trigger()
    assert desk.session.casting.follows_training


def test_a_run_to_continue_is_chosen_from_the_panel(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.window.actions_by_id["training"].setChecked(True)
    qtbot.mouseClick(desk.window.training_panel._form.go_on, Qt.MouseButton.LeftButton)
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path))
    assert desk.trainer.request.resume == tmp_path
    dialog.close()


def test_a_broken_off_run_is_offered(desk: Desk) -> None:
    desk.window.resuming.offer(Path("/runs/coinrun-7"))
    assert "coinrun-7 broke off" in desk.window.notice.text
    desk.window.notice._button.click()
    assert desk.trainer.request.resume == Path("/runs/coinrun-7")
    assert desk.window.training_panel.isVisible()
    assert desk.window.settings_now().dismissed == []


def test_a_dismissed_offer_is_remembered_until_the_run_goes_on(desk: Desk, qtbot: QtBot) -> None:
    desk.window.resuming.offer(Path("/runs/coinrun-7"))
    (close,) = desk.window.notice.findChildren(QToolButton)
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not desk.window.notice.isVisible() and desk.window.settings_now().dismissed == ["/runs/coinrun-7"]
    desk.window.complain("something else")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert desk.window.settings_now().dismissed == ["/runs/coinrun-7"]
    desk.window.resuming.go_on(Path("/runs/coinrun-7"))
    assert desk.window.settings_now().dismissed == []


# Failures


@pytest.mark.parametrize("who", ["player", "trainer"])
def test_a_worker_s_failure_shows_its_text_and_the_window_lives_on(desk: Desk, qtbot: QtBot, who: str) -> None:
    desk.live(4)
    if who == "trainer":
        begin_training(desk)
    failing = desk.player if who == "player" else desk.trainer
    failing.failed.emit("ValueError: odd", "Traceback…\nValueError: odd")
    failing.failed.emit("ValueError: odd", "Traceback…\nValueError: odd")
    (dialog,) = desk.window.findChildren(FailureDialog)
    assert dialog.isVisible() and not dialog.isModal()
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert "Traceback…\nValueError: odd" in QGuiApplication.clipboard().text()
    dialog.close()
    desk.session.playhead.follow()
    desk.live(2, start=4)
    assert desk.session.playhead.index == 5 and desk.window.isVisible()


# Layout


def geometries(desk: Desk) -> dict[str, tuple[int, ...]]:
    window = desk.window
    parts: dict[str, QWidget] = {
        "reality": window.reality,
        "dream": window.dream,
        "timeline": window.timeline,
        "transport": window.transport,
        "readouts": window.readouts,
        "picture": window.dream._picture,
    }
    return {name: part.geometry().getRect() for name, part in parts.items()}


def test_nothing_that_is_shown_moves_anything(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    before = geometries(desk)
    for mode in (*DreamMode, DreamMode.BELIEF):
        desk.session.dreaming.set_mode(mode)
        assert geometries(desk) == before
    desk.live_to_the_end(700, number=1)
    desk.window.complain("a long message " * 20)
    desk.session.playhead.seek(300)
    QApplication.processEvents()
    assert geometries(desk) == before


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [(1280, 800), (1024, 680)])
def test_no_text_is_cut(shown: Show, size: tuple[int, int], training: bool) -> None:
    desk = shown(Settings(training_panel=training, dream_mode="dream"), size)
    desk.live_to_the_end(130)
    if training:
        begin_training(desk)
        desk.trainer.progress.put(Progress(999_900, 62_400, 0, 3600.0, 0.42, 430.0, 6.5, 100_000.0))
        desk.session.tick()
    desk.session.playhead.seek(127)
    QApplication.processEvents()
    assert desk.window.size() == QSize(*size)
    for label in desk.window.findChildren(ElidedLabel):
        assert not label.isVisible() or label.text() == label.full, label.full
    for label in desk.window.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and not isinstance(label, ElidedLabel):
            assert label.width() >= label.sizeHint().width(), label.text()
    for button in desk.window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()


def test_another_agent_gets_another_scale(desk: Desk) -> None:
    desk.live(3)
    assert desk.window.timeline.scale_of_values.high == 5
    desk.player.tell(Opened(agent_info("other", 2)))
    desk.session.tick()
    assert desk.window.timeline.scale_of_values.high == 1


def test_training_from_start_to_end_fits_a_small_window(shown: Show) -> None:
    desk = shown(Settings(training_panel=True), (1024, 680))
    desk.live(3)
    for _ in range(2):
        begin_training(desk)
        QApplication.processEvents()
        desk.trainer.failed.emit("odd", "details")
        desk.trainer.ended.emit()
        QApplication.processEvents()
        desk.window.training_panel._progress.stop.click()
        QApplication.processEvents()
        assert desk.window.size() == QSize(1024, 680)


@pytest.mark.parametrize(
    ("size", "film", "side"),
    [((1280, 800), False, 512), ((1280, 800), True, 384), ((1024, 680), False, 384), ((1024, 680), True, 320)],
)
def test_pictures_take_the_room_there_is(shown: Show, size: tuple[int, int], film: bool, side: int) -> None:
    desk = shown(Settings(film_strip=film), size=size)
    picture = desk.window.dream._picture
    assert (picture.width() - 6, picture.height() - 6) == (side, side)


# What is remembered, and the end


def test_settings_come_back(shown: Show) -> None:
    first = shown(Settings(speed=4.0, loop=True, dream_mode="dream", ground_every=9, reality_view="agent"))
    assert first.session.playhead.playback.speed == 4.0 and first.session.playhead.playback.loop
    assert first.session.dreaming.mode is DreamMode.DREAM and first.session.dreaming.ground_every == 9
    assert first.player.asked("set_human_wanted")[-1] == (False,)
    first.window.training_panel._form._envs.setValue(8)
    kept = first.window.settings_now()
    second = shown(kept)
    assert second.window.settings_now().replace(geometry="") == kept.replace(geometry="")
    assert second.window.training_panel.form.num_envs == 8


def test_wild_settings_open_the_window_all_the_same(shown: Show, tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    wild = {"ground_every": 10**12, "dream_mode": "dream", "training": {"num_envs": 10**12, "total_steps": -(10**12)}}
    path.write_text(json.dumps(wild), encoding="utf-8")
    desk = shown(SettingsFile(path).load())
    assert desk.session.dreaming.ground_every == 15
    assert (desk.window.training_panel.form.num_envs, desk.window.training_panel.form.total_steps) == (16, 1_000_000)


def test_closing_tells_once(desk: Desk, qtbot: QtBot) -> None:
    told: list[None] = []
    desk.window.closing.connect(lambda: told.append(None))
    desk.window.close()
    desk.window.close()
    QApplication.sendEvent(desk.window, QCloseEvent())  # as Qt does at every close of a window never shown
    assert told == [None] and not desk.window.isVisible()


def test_without_an_agent_the_window_says_how_to_open_one(desk: Desk) -> None:
    assert "Ctrl+O" in desk.window.dream.message and "Ctrl+O" in desk.window.reality.message
    for name in ("play", "back", "forward", "first", "last", "episode_back", "follow", "again"):
        desk.window.actions_by_id[name].trigger()
    assert desk.session.playhead.reel is None and desk.session.playhead.index == 0
    assert not any(desk.player.asked(what) for what in ("step_once", "ask_future", "ask_reread", "ask_picture"))
    assert "Ctrl+O" in desk.window.dream.message and len(desk.window.timeline._course.values) == 0
