"""One of a crew's processes: it trains, and what happens goes to whoever drives the crew.

See :mod:`trainer.crew`, whose other end this is. torch is imported inside, after the process is set up for it.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config import Config
from trainer.errors import UserError
from trainer.process import tune_allocator
from trainer.seat import Seat

if TYPE_CHECKING:
    from trainer.events import Event
    from trainer.loop import TrainingLoop

NICENESS = 5
"""Of a crew that trains in the background: it takes what others leave, and they get a core at once."""
GO_ON = "go on"
HAND_OVER = "hand over"
"""What is asked of the first rank after each event: the next one, or the weights."""
SIGNALS = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}
"""Those that come to all processes of a terminal or a service at once; such a process begins with them held back."""
MEETING, WEIGHTS = "ranks", "weights.safetensors"
"""Files in the crew's folder: where ranks find each other, and weights handed over. Those are too many for a channel,
whose reader would take Python's lock a thousand times for them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to train: the arguments of :class:`trainer.loop.TrainingLoop`.

    Attributes:
        config: of a new run; None: `resume` names the run that goes on.
        background: whether others come first. folder: the crew's own, for what passes between its processes.
        run_dir, resume, from_checkpoint, total_steps: see there.
    """

    config: Config | None
    run_dir: Path | None
    resume: Path | None
    from_checkpoint: Path | None
    total_steps: int | None
    background: bool
    folder: Path


@dataclass(frozen=True, slots=True)
class Opened:
    """The run is open, and all ranks are there.

    Attributes:
        folder: of the run. config: settled.
    """

    folder: Path
    config: Config


@dataclass(frozen=True, slots=True)
class Failed:
    """A rank ended by an error.

    Attributes:
        message: one line. details: the traceback; None where a person can mend it. left_behind: it is only that another
            rank is gone.
    """

    message: str
    details: str | None
    left_behind: bool


def serve(order: Order, device: str, seat: Seat | None, channel: Connection, leash: Connection) -> None:
    """The life of such a process.

    Args:
        order: what to train. device: as in the settings. seat: among those that train together; None: it is alone.
        channel: to whoever drives; events of the first rank go there, each to be answered, and everyone's failure.
        leash: closed at the other end, after a word or because that process is gone, it means: save and end.
    """
    if order.background and hasattr(os, "nice"):
        os.nice(NICENESS)
    tune_allocator()
    listener = _Leash(leash, order.folder)
    for number in SIGNALS - {signal.SIGTERM}:  # they are meant for whoever drives, who lets go of the leash
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: listener.pull())
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    threading.Thread(target=listener.watch, name="leash", daemon=True).start()
    try:
        _train(order, device, seat, channel, listener)
    except UserError as error:
        from trainer.distributed import RankLost

        _leave(channel, Failed(str(error), None, isinstance(error, RankLost)))
    except Exception as error:
        details = "".join(traceback.format_exception(error))
        _leave(channel, Failed(f"{type(error).__name__}: {error}", details, False))


def _leave(channel: Connection, failure: Failed) -> None:
    with contextlib.suppress(OSError):  # nobody there to hear it
        channel.send(failure)
    raise SystemExit(1)


def _train(order: Order, device: str, seat: Seat | None, channel: Connection, leash: _Leash) -> None:
    from trainer.envs.game_files import begin_loading

    loading = begin_loading()  # while this thread imports torch
    from trainer.process import prepare

    prepare(0 if order.config is None else order.config.threads)
    from trainer.distributed import joined
    from trainer.loop import TrainingLoop
    from trainer.metrics import RunRecorder

    recorder = RunRecorder()
    loading.join()  # what is measured next wants the cores for itself
    with contextlib.ExitStack() as stack:
        ranks = stack.enter_context(joined(device, seat))
        leash.begin()
        loop = TrainingLoop(
            order.config,
            order.run_dir,
            resume=order.resume,
            from_checkpoint=order.from_checkpoint,
            total_steps=order.total_steps,
            ranks=ranks,
        )
        leash.hold(loop.stop)
        events = stack.enter_context(contextlib.closing(loop.run()))
        if not ranks.first:
            for _ in events:
                pass
            return
        stack.enter_context(contextlib.closing(recorder))
        driver = _Driver(channel, loop, order.folder)
        stack.callback(driver.clear_up)
        for event in events:
            recorder.handle(event)
            driver.tell(event)


class _Leash:
    """Ends training when it is pulled, at once where nothing was begun."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self._connection, self._folder = connection, folder
        self._lock = threading.RLock()  # a signal may come while it is held
        self._begun = self._pulled = False
        self._stop: Callable[[], None] | None = None

    def watch(self) -> None:
        """Waits for the other end to be closed."""
        try:
            self._connection.recv()
        except (EOFError, OSError):  # without a word
            self.pull(abandoned=True)
        else:
            self.pull()

    def pull(self, abandoned: bool = False) -> None:
        """From any thread; `abandoned`: by the end of the process that drives the crew and would clear up."""
        with self._lock:
            self._pulled = True
            if not self._begun:
                if abandoned:
                    shutil.rmtree(self._folder, ignore_errors=True)
                os._exit(0)  # the imports, and waiting for the others, cannot be broken off in another way
            if self._stop is not None:
                self._stop()

    def begin(self) -> None:
        """From now on there may be something to save."""
        with self._lock:
            self._begun = True

    def hold(self, stop: Callable[[], None]) -> None:
        """`stop` saves and ends."""
        with self._lock:
            self._stop = stop
            if self._pulled:
                stop()


class _Driver:
    """Whoever takes the events; training goes on without them when they are gone."""

    def __init__(self, channel: Connection, loop: TrainingLoop, folder: Path) -> None:
        self._channel, self._loop, self._folder = channel, loop, folder
        self._there = self._send(Opened(loop.folder.path, loop.config))

    def tell(self, event: Event) -> None:
        """Sends an event and does what is asked in return."""
        from trainer.events import OpenLoopVideo

        if not self._there or isinstance(event, OpenLoopVideo):  # the run's records alone have a use for those
            return
        self._there = self._send(event) and self._serve()

    def clear_up(self) -> None:
        """Removes the crew's folder in place of a driver that is gone."""
        if not self._there:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _send(self, message: object) -> bool:
        try:
            self._channel.send(message)
        except OSError:
            return False
        return True

    def _serve(self) -> bool:
        try:
            while self._channel.recv() == HAND_OVER:
                self._channel.send(self._hand_over())
        except (EOFError, OSError):
            return False
        return True

    def _hand_over(self) -> tuple[int, int] | Failed:
        """Leaves the weights in their file; their generation and updates, or why that could not be done."""
        import safetensors.torch

        weights, file = self._loop.hand_over(), self._folder / WEIGHTS
        try:
            safetensors.torch.save_file(weights.tensors, file)
        except (OSError, safetensors.SafetensorError) as error:
            return Failed(f"{file}: cannot be written ({error}); free some space.", None, False)
        return weights.generation, weights.updates


CONTEXT = multiprocessing.get_context("spawn")
"""Processes begin anew: a copy of one with threads, Qt or CUDA in it would not live."""
