"""The session: what the cursor shows, what is asked of the workers, and what reaches whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtCore import QObject, pyqtSignal
from pytestqt.qtbot import QtBot

from dream_viewer.dreaming import LIVE_PERIOD, DreamMode
from dream_viewer.mailbox import Mailbox
from dream_viewer.messages import (
    Blinds,
    FutureKey,
    LevelChoice,
    Opened,
    Reread,
    TrainingRequest,
    Weights,
)
from dream_viewer.playback import BASE_FPS, State
from dream_viewer.session import Session
from dream_viewer.training import TrainingState
from tests.dream_viewer.feed import (
    FakePlayer,
    agent_info,
    arrival,
    fan,
    forked,
    frame,
    future,
    moment,
    opened,
    picture,
)
from trainer.config import Config
from trainer.episode import Blind, Moment, Step
from trainer.events import EpisodeEnded, Finished, Metrics, Progress, Saved, Started

FRAME = 1 / BASE_FPS


class Clock:
    """Seconds as a test wants them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class FakeTraining(QObject):
    """A training worker without a thread."""

    happened = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    ended = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.progress: Mailbox[Progress] = Mailbox()
        self.weights: Mailbox[Weights] = Mailbox()
        self.calls: list[Any] = []

    def start(self) -> None:
        self.calls.append("start")

    def set_paused(self, paused: bool) -> None:
        self.calls.append(("paused", paused))

    def request_stop(self) -> None:
        self.calls.append("stop")

    def wait_stopped(self, timeout_ms: int) -> bool:
        self.calls.append(("wait", timeout_ms))
        return True


class Stage:
    """A session with fakes around it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.player = FakePlayer()
        self.training = FakeTraining()
        self.session = Session(self.player, lambda request: self.training, clock=self.clock)

    def live(self, count: int, start: int = 0, number: int = 0, generation: int = 1) -> None:
        """Tell of so many Moments and tick."""
        moments = [moment(start + i, generation=generation) for i in range(count)]
        self.player.tell(arrival(moments, start, number))
        self.session.tick()

    def tell(self, *records: Any, **others: Any) -> None:
        self.player.tell(*records, **others)
        self.session.tick()

    def tick(self, seconds: float) -> None:
        self.clock.now += seconds
        self.session.tick()


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage()
    stage.tell(opened())
    return stage


def end() -> Moment:
    return Moment(Step(frame(9), 10.0, None, False, True, True, 12345), None, None)


# Cursor


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


# Dreams


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
    assert [(number, index, every) for number, index, every, _ in stage.player.asked("ask_blinds")] == [(0, 2, 15)]
    stage.tell(Blinds(0, 1, 15, 0, tuple(Blind(frame(i), i) for i in range(3))))
    seen = stage.session.playhead.moment
    assert seen is not None and seen.blind is not None and seen.blind.age == 1


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


# Pictures


def test_pictures_are_asked_only_when_seen_and_kept(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    assert stage.player.asked("ask_picture") == [] and stage.session.human_view.picture is None
    stage.session.human_view.set_visible(True)
    assert stage.player.asked("set_human_wanted")[-1] == (True,)
    assert [(number, index) for number, index, _ in stage.player.asked("ask_picture")] == [(0, 1)]
    with qtbot.waitSignal(stage.session.human_view.changed), qtbot.assertNotEmitted(stage.session.playhead.changed):
        stage.tell(picture(1))
    assert stage.session.human_view.picture is not None and stage.session.human_view.picture.shape == (512, 512, 3)
    stage.session.playhead.seek(0)
    stage.session.playhead.seek(1)
    assert [index for _, index, _ in stage.player.asked("ask_picture")] == [1, 0]


def test_while_following_a_picture_that_was_not_drawn_is_stood_in_for(stage: Stage) -> None:
    stage.session.human_view.set_visible(True)
    stage.tell(arrival([moment(0)]), picture(0))
    stage.live(1, start=1)
    assert stage.session.human_view.picture is not None
    assert stage.player.asked("ask_picture") == []
    stage.session.playhead.pause()
    assert stage.session.human_view.picture is None
    assert [index for _, index, _ in stage.player.asked("ask_picture")] == [1]


def test_an_end_step_shows_its_last_picture(stage: Stage) -> None:
    stage.session.human_view.set_visible(True)
    stage.tell(arrival([moment(0)]), picture(0))
    stage.tell(arrival([end()], 1, outcome="won"))
    stage.session.playhead.pause()
    assert stage.session.human_view.picture is not None and stage.player.asked("ask_picture") == []


# Agents and generations


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


def test_no_dream_is_asked_of_weights_that_did_not_read_the_moment(stage: Stage) -> None:
    stage.live(2)
    stage.session.playhead.pause()
    stage.tell(Opened(agent_info(generation=2, training=True)))
    stage.session.dreaming.set_mode(DreamMode.FUTURE)
    stage.session.dreaming.set_mode(DreamMode.DREAM)
    assert stage.player.asked("ask_future") == [] and stage.player.asked("ask_blinds") == []
    stage.tell(Reread(0, 2, tuple(moment(i, generation=2) for i in range(2))))
    assert len(stage.player.asked("ask_blinds")) == 1


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


def test_a_failure_pauses_and_is_passed_on(stage: Stage, qtbot: QtBot) -> None:
    stage.live(2)
    with qtbot.waitSignal(stage.session.failed) as failed:
        stage.player.failed.emit("RuntimeError: no", "Traceback")
    assert failed.args == ["RuntimeError: no", "Traceback"]
    assert stage.session.playhead.playback.state is State.PAUSED
    stage.session.playhead.follow()
    stage.live(1, start=2)
    assert stage.session.playhead.index == 2


def test_old_episodes_go_when_they_take_too_much(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.live(3)
    monkeypatch.setattr("dream_viewer.shelf.BUDGET_BYTES", stage.session.playhead.reels[0].nbytes * 3)
    stage.session.playhead.pause()
    for number in range(1, 6):
        stage.live(3, number=number)
    assert [reel.number for reel in stage.session.playhead.reels] == [0, 4, 5], "the one under the cursor stays"


# Training


def weights(updates: int) -> Weights:
    return Weights(Config(), {}, 100, updates, "run", None)


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
    assert stage.training.calls == ["start", ("paused", True), ("paused", False), "stop"]
    stage.training.happened.emit(Finished("stopped", 16, 2, "/runs/one/c.safetensors"))
    stage.training.ended.emit()
    assert training.state is TrainingState.IDLE and not training.busy
    assert training.outcome is not None and training.outcome.reason == "stopped"
    stage.session.start_training(request)
    assert training.metrics == [] and training.outcome is None, "curves begin anew"


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


def test_the_end_tells_everybody_before_it_waits_for_anybody(stage: Stage) -> None:
    stage.session.start()
    stage.session.start_training(TrainingRequest(Config()))
    stage.session.request_stop()
    assert stage.training.calls == ["start", "stop"] and stage.player.asked("request_stop") == [()]
    assert stage.session.wait_stopped(3000)
    stage.player.stopped = False
    assert not stage.session.wait_stopped(3000)
