"""The training in the window: its state, its progress, its curves."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.state.training import TrainingState
from tests.dream_viewer.stage import Stage, weights
from trainer.config import Config
from trainer.events import EpisodeEnded, Finished, Metrics, Progress, Saved, Started


def test_training_from_start_to_end(stage: Stage, qtbot: QtBot) -> None:
    training = stage.session.training
    request = TrainingRequest(Config(preset="debug"))
    stage.session.start_training(request)
    assert stage.training.calls == ["start"] and training.state is TrainingState.STARTING and training.busy
    with pytest.raises(RuntimeError, match="already"):
        stage.session.start_training(request)
    stage.training.happened.emit(Started("/runs/one", 0, 0, 100, "cpu"))
    assert training.state is TrainingState.RUNNING and training.run_dir == Path("/runs/one")
    stage.training.happened.emit(Metrics(10, 1, {"loss/image": 3.0}))
    stage.training.happened.emit(EpisodeEnded(12, 5, 10.0, 50, "won"))
    with qtbot.waitSignals([training.progressed, training.curves_changed]):
        stage.training.progress.put(Progress(16, 2, 0, 1.0, 1.0, 2.0, None, None))
        stage.session.tick()
    assert training.progress is not None and training.progress.env_steps == 16
    assert training.metrics[0].values == {"loss/image": 3.0} and training.returns == [(12, 10.0)]
    training.pause()
    training.resume()
    assert training.state is TrainingState.RUNNING
    with qtbot.waitSignal(training.happened):
        stage.training.happened.emit(Saved("/runs/one/c.safetensors", 16, 2, False))
    training.stop()
    training.stop()
    assert training.state is TrainingState.STOPPING
    assert stage.training.calls == ["start", "pause", "resume", "stop"]
    stage.training.happened.emit(Finished("stopped", 16, 2, "/runs/one/c.safetensors"))
    stage.training.ended.emit()
    assert training.state is TrainingState.IDLE and not training.busy
    assert training.outcome is not None and training.outcome.reason == "stopped"
    stage.session.start_training(request)
    assert training.metrics == [] and training.outcome is None, "curves begin anew"


def test_the_last_weights_and_progress_are_shown_though_the_training_is_over(stage: Stage) -> None:
    stage.session.start_training(TrainingRequest(Config()))
    last = weights(9)
    stage.training.weights.put(last)
    stage.training.progress.put(Progress(144, 9, 0, 1.0, 1.0, 2.0, None, None))
    stage.training.ended.emit()
    stage.session.tick()
    stage.session.tick()
    assert stage.player.asked("adopt") == [(last,)]
    assert stage.session.training.progress is not None and stage.session.training.progress.updates == 9


def test_a_training_that_fails_says_so_and_another_can_start(stage: Stage, qtbot: QtBot) -> None:
    stage.session.start_training(TrainingRequest(Config()))
    with qtbot.waitSignal(stage.session.training.failed) as failed:
        stage.training.failed.emit("the disk is full", "details")
    stage.training.ended.emit()
    assert failed.args == ["the disk is full", "details"]
    assert stage.session.training.state is TrainingState.IDLE and stage.session.training.outcome is None
