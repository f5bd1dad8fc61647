"""The training thread: driven by a stand-in to the letter, and by the real loop on a real game."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import safetensors.torch
import torch
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Weights
from dream_viewer.messages.orders import LevelChoice, TrainingRequest
from dream_viewer.workers import training_worker
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker, beside_a_window
from tests.player_support import SHORT_GAME, SHORT_LEVEL, small_agent, small_checkpoint
from trainer import loop as training_loop
from trainer.config_files import named_config
from trainer.errors import UserError
from trainer.events import Event, Finished, Progress, Saved, Started
from trainer.run import Run

CONFIG = named_config("debug").replace(
    game=SHORT_GAME, total_steps=112, evaluate_every_updates=0, evaluate_every=0.0, video_every=0.0
)


class ScriptedLoop:
    """Yields what a script says and notes what was asked of it; `at` holds it up before an event."""

    def __init__(self, folder: Path, script: list[Event | BaseException]) -> None:
        self.folder, self.config, self.script = SimpleNamespace(path=folder), CONFIG, script
        self.env_steps = 0
        self.reached = [threading.Event() for _ in script]
        self.go = [threading.Event() for _ in script]
        self.stopped = threading.Event()
        self.closed = False
        self.handed = 0

    def run(self) -> Generator[Event, None, None]:
        try:
            for index, event in enumerate(self.script):
                self.reached[index].set()
                self.go[index].wait(10)
                if isinstance(event, BaseException):
                    raise event
                yield event
        finally:
            self.closed = True

    def stop(self) -> None:
        self.stopped.set()

    def hand_over(self) -> training_loop.Weights:
        self.handed += 1
        return training_loop.Weights(self.handed, 5, {"x": torch.zeros(1)})

    def free(self) -> None:
        for event in self.go:
            event.set()


def progress(updates: int) -> Progress:
    return Progress(10 * updates, updates, 0, 1.0, 1.0, 1.0, None, None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Run.create(tmp_path / "run", CONFIG).path


class Driven:
    """A worker around a scripted loop, with what it emitted."""

    def __init__(self, folder: Path, script: list[Event | BaseException], seconds: float = 0.0) -> None:
        self.loop = ScriptedLoop(folder, [Started(str(folder), 0, 0, 100, "cpu"), *script])
        self.worker = TrainingWorker(TrainingRequest(CONFIG), lambda _: self.loop, hand_over_seconds=seconds)
        self.happened: list[Event] = []
        self.failures: list[tuple[str, str]] = []
        self.ends = 0
        self.worker.happened.connect(self.happened.append)
        self.worker.failed.connect(lambda line, details: self.failures.append((line, details)))
        self.worker.ended.connect(self._ended)

    def _ended(self) -> None:
        self.ends += 1

    def finish(self, qtbot: QtBot) -> None:
        self.loop.free()
        qtbot.waitUntil(lambda: self.ends == 1, timeout=10_000)
        assert self.worker.wait_stopped(10_000)


def test_rare_events_come_by_signal_and_progress_through_the_mailbox(qtbot: QtBot, folder: Path) -> None:
    saved = Saved(str(folder / "c.safetensors"), 20, 2, False)
    driven = Driven(folder, [progress(1), progress(2), saved, progress(3), Finished("complete", 30, 3, "c")])
    driven.worker.start()
    driven.finish(qtbot)
    assert [type(event) for event in driven.happened] == [Started, Saved, Finished]
    assert driven.worker.progress.take() == progress(3), "the latest wins"
    assert driven.failures == [] and driven.loop.closed


def test_weights_are_handed_over_between_events_as_they_change(qtbot: QtBot, folder: Path) -> None:
    script: list[Event | BaseException] = [progress(0), progress(1), progress(1), progress(2)]
    driven = Driven(folder, script)
    driven.worker.start()
    driven.finish(qtbot)
    weights = driven.worker.weights.take()
    assert driven.loop.handed == 3, "at the start and after each new update"
    assert isinstance(weights, Weights) and weights.env_steps == 20 and weights.name == "run"

    patient = Driven(folder, script, seconds=1e6)
    patient.worker.start()
    patient.finish(qtbot)
    assert patient.loop.handed == 1, "only what is due"


def test_the_newest_checkpoint_goes_with_the_weights(qtbot: QtBot, folder: Path) -> None:
    driven = Driven(folder, [Saved("/a/one.safetensors", 1, 1, False), progress(4)])
    driven.worker.start()
    driven.finish(qtbot)
    weights = driven.worker.weights.take()
    assert weights is not None and weights.path == Path("/a/one.safetensors")


@pytest.mark.parametrize("stopping", [False, True])
def test_the_last_weights_are_handed_over_with_their_checkpoint(qtbot: QtBot, folder: Path, stopping: bool) -> None:
    saved, finished = Saved("/a/nine.safetensors", 90, 9, False), Finished("stopped", 90, 9, "/a/nine.safetensors")
    driven = Driven(folder, [progress(9), saved, finished], seconds=1e6)
    driven.worker.start()
    driven.loop.go[0].set()
    assert driven.loop.reached[1].wait(10)
    if stopping:
        driven.worker.request_stop()
    driven.finish(qtbot)
    weights = driven.worker.weights.take()
    assert driven.loop.handed == 2, "at the start and at the end"
    assert weights is not None and (weights.env_steps, weights.path) == (90, Path("/a/nine.safetensors"))


def test_paused_it_takes_no_further_event(qtbot: QtBot, folder: Path) -> None:
    driven = Driven(folder, [progress(1), progress(2)])
    driven.worker.start()
    assert driven.loop.reached[0].wait(10)
    driven.worker.set_paused(True)
    driven.loop.free()
    qtbot.waitUntil(lambda: len(driven.happened) == 1, timeout=10_000)
    assert not driven.loop.reached[1].wait(0.1)
    driven.worker.set_paused(False)
    driven.finish(qtbot)
    assert driven.loop.reached[2].is_set()


def test_a_stop_wakes_a_paused_training_and_is_passed_on(qtbot: QtBot, folder: Path) -> None:
    driven = Driven(folder, [Finished("stopped", 0, 0, "c")])
    driven.worker.set_paused(True)
    driven.worker.start()
    driven.loop.free()
    qtbot.waitUntil(lambda: len(driven.happened) == 1, timeout=10_000)
    driven.worker.request_stop()
    driven.finish(qtbot)
    assert driven.loop.stopped.is_set() and isinstance(driven.happened[-1], Finished)


def test_a_stop_before_the_start_is_not_forgotten(qtbot: QtBot, folder: Path) -> None:
    driven = Driven(folder, [Finished("stopped", 0, 0, "c")])
    driven.worker.request_stop()
    driven.worker.start()
    driven.finish(qtbot)
    assert driven.loop.stopped.is_set()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (UserError("the disk is full; free some space."), "the disk is full; free some space."),
        (ValueError("no"), "ValueError: no"),
    ],
)
def test_an_error_ends_in_order_and_is_told(qtbot: QtBot, folder: Path, error: Exception, line: str) -> None:
    driven = Driven(folder, [progress(1), error])
    driven.worker.start()
    driven.finish(qtbot)
    ((told, details),) = driven.failures
    assert told == line and driven.loop.closed
    assert ("Traceback" in details) == isinstance(error, ValueError), "a traceback is for programmers"


def test_what_cannot_start_is_told(qtbot: QtBot, tmp_path: Path) -> None:
    worker = TrainingWorker(TrainingRequest(CONFIG, source=tmp_path / "missing.safetensors", run_dir=tmp_path / "run"))
    with qtbot.waitSignals([worker.failed, worker.ended], timeout=60_000) as signals:
        worker.start()
    assert "missing.safetensors" in signals.all_signals_and_args[0].args[0]
    assert worker.wait_stopped(10_000)
    assert not (tmp_path / "run").exists(), "nothing was written"


@pytest.mark.parametrize(
    ("cores", "wished", "processes", "threads"),
    [
        (1, {}, 1, 1),
        (2, {}, 2, 1),
        (2, {"num_envs": 5}, 1, 1),
        (2, {"threads": 2}, 1, 2),
        (2, {"processes": 4}, 4, 0),
        (8, {}, 1, 7),
    ],
)
def test_the_window_keeps_its_share_of_the_cores_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, cores: int, wished: dict[str, int], processes: int, threads: int
) -> None:
    monkeypatch.setattr(training_worker, "cores", lambda: cores)
    config = beside_a_window(CONFIG.replace(threads=0, device="cpu").replace(**wished))
    assert (config.processes, config.threads) == (processes, threads)


# With the real loop


def run_to_end(
    qtbot: QtBot, request: TrainingRequest, beside: Callable[[TrainingWorker], None] = lambda _: None
) -> Any:
    worker = TrainingWorker(request, hand_over_seconds=0.0)
    happened: list[Event] = []
    failures: list[str] = []
    worker.happened.connect(happened.append)
    worker.failed.connect(lambda line, details: failures.append(details))
    with qtbot.waitSignal(worker.ended, timeout=60_000):
        worker.start()
        beside(worker)
    assert worker.wait_stopped(10_000)
    assert failures == []
    return worker, happened


def test_training_gives_the_same_bits_with_and_without_a_player_beside_it(qtbot: QtBot, tmp_path: Path) -> None:
    _, alone = run_to_end(qtbot, TrainingRequest(CONFIG, run_dir=tmp_path / "alone"))

    player = PlayerWorker(device="cpu", dtype="float32")
    player.set_fps(60.0)
    player.open_checkpoint(small_checkpoint(tmp_path / "small.safetensors"), LevelChoice("unseen", SHORT_LEVEL))
    player.set_running(True)
    player.start()
    adopted: list[Weights] = []

    def watched(worker: TrainingWorker) -> None:
        def hand_over() -> bool:
            weights = worker.weights.take()
            if weights is not None:
                player.adopt(weights)
                adopted.append(weights)
            return len(adopted) >= 3

        qtbot.waitUntil(hand_over, timeout=60_000)

    _, beside = run_to_end(qtbot, TrainingRequest(CONFIG, run_dir=tmp_path / "beside"), watched)
    player.request_stop()
    assert player.wait_stopped(10_000)
    first, second = (safetensors.torch.load_file(events[-1].checkpoint) for events in (alone, beside))
    assert isinstance(alone[-1], Finished) and alone[-1].updates > 5 and alone[-1].reason == "complete"
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_real_training_is_recorded_and_stops_within_a_saved_state(qtbot: QtBot, tmp_path: Path) -> None:
    def stop_soon(worker: TrainingWorker) -> None:
        qtbot.waitUntil(lambda: (seen := worker.progress.take()) is not None and seen.updates >= 3, timeout=60_000)
        worker.request_stop()

    request = TrainingRequest(CONFIG.replace(total_steps=100_000), run_dir=tmp_path / "run")
    worker, happened = run_to_end(qtbot, request, stop_soon)
    finished = happened[-1]
    assert isinstance(finished, Finished) and finished.reason == "stopped" and finished.env_steps < 100_000
    assert Path(finished.checkpoint).exists()
    rows = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert all(row["env_steps"] <= finished.env_steps for row in rows)
    weights = worker.weights.take()
    assert weights is not None and weights.tensors.keys() == small_agent().state_tensors().keys()

    source = Path(finished.checkpoint)
    _, events = run_to_end(qtbot, TrainingRequest(CONFIG, source=source, run_dir=tmp_path / "new"))
    assert events[0].env_steps == 0 and events[-1].reason == "complete", "a new run from its weights"

    def stop_at_once(worker: TrainingWorker) -> None:
        worker.request_stop()

    _, events = run_to_end(qtbot, TrainingRequest(CONFIG, resume=tmp_path / "run"), stop_at_once)
    assert events == [], "it had not begun"

    def stop_when_it_runs(worker: TrainingWorker) -> None:
        worker.happened.connect(lambda event: worker.request_stop() if isinstance(event, Started) else None)

    _, events = run_to_end(qtbot, TrainingRequest(CONFIG, resume=tmp_path / "run"), stop_when_it_runs)
    assert events[0].env_steps == finished.env_steps and events[0].total_steps == 100_000, "the run's own settings"
