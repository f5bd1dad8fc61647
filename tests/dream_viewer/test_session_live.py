"""Session, worker, agent and game together, through the mailbox and the timer that the window uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.orders import LevelChoice, TrainingRequest
from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.state.training import TrainingState
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from tests.player_support import SHORT_GAME, SHORT_LEVEL, small_checkpoint
from trainer.config_files import named_config
from trainer.run import Run

TRAINED = named_config("debug").replace(
    game=SHORT_GAME, total_steps=100_000, evaluate_every_updates=0, evaluate_every=0.0, video_every=0.0
)


@pytest.fixture
def failures() -> list[str]:
    return []


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path, failures: list[str]) -> Iterator[Session]:
    player = PlayerWorker(device="cpu", dtype="float32")
    session = Session(player, lambda request: TrainingWorker(request, hand_over_seconds=0.0))
    session.failed.connect(lambda line, details: failures.append(details))
    session.training.failed.connect(lambda line, details: failures.append(details))
    session.playhead.set_speed(8.0)
    session.casting.open_checkpoint(
        small_checkpoint(tmp_path / "small.safetensors"), LevelChoice("unseen", SHORT_LEVEL)
    )
    player.start()
    session.start()
    yield session
    session.request_stop()
    assert session.wait_stopped(10_000)
    assert failures == []


def until(qtbot: QtBot, condition: Callable[[], Any]) -> None:
    qtbot.waitUntil(lambda: bool(condition()), timeout=60_000)


def at(session: Session, index: int) -> bool:
    return session.playhead.reel is not None and session.playhead.index >= index


def test_it_plays_pauses_steps_and_goes_on(session: Session, qtbot: QtBot) -> None:
    session.playhead.set_speed(1.0)  # the level must not be over before it is paused, however long that takes
    until(qtbot, lambda: at(session, 10))
    session.playhead.pause()
    paused = session.playhead.index
    session.playhead.step_by(-1)
    assert session.playhead.index == paused - 1 and session.playhead.reel is not None
    session.playhead.go_first()
    session.playhead.seek(session.playhead.reel.last)
    newest = session.playhead.index
    session.playhead.step_by(1)
    until(qtbot, lambda: session.playhead.index == newest + 1)
    assert session.playhead.moment is not None and session.playhead.moment.step.action is not None
    session.playhead.seek(
        session.playhead.reel.last
    )  # a moment that was on its way when the game came to rest may lie ahead
    session.playhead.set_speed(8.0)
    session.playhead.toggle_play()
    assert session.playhead.playback.state is State.FOLLOWING
    until(qtbot, lambda: len(session.playhead.reels) >= 2)
    ended = session.playhead.reels[0]
    assert ended.outcome == "lost" and np.isnan(ended.values[-1])
    assert [moment.step for moment in ended.moments] == ended.episode.steps


def test_every_mode_finds_its_picture(session: Session, qtbot: QtBot) -> None:
    until(qtbot, lambda: at(session, 12))
    session.playhead.pause()
    session.human_view.set_visible(True)
    until(qtbot, lambda: session.human_view.picture is not None)
    session.playhead.seek(5)
    until(qtbot, lambda: session.human_view.picture is not None)
    session.dreaming.set_mode(DreamMode.DREAM)
    until(qtbot, lambda: session.playhead.moment is not None and session.playhead.moment.blind is not None)
    assert (
        session.playhead.moment is not None
        and session.playhead.moment.blind is not None
        and session.playhead.moment.blind.age == 5
    )
    session.dreaming.set_ground_every(3)
    until(
        qtbot,
        lambda: (
            session.playhead.reel is not None and all(m.blind or not m.reading for m in session.playhead.reel.moments)
        ),
    )
    assert session.playhead.moment.blind is not None and session.playhead.moment.blind.age == 2
    session.dreaming.set_mode(DreamMode.FUTURE)
    until(qtbot, lambda: session.dreaming.future is not None)
    first = session.dreaming.future
    assert first is not None and first.key.index == 5 and first.dream.frames.shape == (1, 15, 64, 64, 3)
    session.dreaming.another_future()
    until(qtbot, lambda: session.dreaming.future is not None)
    assert session.dreaming.future is not None and not np.array_equal(
        session.dreaming.future.dream.actions, first.dream.actions
    )
    session.playhead.follow()
    until(qtbot, lambda: session.dreaming.future is not None and session.dreaming.future.key.index > 12)


def test_training_shows_its_weights_as_new_generations(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    until(qtbot, lambda: len(session.playhead.reels) >= 2)
    session.playhead.episode_by(-1)
    past = session.playhead.reel
    assert past is not None and session.casting.agent is not None
    first = session.casting.agent.generation
    session.start_training(TrainingRequest(TRAINED, run_dir=tmp_path / "run"))
    until(
        qtbot,
        lambda: (
            session.casting.agent is not None and session.casting.agent.training and session.casting.agent.updates >= 2
        ),
    )
    until(qtbot, lambda: past.generation > first + 1)
    assert session.playhead.reel is past, "the cursor stays"
    read_by = {moment.reading.generation for moment in past.moments if moment.reading}
    assert read_by == {past.generation}, "past and present weights never mix"
    training = session.training
    until(qtbot, lambda: training.metrics)
    training.pause()
    assert training.state is TrainingState.PAUSED
    training.resume()
    training.stop()
    until(qtbot, lambda: training.state is TrainingState.IDLE)
    assert training.outcome is not None and training.outcome.reason == "stopped"
    assert Run.open(tmp_path / "run").latest_checkpoint() == Path(training.outcome.checkpoint)
    session.playhead.follow()
    index, reel = session.playhead.index, session.playhead.reel
    until(qtbot, lambda: (session.playhead.reel, session.playhead.index) != (reel, index))


def test_closing_in_the_middle_of_training_leaves_a_saved_run(session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    session.start_training(TrainingRequest(TRAINED, run_dir=tmp_path / "run"))
    until(qtbot, lambda: session.training.progress is not None and session.training.progress.updates >= 2)
    session.request_stop()
    assert session.wait_stopped(10_000)
    run = Run.open(tmp_path / "run")
    assert not run.broke_off() and run.latest_checkpoint().exists()


def test_a_second_agent_reads_along_and_dreams_beside_the_first(
    session: Session, qtbot: QtBot, tmp_path: Path, failures: list[str]
) -> None:
    comparison = session.comparison
    until(qtbot, lambda: at(session, 6))
    comparison.open(small_checkpoint(tmp_path / "other.safetensors", seed=1))
    until(qtbot, lambda: comparison.agent is not None)
    session.playhead.pause()
    reel = session.playhead.reel
    assert reel is not None and comparison.agent is not None and session.casting.agent is not None
    comparison.want_read(reel, 3)
    until(qtbot, lambda: comparison.progress(reel.number) == len(reel))
    mine, other = reel.values[:6], comparison.values(reel.number, 6)
    assert np.isfinite(other).all() and not np.allclose(mine, other), "other weights have other values"
    seen = comparison.moment(reel.number, 4)
    assert seen is not None and seen.step is reel.moments[4].step and seen.blind is not None and seen.blind.age == 1
    assert seen.reading is not None and seen.reading.generation == comparison.agent.generation
    session.dreaming.set_mode(DreamMode.FUTURE)
    session.playhead.seek(4)
    until(qtbot, lambda: session.dreaming.future is not None)
    assert session.dreaming.future is not None
    comparison.want_future(session.dreaming.future)
    until(qtbot, lambda: comparison.future(session.dreaming.future.key))
    own = comparison.future(session.dreaming.future.key)
    assert (
        own is not None
        and own.dream.generation == comparison.agent.generation != session.dreaming.future.dream.generation
    )

    refusals: list[str] = []
    comparison.refused.connect(refusals.append)
    comparison.open(tmp_path)
    until(qtbot, lambda: refusals)
    comparison.close()
    comparison.open(small_checkpoint(tmp_path / "foreign.safetensors", config=TRAINED.replace(game="coinrun")))
    until(qtbot, lambda: len(refusals) == 2)
    assert "was trained on coinrun" in refusals[1] and comparison.agent is None
