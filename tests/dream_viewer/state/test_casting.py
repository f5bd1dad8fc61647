"""Who plays: checkpoints that are opened, and weights in training."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Reread
from dream_viewer.messages.orders import LevelChoice, TrainingRequest
from dream_viewer.playback import State
from tests.dream_viewer.feed import (
    agent_info,
    arrival,
    moment,
)
from tests.dream_viewer.stage import Stage, weights
from trainer.config import Config
from trainer.episode import Moment


def test_a_new_generation_rereads_the_past_episode_under_the_cursor(stage: Stage, qtbot: QtBot) -> None:
    stage.live(2)
    stage.live(1, number=1)
    stage.session.playhead.episode_by(-1)
    with qtbot.waitSignal(stage.session.casting.agent_changed):
        stage.tell(Opened(agent_info(generation=2, training=True)))
    assert [number for number, _ in stage.player.asked("ask_reread")] == [0]
    assert stage.session.playhead.playback.state is State.PAUSED
    reel = stage.session.playhead.reels[0]
    fresh = tuple(Moment(m.step, moment(i, value=9, generation=2).reading, None) for i, m in enumerate(reel.moments))
    with qtbot.waitSignals([stage.session.playhead.readings_changed, stage.session.playhead.changed]):
        stage.tell(Reread(0, 2, fresh))
    assert reel.generation == 2 and list(reel.values) == [9, 9]
    stage.session.playhead.step_by(1)
    assert len(stage.player.asked("ask_reread")) == 1


def test_the_episode_being_lived_is_reread_by_the_player_itself(stage: Stage) -> None:
    stage.live(2)
    stage.tell(Opened(agent_info(generation=2, training=True)))
    assert stage.player.asked("ask_reread") == []
    stage.session.playhead.pause()
    stage.live(1, number=1, generation=2)
    assert [number for number, _ in stage.player.asked("ask_reread")] == [0], "until another one begins behind it"


def test_opening_goes_with_the_new_agent_or_changes_nothing(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    stage.session.casting.open_checkpoint(Path("/x.safetensors"), LevelChoice("train", 3))
    assert stage.player.asked("open_checkpoint") == [(Path("/x.safetensors"), LevelChoice("train", 3), None, None)]
    with qtbot.waitSignal(stage.session.casting.open_failed) as failed:
        stage.player.open_failed.emit("/x.safetensors", "is damaged")
    assert failed.args == ["/x.safetensors", "is damaged"]
    assert stage.session.playhead.index == 1 and stage.session.casting.agent == agent_info()
    stage.tell(Opened(agent_info("other", generation=2)), arrival([moment(0, generation=2)], number=1))
    assert stage.session.casting.agent is not None and stage.session.casting.agent.name == "other"
    assert stage.session.playhead.is_live and stage.session.playhead.playback.state is State.FOLLOWING


def test_a_new_level_is_followed(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.pause()
    with qtbot.waitSignal(stage.session.casting.choice_changed):
        stage.session.casting.new_level("train", 17)
    assert stage.player.asked("new_level") == [(LevelChoice("train", 17),)]
    assert stage.session.playhead.playback.state is State.FOLLOWING


def test_weights_in_training_are_shown_until_another_checkpoint_is_opened(stage: Stage) -> None:
    stage.session.start_training(TrainingRequest(Config()))
    first, second = weights(1), weights(2)
    stage.training.weights.put(first)
    stage.session.tick()
    assert stage.player.asked("adopt") == [(first,)]
    stage.session.casting.open_checkpoint(Path("/x.safetensors"))
    stage.tell(Opened(agent_info("x", generation=2)))
    stage.training.weights.put(second)
    stage.session.tick()
    assert len(stage.player.asked("adopt")) == 1
    stage.session.casting.show_training()
    assert stage.player.asked("adopt")[-1] == (second,)


def test_after_a_bad_file_weights_in_training_are_shown_as_before(stage: Stage) -> None:
    stage.session.start_training(TrainingRequest(Config()))
    stage.session.casting.open_checkpoint(Path("/bad.safetensors"))
    first, second = weights(1), weights(2)
    stage.training.weights.put(first)
    stage.session.tick()
    assert stage.player.asked("adopt") == [], "the file that is being opened would be shown for a moment only"
    stage.player.open_failed.emit("/bad.safetensors", "is damaged")
    assert stage.player.asked("adopt") == [(first,)] and stage.session.casting.follows_training
    stage.training.weights.put(second)
    stage.session.tick()
    assert stage.player.asked("adopt")[-1] == (second,)
    stage.session.casting.open_checkpoint(Path("/bad.safetensors"))
    stage.player.open_failed.emit("/bad.safetensors", "is damaged")
    assert len(stage.player.asked("adopt")) == 2, "they play already"


def test_the_last_wish_holds_where_a_checkpoint_opens_late(stage: Stage) -> None:
    stage.session.casting.open_checkpoint(Path("/slow.safetensors"))
    stage.session.start_training(TrainingRequest(Config()))
    stage.tell(Opened(agent_info("slow", generation=2)))
    first = weights(1)
    stage.training.weights.put(first)
    stage.session.tick()
    assert stage.session.casting.follows_training and stage.player.asked("adopt") == [(first,)]


def test_a_failure_while_a_checkpoint_is_opened_does_not_hold_weights_back(stage: Stage) -> None:
    stage.session.start_training(TrainingRequest(Config()))
    stage.session.casting.open_checkpoint(Path("/odd.safetensors"))
    first = weights(1)
    stage.training.weights.put(first)
    stage.session.tick()
    stage.player.failed.emit("RuntimeError: odd", "Traceback")
    assert stage.player.asked("adopt") == [(first,)]
