"""Which panes there are, and one of them enlarged."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.pictures.difference import difference_picture
from dream_viewer.state.dreaming import DreamMode
from tests.dream_viewer.feed import forked, future, picture
from tests.dream_viewer.window import Desk, press, with_a_future


def test_the_human_view_is_asked_for_only_when_seen(desk: Desk) -> None:
    desk.live(3)
    assert desk.player.asked("set_human_wanted")[-1] == (True,)
    desk.player.tell(picture(2))
    desk.session.tick()
    assert desk.window.reality.frame.shape == (512, 512, 3)
    desk.window.actions_by_id["agent"].trigger()
    assert desk.player.asked("set_human_wanted")[-1] == (False,)
    assert desk.window.reality.frame.shape == (64, 64, 3)


def test_z_enlarges_the_dream_and_gives_it_back(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    press(qtbot, desk, Qt.Key.Key_Z)
    assert not desk.window.reality.isVisible() and desk.window.dream.isVisible()
    press(qtbot, desk, Qt.Key.Key_Z)
    assert desk.window.reality.isVisible()


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


def test_without_the_strip_nothing_is_dreamt_for_it(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_I)
    assert not desk.window.film.isVisible()
    count = len(desk.player.asked("ask_future"))
    desk.live(5)
    desk.session.playhead.seek(2)
    assert len(desk.player.asked("ask_future")) == count
    press(qtbot, desk, Qt.Key.Key_I)
    assert desk.window.film.isVisible() and len(desk.player.asked("ask_future")) == count + 1
