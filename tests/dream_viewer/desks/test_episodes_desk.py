"""The list of episodes follows the session while it is looked at, and leads to what it lists."""

from __future__ import annotations

from pathlib import Path

import pytest

from dream_viewer.messages.lived import Recalled
from dream_viewer.playback import State
from tests.dream_viewer.feed import arrival, end_moment, moment
from tests.dream_viewer.window import Desk, Make


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.window.show()
    return desk


def seeds(desk: Desk) -> list[str]:
    return [words[0] for words in desk.window.episodes.shown()]


def test_it_lists_what_is_kept_and_how_it_ended(desk: Desk) -> None:
    desk.live_to_the_end(6)
    desk.live(3, number=1)
    assert desk.window.episodes.shown() == [], "nobody looks"
    desk.window.actions_by_id["episodes"].trigger()
    assert desk.window.episodes.isVisible()
    assert [words[2:5] for words in desk.window.episodes.shown()] == [["0", "2", "goes on"], ["+10", "6", "won"]]
    assert "2 episodes" in desk.window.episodes.memory and "of 1024 MiB" in desk.window.episodes.memory


def test_what_comes_behind_a_paused_cursor_is_listed_too(desk: Desk) -> None:
    desk.live(3)
    desk.window.actions_by_id["episodes"].trigger()
    desk.session.playhead.pause()
    desk.player.tell(arrival([end_moment()], 3, 0, "won"))
    desk.session.tick()
    assert desk.window.episodes.shown()[0][4] == "won"
    desk.live(2, number=1)
    recorded = arrival([moment(i, level_seed=77) for i in range(4)], 0, -2)
    desk.player.tell(Recalled(Path("/a.episode"), recorded, ""))
    desk.session.tick()
    assert sorted(seeds(desk)) == ["12\u2009345", "12\u2009345", "77"]


def test_a_click_goes_to_the_episode_and_pauses(desk: Desk) -> None:
    desk.live_to_the_end(6)
    desk.live(3, number=1)
    desk.window.actions_by_id["episodes"].trigger()
    desk.window.episodes.chosen.emit(0)
    session = desk.session
    assert session.playhead.reel is not None and (session.playhead.reel.number, session.playhead.index) == (0, 0)
    assert session.playhead.playback.state is State.PAUSED
    desk.window.episodes.chosen.emit(99)
    assert session.playhead.reel.number == 0, "it was forgotten meanwhile"


def test_it_is_closed_by_its_key_and_by_its_own_button(desk: Desk) -> None:
    action = desk.window.actions_by_id["episodes"]
    action.trigger()
    dock = desk.window.docks.by_id["episodes"]
    assert dock.isVisible() and action.isChecked()
    dock.close()
    assert not action.isChecked()
    action.trigger()
    assert desk.window.episodes.isVisible()
    action.trigger()
    assert not dock.isVisible()
