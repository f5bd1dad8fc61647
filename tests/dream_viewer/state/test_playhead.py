"""What is under the cursor, and what moves it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.playback import BASE_FPS, State
from tests.dream_viewer.feed import (
    arrival,
)
from tests.dream_viewer.stage import FRAME, Stage, end


def test_following_goes_with_every_moment(stage: Stage, qtbot: QtBot) -> None:
    with qtbot.waitSignals([stage.session.playhead.changed, stage.session.playhead.episode_changed]):
        stage.live(1)
    with (
        qtbot.waitSignal(stage.session.playhead.episode_grew),
        qtbot.assertNotEmitted(stage.session.playhead.episode_changed),
    ):
        stage.live(3, start=1)
    assert stage.session.playhead.index == 3 and stage.session.playhead.at_live_edge
    assert stage.session.playhead.moment is not None and stage.session.playhead.moment.step.action == 7


def test_pause_freezes_the_cursor_whatever_arrives(stage: Stage, qtbot: QtBot) -> None:
    stage.live(4)
    stage.session.playhead.pause()
    assert stage.player.asked("set_running")[-1] == (False,)
    with qtbot.assertNotEmitted(stage.session.playhead.changed):
        stage.live(2, start=4)
        stage.live(1, number=1)
    assert stage.session.playhead.index == 3 and stage.session.playhead.reel is stage.session.playhead.reels[0]
    assert not stage.session.playhead.is_live


@pytest.mark.parametrize("back", ["follow", "go_last"])
def test_only_follow_and_end_go_back_to_live(stage: Stage, back: str) -> None:
    stage.live(4)
    stage.session.playhead.pause()
    stage.live(2, start=4)
    getattr(stage.session.playhead, back)()
    assert stage.session.playhead.index == 5 and stage.session.playhead.playback.state is State.FOLLOWING
    assert stage.player.asked("set_running")[-1] == (True,)


def test_one_frame_back_and_forward_come_from_the_episode(stage: Stage) -> None:
    stage.live(4)
    stage.session.playhead.step_by(-1)
    assert (stage.session.playhead.index, stage.session.playhead.playback.state) == (2, State.PAUSED)
    stage.session.playhead.step_by(1)
    assert stage.session.playhead.index == 3
    assert stage.player.asked("step_once") == []
    stage.session.playhead.step_by(-10)
    assert stage.session.playhead.index == 0
    stage.session.playhead.step_by(10)
    assert stage.session.playhead.index == 3


def test_one_frame_forward_at_the_newest_moment_lives_one_more(stage: Stage) -> None:
    stage.live(4)
    stage.session.playhead.pause()
    stage.session.playhead.step_by(1)
    stage.session.playhead.step_by(1)
    assert len(stage.player.asked("step_once")) == 2 and stage.session.playhead.index == 3
    stage.live(1, start=4)
    assert stage.session.playhead.index == 4
    stage.live(1, start=5)
    assert stage.session.playhead.index == 5 and stage.session.playhead.playback.state is State.PAUSED
    stage.live(1, start=6)
    assert stage.session.playhead.index == 5, "nobody asked for this one"
    stage.session.playhead.step_by(1)
    assert stage.session.playhead.index == 6 and len(stage.player.asked("step_once")) == 2
    stage.session.playhead.step_by(1)
    stage.live(2, start=7)
    assert stage.session.playhead.index == 7, "one step, even where another was under way"


def test_a_frame_forward_after_the_end_opens_the_next_episode(stage: Stage, qtbot: QtBot) -> None:
    stage.live(2)
    stage.tell(arrival([end()], 2, outcome="won"))
    stage.session.playhead.pause()
    stage.session.playhead.step_by(1)
    with qtbot.waitSignal(stage.session.playhead.episode_changed):
        stage.live(1, number=1)
    assert stage.session.playhead.reel is stage.session.playhead.reels[1] and stage.session.playhead.index == 0


def test_scrubbing_pauses_and_is_clamped(stage: Stage) -> None:
    stage.live(4)
    stage.session.playhead.seek(2)
    assert (stage.session.playhead.index, stage.session.playhead.playback.state) == (2, State.PAUSED)
    stage.session.playhead.seek(99)
    assert stage.session.playhead.index == 3
    stage.session.playhead.go_first()
    assert stage.session.playhead.index == 0


def test_playing_goes_through_what_is_recorded_and_on_with_what_is_live(stage: Stage, qtbot: QtBot) -> None:
    stage.live(8)
    stage.session.playhead.go_first()
    stage.session.playhead.toggle_play()
    assert stage.session.playhead.playback.state is State.PLAYING
    assert stage.player.asked("set_running")[-1] == (False,), "the agent rests meanwhile"
    stage.tick(FRAME * 3.01)
    assert stage.session.playhead.index == 3
    with qtbot.waitSignal(stage.session.playhead.playback_changed):
        stage.tick(FRAME * 10)
    assert stage.session.playhead.index == 7 and stage.session.playhead.playback.state is State.FOLLOWING
    assert stage.player.asked("set_running")[-1] == (True,)


def test_a_past_episode_stops_at_its_end_and_loops_if_told(stage: Stage) -> None:
    stage.live(4)
    stage.live(1, number=1)
    stage.session.playhead.episode_by(-1)
    assert stage.session.playhead.reel is stage.session.playhead.reels[0] and stage.session.playhead.index == 0
    stage.session.playhead.toggle_play()
    stage.tick(FRAME * 9)
    assert (stage.session.playhead.index, stage.session.playhead.playback.state) == (3, State.PAUSED)
    stage.session.playhead.set_loop(True)
    stage.session.playhead.toggle_play()
    stage.tick(FRAME * 5.01)
    assert (stage.session.playhead.index, stage.session.playhead.playback.state) == (1, State.PLAYING)
    stage.session.playhead.go_last()
    assert (stage.session.playhead.index, stage.session.playhead.playback.state) == (3, State.PAUSED)
    stage.session.playhead.episode_by(1)
    assert stage.session.playhead.is_live


def test_speed_reaches_the_live_lane(stage: Stage, qtbot: QtBot) -> None:
    with qtbot.waitSignal(stage.session.playhead.playback_changed):
        stage.session.playhead.faster()
    assert stage.player.asked("set_fps")[-1] == (BASE_FPS * 2,)
    stage.session.playhead.set_speed(0.5)
    assert stage.player.asked("set_fps")[-1] == (BASE_FPS * 0.5,)
    stage.session.playhead.slower()
    assert stage.session.playhead.playback.speed == 0.25


def test_old_episodes_go_when_they_take_too_much(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.live(3)
    monkeypatch.setattr("dream_viewer.episodes.shelf.BUDGET_BYTES", stage.session.playhead.reels[0].nbytes * 3)
    stage.session.playhead.pause()
    for number in range(1, 6):
        stage.live(3, number=number)
    assert [reel.number for reel in stage.session.playhead.reels] == [0, 4, 5], "the one under the cursor stays"
