"""Training from the panel: started, paused, gone on with, and seen."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from PyQt6.QtWidgets import QLabel

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.orders import TrainingRequest
from tests.dream_viewer.feed import agent_info, opened
from tests.dream_viewer.window import Desk, begin_training
from trainer.events import Evaluated, Finished, Metrics, Progress, Saved


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
    bar = desk.window.training_panel._progress._bar
    texts = [label.text() for label in desk.window.training_panel.findChildren(QLabel)]
    assert "playing the first steps…" in texts and bar.maximum() == 0, "how far it is cannot be told yet"
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
