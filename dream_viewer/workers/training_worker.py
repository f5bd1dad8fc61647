"""The thread that drives a training while the window is open; the training itself has processes of its own."""

from __future__ import annotations

import contextlib
import threading
import time
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import QObject, QThread, pyqtSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages.agents import Weights
from dream_viewer.messages.orders import TrainingRequest
from trainer.config import Config
from trainer.crew import Crew, CrewFailed
from trainer.errors import UserError
from trainer.events import Event, Finished, Progress, Saved, Started
from trainer.hardware import choose_device
from trainer.process import cores, give_memory_back
from trainer.run import Run
from trainer.weights import Weights as HandedOver

HAND_OVER_SECONDS = 30.0
"""Seconds between two hand-overs of weights: each makes the player read its episode anew."""


class Loop(Protocol):
    """What the worker drives; see :class:`trainer.crew.Crew`."""

    folder: Run
    config: Config

    def run(self) -> Generator[Event, None, None]:
        """Train, event by event."""

    def stop(self) -> None:
        """Save and end soon."""

    def hand_over(self) -> HandedOver:
        """A copy of the weights, between two events."""


def make_loop(request: TrainingRequest) -> Loop:
    """The training that a request asks for, in processes of its own.

    Raises:
        UserError: CUDA is asked for and there is none, or what is to be resumed is no run.
    """
    if request.resume is not None:
        return Crew(resume=request.resume, background=True)
    config = beside_a_window(request.config)
    return Crew(config, request.run_dir, from_checkpoint=request.source, background=True)


def beside_a_window(config: Config) -> Config:
    """Settings that leave a window its share of the processor; where a number of threads is named, they stay.

    Of two cores each gets a process of one thread, and the window a part of either: measured beside a window at 15
    frames a second they keep nearly four fifths of what two threads reach without one. Of more cores one is left free.

    Raises:
        UserError: CUDA is asked for and there is none.
    """
    if config.threads or config.processes > 1 or choose_device(config.device).type == "cuda":
        return config
    if cores() == 2 and config.num_envs % 2 == config.batch_size % 2 == 0:
        return config.replace(processes=2, threads=1)
    return config.replace(threads=max(1, cores() - 1))


class TrainingWorker(QThread):
    """Drives one training from its start to its end.

    Attributes:
        progress: the newest progress, to be taken by a GUI timer.
        weights: the newest weights handed over, to be taken likewise.

    Signals:
        happened: each rare event (all but Progress and videos) as it comes.
        failed: (one line, details): training ended by an error; the last good checkpoint stays.
        ended: comes last of all, whatever happened.
    """

    happened = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    ended = pyqtSignal()

    def __init__(
        self,
        request: TrainingRequest,
        make_loop: Callable[[TrainingRequest], Loop] = make_loop,
        hand_over_seconds: float = HAND_OVER_SECONDS,
        parent: QObject | None = None,
    ) -> None:
        """A worker at rest; `start` begins.

        Args:
            request: what to train. make_loop: makes the loop, called in the thread.
            hand_over_seconds: time between two hand-overs of weights; the first and the last come at once.
        """
        super().__init__(parent)
        self.progress: Mailbox[Progress] = Mailbox()
        self.weights: Mailbox[Weights] = Mailbox()
        self._request = request
        self._make_loop = make_loop
        self._hand_over_seconds = hand_over_seconds
        self._wake = threading.Condition()
        self._paused = self._stopping = False
        self._loop: Loop | None = None
        self._handed_at: float | None = None
        self._handed_updates = -1
        self._checkpoint = request.source

    def set_paused(self, paused: bool) -> None:
        """Wait after the update in flight, or go on."""
        with self._wake:
            self._paused = paused
            self._wake.notify()

    def request_stop(self) -> None:
        """Give up the update in flight, save, end; returns at once."""
        with self._wake:
            self._stopping = True
            if self._loop is not None:
                self._loop.stop()
            self._wake.notify()

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether files are safe and the thread is over, at the latest after so many milliseconds."""
        return self.wait(timeout_ms)

    def run(self) -> None:
        """Train until the end, a stop or an error."""
        try:
            self._train()
        except UserError as error:
            self.failed.emit(str(error), str(error))
        except CrewFailed as error:
            self.failed.emit(str(error), "".join(traceback.format_exception(error)))
        except BaseException as error:
            details = "".join(traceback.format_exception(error))
            self.failed.emit(f"{type(error).__name__}: {error}", details)
        finally:
            with self._wake:
                self._loop = None
            give_memory_back()
            self.ended.emit()

    def _train(self) -> None:
        loop = self._make_loop(self._request)
        with self._wake:
            self._loop = loop
            if self._stopping:
                loop.stop()
        with contextlib.closing(loop.run()) as events:
            for event in events:
                self._pass_on(event)
                self._hand_over(loop, event)
                self._wait_while_paused()

    def _pass_on(self, event: Event) -> None:
        match event:
            case Progress():
                self.progress.put(event)
            case _:
                if isinstance(event, Saved):
                    self._checkpoint = Path(event.path)
                self.happened.emit(event)

    def _hand_over(self, loop: Loop, event: Event) -> None:
        """Leave the weights for the window: now and then while they change, and at the end as they were saved."""
        match event:
            case Finished():
                self._checkpoint = Path(event.checkpoint)
                self._leave_weights(loop, event.env_steps)
            case Started() | Progress() if not self._stopping and event.updates != self._handed_updates:
                now = time.monotonic()
                if self._handed_at is None or now >= self._handed_at + self._hand_over_seconds:
                    self._handed_at, self._handed_updates = now, event.updates
                    self._leave_weights(loop, event.env_steps)

    def _leave_weights(self, loop: Loop, env_steps: int) -> None:
        handed = loop.hand_over()
        self.weights.put(
            Weights(
                config=loop.config,
                tensors=handed.tensors,
                env_steps=env_steps,
                updates=handed.updates,
                name=loop.folder.path.name,
                path=self._checkpoint,
            )
        )

    def _wait_while_paused(self) -> None:
        with self._wake:
            while self._paused and not self._stopping:
                self._wake.wait()
