"""The training that runs in this window, as the panel sees it: state, progress, curves."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.agents import Weights
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.state.worker_protocols import TrainingWorkerLike
from trainer.events import EpisodeEnded, Evaluated, Event, Finished, Metrics, Progress, Saved, Started, UpdateSkipped

LAST_MS = 2000
"""Milliseconds a thread is given to return once it has said that it ended; it needs far less than one."""


PATIENCE = 8.0
"""How many times longer what nobody asked for by hand waits while a training runs: it takes time from its updates."""


class TrainingState(Enum):
    """What the training is doing.

    Attributes:
        IDLE: nothing; a new one may be started.
        STARTING: networks, games and replay are being set up.
        RUNNING: it trains.
        PAUSED: it waits between two updates.
        STOPPING: the update in flight is given up, and the state after the last whole one is being saved.
    """

    IDLE = "idle"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"


class Training(QObject):
    """State, progress and curves of the training in this window; at most one runs at a time.

    Attributes:
        state: what it is doing.
        request: what is being, or was last, trained; None before the first.
        run_dir: the run's folder once it started.
        summary: one line about device, threads and replay, once it started.
        progress: the newest progress; None before the first.
        metrics: rows for the curves, oldest first (`values` has names such as `train.return`, `loss.image`).
        evaluations: scores on train and validation levels, oldest first.
        returns: (env_steps, return) of each training episode that ended, oldest first.
        skipped: the newest refused update, None if there was none.
        last_saved: the newest checkpoint.
        outcome: how the last training ended; None while one runs or where it failed.

    Signals:
        state_changed: `state` changed.
        progressed: `progress` changed (at most once a GUI tick).
        curves_changed: `metrics`, `evaluations` or `returns` grew (at most once a GUI tick).
        happened: a rare event (Started, Saved, UpdateSkipped, Finished) as it came.
        failed: training ended by an error; (one line, details).
    """

    state_changed = pyqtSignal()
    progressed = pyqtSignal()
    curves_changed = pyqtSignal()
    happened = pyqtSignal(object)
    failed = pyqtSignal(str, str)

    def __init__(
        self, make_worker: Callable[[TrainingRequest], TrainingWorkerLike], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._make_worker = make_worker
        self._worker: TrainingWorkerLike | None = None
        self._weights: Weights | None = None
        self._curves_grew = False
        self.state = TrainingState.IDLE
        self.request: TrainingRequest | None = None
        self.progress: Progress | None = None
        self._forget()

    @property
    def busy(self) -> bool:
        """A training is there, running or not."""
        return self._worker is not None

    @property
    def patience(self) -> float:
        """How many times longer than else to wait between two studies that nobody asked for by hand."""
        return PATIENCE if self.state is TrainingState.RUNNING else 1.0

    def start(self, request: TrainingRequest) -> None:
        """Begin to train.

        Raises:
            RuntimeError: one is there already.
        """
        if self._worker is not None:
            raise RuntimeError("a training is there already")
        self.request = request
        self._forget()
        worker = self._make_worker(request)
        worker.happened.connect(self._on_event)
        worker.failed.connect(self.failed)
        worker.ended.connect(self._on_ended)
        self._worker = worker
        self._enter(TrainingState.STARTING)
        worker.start()

    @pyqtSlot()
    def pause(self) -> None:
        """Wait after the update in flight."""
        if self._worker is not None and self.state is TrainingState.RUNNING:
            self._worker.set_paused(True)
            self._enter(TrainingState.PAUSED)

    @pyqtSlot()
    def resume(self) -> None:
        """Go on."""
        if self._worker is not None and self.state is TrainingState.PAUSED:
            self._worker.set_paused(False)
            self._enter(TrainingState.RUNNING)

    @pyqtSlot()
    def stop(self) -> None:
        """Give up the update in flight, save, end; `state` is IDLE when it is done."""
        if self._worker is not None and self.state is not TrainingState.STOPPING:
            self._enter(TrainingState.STOPPING)
            self._worker.request_stop()

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Block until the files are safe and the thread is over; False if that took longer than the time-out."""
        return self._worker is None or self._worker.wait_stopped(timeout_ms)

    def drain(self) -> Weights | None:
        """Take what the worker left since the last GUI tick; returns weights handed over, if any."""
        if self._curves_grew:
            self._curves_grew = False
            self.curves_changed.emit()
        if self._worker is not None:
            self._take_mail(self._worker)
        weights, self._weights = self._weights, None
        return weights

    def _take_mail(self, worker: TrainingWorkerLike) -> None:
        progress = worker.progress.take()
        if progress is not None:
            self.progress = progress
            self.progressed.emit()
        self._weights = worker.weights.take() or self._weights

    def _forget(self) -> None:
        self.run_dir: Path | None = None
        self.summary = ""
        self.progress = None
        self.metrics: list[Metrics] = []
        self.evaluations: list[Evaluated] = []
        self.returns: list[tuple[int, float]] = []
        self.skipped: UpdateSkipped | None = None
        self.last_saved: Saved | None = None
        self.outcome: Finished | None = None
        self._weights = None

    def _enter(self, state: TrainingState) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit()

    @pyqtSlot(object)
    def _on_event(self, event: Event) -> None:
        match event:
            case Started():
                self.run_dir, self.summary = Path(event.run_dir), event.summary
                if self.state is TrainingState.STARTING:
                    self._enter(TrainingState.RUNNING)
            case Metrics():
                self.metrics.append(event)
                self._curves_grew = True
            case Evaluated():
                self.evaluations.append(event)
                self._curves_grew = True
            case EpisodeEnded():
                self.returns.append((event.env_steps, event.total_reward))
                self._curves_grew = True
            case Saved():
                self.last_saved = event
            case UpdateSkipped():
                self.skipped = event
            case Finished():
                self.outcome = event
        if not isinstance(event, Metrics | Evaluated | EpisodeEnded):
            self.happened.emit(event)

    @pyqtSlot()
    def _on_ended(self) -> None:
        # The thread said its last word, but a QThread must not be destroyed before it is quite over.
        if self._worker is not None:
            self._worker.wait_stopped(LAST_MS)
            self._take_mail(self._worker)
        self._worker = None
        self._enter(TrainingState.IDLE)
