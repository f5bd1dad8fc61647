"""How fast the window is, and what training and window cost each other: `main.py benchmark --ui`.

A training without a window is timed first and last, with the threads that `train` would take. Between them the real
window plays an agent of that preset, at first alone, then while the same training runs in its background, at one speed
after another.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QEventLoop, QObject, QTimer, qInstallMessageHandler
from PyQt6.QtWidgets import QApplication

from dream_viewer.app import on_qt_message
from dream_viewer.benchmark.latency import BRANCHES, HORIZON, PLAYING_SPEED, SECONDS, SEEN, measure, share, wait_for
from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.agents import Weights
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.playback import BASE_FPS
from dream_viewer.session import Session
from dream_viewer.settings import Settings
from dream_viewer.state.training import TrainingState
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from trainer.config import MOST_STEPS, Config
from trainer.errors import UserError
from trainer.events import Event
from trainer.jsonfile import check_target, write_json
from trainer.loop import TrainingLoop
from trainer.machine import LoadMeter
from trainer.settle import settle

SPEEDS = (1.0, 2.0)
"""Multiples of BASE_FPS at which the window plays: 15 and 30 frames a second."""
WARM_UP = 3
"""Updates at the start of a training that are not counted."""
_WAKE_MS = 5


def run_window_benchmark(
    config: Config,
    updates: int,
    json_file: Path | None,
    say: Callable[[str], None],
    seen: int = SEEN,
    seconds: float = SECONDS,
) -> dict[str, Any]:
    """Play in the window, train with and without it.

    Args:
        config: of the training; preset, batch, game, device, dtype and threads matter. Without a number of threads
            each of the two trainings takes its own default.
        updates: to time at each speed, and as many without a window. json_file: written if given. say: takes lines.
        seen, seconds: as of :func:`dream_viewer.benchmark.latency.measure`.

    Returns:
        `ui` as of :func:`dream_viewer.benchmark.latency.measure`, with `gap_ms_p99_training`, the gaps at the slowest
        of the speeds while a training runs; `headless.updates_per_second`; `window`, a list of `asked_fps`, `fps`,
        `updates_per_second`, `share` (of the headless rate) and `gui_gap_ms`, the milliseconds between two turns of the
        window's thread that asks for one every 5 ms (p50, p99, max); `foreign_cores`, None where the system does not
        tell.

    Raises:
        UserError: settings that cannot be used, or a training that failed.
    """
    if updates < 2:
        raise UserError(f"updates is {updates}, give a whole number of at least 2.")
    if json_file is not None:
        check_target(json_file)
    config = config.replace(total_steps=MOST_STEPS, save_every=0.0, evaluate_every=0.0, video_every=0.0).replace(
        save_every_updates=0, evaluate_every_updates=0
    )
    meter, before = LoadMeter(), _children_seconds()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        loop = TrainingLoop(settle(config), Path(folder) / "headless")
        with contextlib.closing(loop.run()) as events:
            next(events)
            _advance(loop, events, WARM_UP)
            took = _advance(loop, events, (updates + 1) // 2)
            now = loop.hand_over()
            weights = Weights(loop.config, now.tensors, loop.env_steps, now.updates, "benchmark", None)
            ui, window = _in_window(config, weights, Path(folder) / "window", updates, seen, seconds)
            took += _advance(loop, events, updates // 2)
    rate = 1 / statistics.median(took)
    report = {
        "ui": {**ui, "gap_ms_p99_training": window[0]["gui_gap_ms"]["p99"]},
        "headless": {"updates_per_second": rate, "threads": loop.config.threads},
        "window": [{**row, "share": row["updates_per_second"] / rate} for row in window],
        "foreign_cores": meter.foreign_cores(_children_seconds() - before),
    }
    for line in _lines(config, report):
        say(line)
    if json_file is not None:
        write_json(json_file, report)
    return report


def _children_seconds() -> float:
    """Processor seconds of the processes that trained in the window's background and have ended."""
    times = os.times()
    return times.children_user + times.children_system


def _advance(loop: TrainingLoop, events: Iterator[Event], updates: int) -> list[float]:
    """Makes so many updates; seconds from each to the next, with the playing between."""
    seconds, before, goal = [], time.perf_counter(), loop.updates + updates
    while (made := loop.updates) < goal:
        next(events)
        if loop.updates > made:
            now = time.perf_counter()
            seconds.append(now - before)
            before = now
    return seconds


def _in_window(
    config: Config, weights: Weights, run_dir: Path, updates: int, seen: int, seconds: float
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    qInstallMessageHandler(on_qt_message)
    app = QApplication.instance() or QApplication(["benchmark"])
    assert isinstance(app, QApplication)
    theme.apply(app)
    player = PlayerWorker()
    session = Session(player, TrainingWorker)
    window = MainWindow(session, Settings())
    watch = _Watch(session)
    player.start()
    session.start()
    window.show()
    window.activateWindow()
    try:
        session.playhead.pause()
        player.adopt(weights)
        wait_for(lambda: session.playhead.moment is not None and window.isActiveWindow(), "its first frame")
        ui = measure(session, window, seen, seconds)
        session.start_training(TrainingRequest(config, run_dir=run_dir))
        watch.until_updates(WARM_UP)
        rows = []
        for speed in SPEEDS:
            session.playhead.set_speed(speed)
            session.playhead.follow()
            watch.until_updates(1)
            rows.append({"asked_fps": speed * BASE_FPS, **watch.until_updates(updates)})
        return ui, rows
    finally:
        window.close()
        session.request_stop()
        session.wait_stopped(60_000)
        watch.until_idle()


class _Watch(QObject):
    """Counts updates, frames and the turns of the window's thread, as long as it is asked to."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._failure: str | None = None
        self._turns: list[float] = []
        self._updates: list[tuple[float, int]] = []
        self._frames = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_WAKE_MS)
        self._timer.timeout.connect(lambda: self._turns.append(time.perf_counter()))
        session.training.progressed.connect(self._on_progress)
        session.training.failed.connect(lambda line, _: self._fail(line))
        session.failed.connect(lambda line, _: self._fail(line))
        session.playhead.episode_grew.connect(self._on_frame)
        self._loop = QEventLoop()
        self._goal = 0

    def until_updates(self, count: int) -> dict[str, Any]:
        """Lets the window live for so many updates.

        Raises:
            UserError: the training or the player failed.
        """
        self._updates.clear()
        self._turns.clear()
        self._frames, self._goal = 0, count
        self._timer.start()
        self._loop.exec()
        self._timer.stop()
        if self._failure is not None:
            raise UserError(f"The window's training failed: {self._failure}")
        (start, first), (end, last) = self._updates[0], self._updates[-1]
        gaps = sorted(1000 * (after - before) for before, after in itertools.pairwise(self._turns))
        return {
            "updates_per_second": (last - first) / (end - start),
            "fps": self._frames / (end - start),
            "gui_gap_ms": {"p50": share(gaps, 0.5), "p99": share(gaps, 0.99), "max": gaps[-1]},
        }

    def until_idle(self) -> None:
        """Waits for the training's last word."""
        while self._session.training.state is not TrainingState.IDLE:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _on_progress(self) -> None:
        progress = self._session.training.progress
        if progress is None or (self._updates and progress.updates == self._updates[-1][1]):
            return
        self._updates.append((time.perf_counter(), progress.updates))
        if len(self._updates) == 1:
            self._turns.clear()
            self._frames = 0
        elif progress.updates - self._updates[0][1] >= self._goal:
            self._loop.quit()

    def _on_frame(self) -> None:
        self._frames += 1

    def _fail(self, line: str) -> None:
        self._failure = line
        self._loop.quit()


def _lines(config: Config, report: dict[str, Any]) -> Iterator[str]:
    headless, ui = report["headless"], report["ui"]
    yield (
        f"key to painted frame: {ui['seen_frame_ms_median']:.1f} ms for one seen before (99 % within "
        f"{ui['seen_frame_ms_p99']:.1f}), {ui['new_frame_ms_median']:.1f} ms for a new one"
    )
    yield (
        f"playing {PLAYING_SPEED * BASE_FPS:.0f} frames/s: {ui['late_frames']} of {ui['frames']} frames late, the "
        f"window's thread turns within {ui['gap_ms_p99']:.1f} ms (99 %)"
    )
    yield f"{BRANCHES} dreams of {HORIZON} steps with their pictures: {ui['dreams_ms']:.0f} ms"
    yield (
        f"training {config.preset} without a window, {headless['threads']} threads: "
        f"{headless['updates_per_second']:.3f} updates/s"
    )
    for row in report["window"]:
        gap = row["gui_gap_ms"]
        yield (
            f"while it plays at {row['asked_fps']:.0f} frames/s ({row['fps']:.1f} reached): "
            f"{row['updates_per_second']:.3f} updates/s, {row['share']:.0%}; the window's thread turns every "
            f"{gap['p50']:.1f} ms, 99 % within {gap['p99']:.1f}, at the longest {gap['max']:.1f}"
        )
    if report["foreign_cores"] is not None:
        yield f"other load meanwhile: {report['foreign_cores']:.2f} cores"
