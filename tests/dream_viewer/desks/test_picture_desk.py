"""What panes and film strip show of the Moment under the cursor."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.playback import State
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.words import wording
from tests.dream_viewer.feed import arrival, end_moment, forked, future
from tests.dream_viewer.window import Desk, press, with_a_future


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


def test_the_end_is_shown_as_what_it_is(desk: Desk) -> None:
    desk.live_to_the_end(5)
    assert wording.END in desk.window.reality.message and wording.END in desk.window.dream.message
    assert desk.window.dream.origin is None


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
    press(qtbot, desk, Qt.Key.Key_1)
    assert window.reality.origin == window.dream.origin == "observed", "a belief stands beside what was seen"
    press(qtbot, desk, Qt.Key.Key_3)
    assert window.reality.origin == "forked" and window.dream.caption.startswith("+7 of 15")
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
