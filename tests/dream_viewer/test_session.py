"""The session: what concerns all of its parts, failures and the end."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.playback import State
from dream_viewer.session import SOONEST_MS
from tests.dream_viewer.feed import arrival, moment
from tests.dream_viewer.stage import Stage
from trainer.config import Config


def test_a_failure_pauses_and_is_passed_on(stage: Stage, qtbot: QtBot) -> None:
    stage.live(2)
    with qtbot.waitSignal(stage.session.failed) as failed:
        stage.player.failed.emit("RuntimeError: no", "Traceback")
    assert failed.args == ["RuntimeError: no", "Traceback"]
    assert stage.session.playhead.playback.state is State.PAUSED
    stage.session.playhead.follow()
    stage.live(1, start=2)
    assert stage.session.playhead.index == 2


def test_news_are_heard_as_they_arrive_but_not_one_by_one(stage: Stage) -> None:
    session, player = stage.session, stage.player
    stage.live(1)
    player.tell(arrival([moment(1)], 1))
    player.arrived.emit()
    assert session.playhead.index == 0, "not before it begins"
    session.start()
    player.arrived.emit()
    assert session.playhead.index == 1
    player.tell(arrival([moment(2)], 2))
    stage.clock.now += 0.001
    player.arrived.emit()
    assert session.playhead.index == 1, "the timer takes it, or the next of them"
    stage.clock.now += SOONEST_MS / 1000
    player.arrived.emit()
    assert session.playhead.index == 2
    session.request_stop()


def test_the_end_tells_everybody_before_it_waits_for_anybody(stage: Stage) -> None:
    stage.session.start()
    stage.session.start_training(TrainingRequest(Config()))
    stage.session.request_stop()
    assert stage.training.calls == ["start", "stop"] and stage.player.asked("request_stop") == [()]
    assert stage.session.wait_stopped(3000)
    stage.player.stopped = False
    assert not stage.session.wait_stopped(3000)
