"""What is dreamt, for whom, and how often."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.lived import Blinds, Reread
from dream_viewer.state.dreaming import LIVE_PERIOD, DreamMode
from dream_viewer.state.training import TrainingState
from tests.dream_viewer.feed import (
    agent_info,
    fan,
    forked,
    frame,
    future,
    moment,
)
from tests.dream_viewer.stage import Stage
from trainer.episode import Blind


def test_while_following_futures_are_asked_again_and_again_and_never_hurried(stage: Stage) -> None:
    stage.session.dreaming.set_mode(DreamMode.FUTURE)
    stage.live(1)
    stage.clock.now += LIVE_PERIOD
    stage.live(1, start=1)
    stage.live(1, start=2)
    asked = stage.player.asked("ask_future")
    assert [(key.index, hurried) for key, _, hurried in asked] == [(0, False), (1, False)], "so often and no more"
    assert stage.session.dreaming.future is None
    made = future(asked[0][0])
    stage.tell(future=made)
    assert stage.session.dreaming.future is made, "following, the newest dream there is"
    stage.session.playhead.pause()
    assert stage.session.dreaming.future is None, "paused, that of this Moment"
    assert stage.player.asked("ask_future")[-1][2] is True


def test_a_moment_seen_again_shows_its_dream_without_asking(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.dreaming.set_mode(DreamMode.FUTURE)
    stage.session.playhead.seek(1)
    key = stage.player.asked("ask_future")[-1][0]
    assert key == FutureKey(0, 1, 1, stage.session.dreaming.horizon, 0)
    made = future(key)
    with qtbot.waitSignal(stage.session.dreaming.future_changed):
        stage.tell(future=made)
    stage.session.playhead.seek(2)
    count = len(stage.player.asked("ask_future"))
    stage.session.playhead.seek(1)
    assert stage.session.dreaming.future is made and len(stage.player.asked("ask_future")) == count


def test_another_future_is_another_branch_until_the_cursor_moves(stage: Stage) -> None:
    stage.live(3)
    stage.session.dreaming.set_mode(DreamMode.FUTURE)
    stage.session.playhead.seek(1)
    stage.session.dreaming.another_future()
    stage.session.dreaming.another_future()
    assert stage.player.asked("ask_future")[-1][0].branch == 2
    stage.tell(Blinds(0, 1, 15, 1, (Blind(frame(1), 1),)))
    stage.session.dreaming.another_future()
    assert stage.player.asked("ask_future")[-1][0].branch == 3, "the same Moment still"
    stage.session.playhead.seek(2)
    assert stage.player.asked("ask_future")[-1][0].branch == 0


def test_nothing_is_dreamt_that_nobody_looks_at(stage: Stage) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    assert stage.player.asked("ask_future") == [] and stage.player.asked("ask_blinds") == []
    stage.session.dreaming.set_mode(DreamMode.DREAM)
    assert stage.player.asked("set_blind")[-1] == (15,)
    stage.session.dreaming.set_mode(DreamMode.BELIEF)
    assert stage.player.asked("set_blind")[-1] == (None,)


def test_the_dream_along_reality_is_made_once_for_an_episode(stage: Stage) -> None:
    stage.live(3)
    stage.session.dreaming.set_mode(DreamMode.DREAM)
    stage.session.playhead.seek(1)
    ((*asked, moments),) = stage.player.asked("ask_blinds")
    assert asked == [0, 2, 15]
    assert list(moments) == stage.session.playhead.reel.moments, "by now the player may be in the next episode"
    stage.tell(Blinds(0, 1, 15, 0, tuple(Blind(frame(i), i) for i in range(3))))
    seen = stage.session.playhead.moment
    assert seen is not None and seen.blind is not None and seen.blind.age == 1
    stage.live(1, start=3)
    stage.live(1, number=1)
    asked = len(stage.player.asked("ask_blinds"))
    stage.session.playhead.seek(3)
    assert len(stage.player.asked("ask_blinds")) == asked + 1, "the first ask may have come when it was over"
    assert len(stage.player.asked("ask_blinds")[-1][3]) == 4


def test_another_grounding_makes_the_episode_anew_and_ignores_what_is_late(stage: Stage) -> None:
    stage.live(3)
    stage.session.dreaming.set_mode(DreamMode.DREAM)
    stage.tell(Blinds(0, 1, 15, 0, tuple(Blind(frame(i), i) for i in range(3))))
    stage.session.dreaming.set_ground_every(2)
    assert stage.player.asked("set_blind")[-1] == (2,)
    assert stage.player.asked("ask_blinds")[-1][2] == 2
    assert stage.session.playhead.moment is not None and stage.session.playhead.moment.blind is None
    stage.tell(Blinds(0, 1, 15, 0, tuple(Blind(frame(i), i) for i in range(3))))
    assert stage.session.playhead.moment.blind is None
    stage.tell(Blinds(0, 1, 2, 0, tuple(Blind(frame(i), i % 2) for i in range(3))))
    assert stage.session.playhead.moment.blind is not None and stage.session.playhead.moment.blind.age == 0


def test_with_the_film_strip_every_moment_has_a_future_and_its_truth(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    assert stage.player.asked("ask_future") == []
    stage.session.dreaming.set_film_visible(True)
    key = stage.player.asked("ask_future")[-1][0]
    made = future(key)
    stage.tell(future=made)
    asked, episode, actions = stage.player.asked("ask_fork")[-1]
    assert asked == key and episode is stage.session.playhead.reels[0].episode and actions == (8,) * 15
    assert stage.session.dreaming.fork(key) is None
    truth = forked(key)
    with qtbot.waitSignal(stage.session.dreaming.future_changed):
        stage.tell(truth)
    assert stage.session.dreaming.fork(key) is truth
    stage.session.playhead.seek(2)
    stage.session.playhead.seek(1)
    assert len(stage.player.asked("ask_fork")) == 1, "it is known"


def test_a_truth_that_was_given_up_is_asked_for_again(stage: Stage) -> None:
    stage.live(3)
    stage.session.dreaming.set_film_visible(True)
    for index in (0, 1, 0):
        stage.session.playhead.seek(index)
        stage.tell(future=future(stage.player.asked("ask_future")[-1][0]))
    stage.session.playhead.seek(1)
    assert [key.index for key, _, _ in stage.player.asked("ask_fork")][-2:] == [0, 1]


def test_the_fan_is_dreamt_for_whoever_looks(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    stage.session.dreaming.set_fan_visible(True)
    key, _, hurried = stage.player.asked("ask_fan")[-1]
    assert key == FutureKey(0, 1, 1, 15, 0) and hurried and stage.session.dreaming.fan is None
    made = fan(key)
    with qtbot.waitSignal(stage.session.dreaming.fan_changed):
        stage.tell(made)
    assert stage.session.dreaming.fan is made
    stage.session.dreaming.another_future()
    assert stage.session.dreaming.fan is made and len(stage.player.asked("ask_fan")) == 1, "luck has no part in it"
    stage.session.playhead.seek(2)
    assert stage.session.dreaming.fan is None


def test_while_following_a_fan_is_asked_for_less_often_than_a_future(stage: Stage) -> None:
    stage.session.dreaming.set_film_visible(True)
    stage.session.dreaming.set_fan_visible(True)
    for index in range(12):
        stage.live(1, start=index)
        stage.clock.now += LIVE_PERIOD
    assert len(stage.player.asked("ask_future")) == 12
    assert [key.index for key, _, _ in stage.player.asked("ask_fan")] == [0, 4, 8]
    stage.session.playhead.pause()
    assert stage.player.asked("ask_fan")[-1][0].index == 11, "at rest at once"


def test_while_a_training_runs_futures_are_asked_for_less_often(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.session.dreaming.set_film_visible(True)
    monkeypatch.setattr(stage.session.training, "state", TrainingState.RUNNING)
    for index in range(12):
        stage.live(1, start=index)
        stage.clock.now += LIVE_PERIOD
    assert [key.index for key, _, _ in stage.player.asked("ask_future")] == [0, 8]
    stage.session.playhead.pause()
    assert stage.player.asked("ask_future")[-1][0].index == 11, "at rest at once"


def test_no_dream_is_asked_of_weights_that_did_not_read_the_moment(stage: Stage) -> None:
    stage.live(2)
    stage.session.playhead.pause()
    stage.tell(Opened(agent_info(generation=2, training=True)))
    stage.session.dreaming.set_mode(DreamMode.FUTURE)
    stage.session.dreaming.set_mode(DreamMode.DREAM)
    assert stage.player.asked("ask_future") == [] and stage.player.asked("ask_blinds") == []
    stage.tell(Reread(0, 2, tuple(moment(i, generation=2) for i in range(2))))
    assert len(stage.player.asked("ask_blinds")) == 1
