"""The session: what concerns all of its parts, failures and the end."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from dream_viewer.messages import (
    TrainingRequest,
)
from dream_viewer.playback import State
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


def test_the_end_tells_everybody_before_it_waits_for_anybody(stage: Stage) -> None:
    stage.session.start()
    stage.session.start_training(TrainingRequest(Config()))
    stage.session.request_stop()
    assert stage.training.calls == ["start", "stop"] and stage.player.asked("request_stop") == [()]
    assert stage.session.wait_stopped(3000)
    stage.player.stopped = False
    assert not stage.session.wait_stopped(3000)
