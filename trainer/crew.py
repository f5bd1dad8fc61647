"""A training in processes of its own, driven as if it were a :class:`trainer.loop.TrainingLoop` here.

Beside a window it pays: the loop's Python no longer waits for the window's, nor the window for it, and two processes of
one thread each, which meet a few times an update, lose little when the window takes a core now and then. Two threads of
one process meet at every operation, and lose most of the time that the window takes from either.

The first rank's events come here one at a time, and the next one is asked for when that one was dealt with; so a pause
is to ask for nothing, and weights are handed over between two events. Where this process ends, however it does, those
of the crew notice, save and end.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import threading
from collections.abc import Generator, Iterator
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from trainer.config import Config
from trainer.crew_member import CONTEXT, GO_ON, HAND_OVER, MEETING, SIGNALS, WEIGHTS, Failed, Opened, Order, serve
from trainer.errors import UserError
from trainer.events import Event, Finished
from trainer.run import Run
from trainer.seat import Seat
from trainer.weights import Weights


class CrewFailed(Exception):
    """An error in one of the processes that no person can mend; its cause has the traceback from there."""


class _Elsewhere(Exception):
    """A traceback as text."""


class Crew:
    """As many processes as the settings say, and one training.

    Attributes:
        folder: of the run, locked by the crew. config: settled; both are there from the first event on.
    """

    folder: Run
    config: Config

    def __init__(
        self,
        config: Config | None = None,
        run_dir: Path | None = None,
        *,
        resume: Path | None = None,
        from_checkpoint: Path | None = None,
        total_steps: int | None = None,
        background: bool = False,
    ) -> None:
        """Nothing is begun yet.

        Args:
            config, run_dir, resume, from_checkpoint, total_steps: see :class:`trainer.loop.TrainingLoop`.
            background: let other programs, this process among them, have the processor first.

        Raises:
            UserError: `resume` is no run or checkpoint of one.
        """
        self._arguments = config, run_dir, resume, from_checkpoint, total_steps, background
        if config is None:
            assert resume is not None
            config = (Run.open(resume) if resume.is_dir() else Run.of_checkpoint(resume)).config
        self._device, self._size = config.device, config.processes
        self._lock = threading.RLock()  # `stop` may be called by a signal that comes while it is held
        self._stopped = self._opened = False
        self._leashes: list[Connection] = []
        self._channels: list[Connection] = []
        self._processes: list[Any] = []

    def stop(self) -> None:
        """Asks training to save and end soon, from any thread; an update in flight is discarded."""
        with self._lock:
            self._stopped = True
            self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            for leash in self._leashes:
                _close(leash)

    def run(self) -> Generator[Event, None, None]:
        """Trains until the end, or until :meth:`stop`, and saves; all but videos comes.

        Raises:
            UserError: as of the loop, or a process is gone; the last checkpoint stays.
            CrewFailed: another error in one of them.
        """
        self._folder = Path(tempfile.mkdtemp(prefix="dream-agent-"))
        try:
            self._launch(Order(*self._arguments, self._folder))
            yield from self._events()
        finally:
            self.stop()
            for channel in self._channels[:1]:
                channel.close()
            for process in self._processes:
                process.join()
            shutil.rmtree(self._folder, ignore_errors=True)

    def hand_over(self) -> Weights:
        """A copy of the weights, a new generation; between two events, in the thread that drives the crew.

        Raises:
            UserError: the process that has them is gone, or the disk is full; training saves when :meth:`run` is
                closed after the latter.
        """
        import safetensors.torch  # whoever asks for weights has torch already

        first = self._channels[0]
        try:
            first.send(HAND_OVER)
            answer = first.recv()
        except (EOFError, OSError) as error:
            raise self._failure() from error
        if isinstance(answer, Failed):
            raise UserError(answer.message)
        file = self._folder / WEIGHTS
        try:
            mapped = safetensors.torch.load_file(file)
        except (OSError, safetensors.SafetensorError) as error:
            raise UserError(f"{file}: cannot be read ({error}); leave that folder to the training.") from error
        generation, updates = answer
        tensors = {name: tensor.clone() for name, tensor in mapped.items()}  # the file is written anew next time
        return Weights(generation, updates, tensors)

    def _launch(self, order: Order) -> None:
        for rank in range(self._size):
            seat = None
            if self._size > 1:
                seat = Seat(rank, self._size, rank, self._size, str(self._folder / MEETING))
            ours, theirs = CONTEXT.Pipe()
            end, leash = CONTEXT.Pipe(duplex=False)
            process = CONTEXT.Process(
                target=serve, args=(order, self._device, seat, theirs, end), name=f"training {rank + 1}"
            )
            with self._lock:
                self._leashes.append(leash)
                if self._stopped:
                    _close(leash)
            with _signals_held():
                process.start()
            for connection in (theirs, end):  # the child has its own by now, and its end must be the last
                connection.close()
            self._channels.append(ours)
            self._processes.append(process)

    def _events(self) -> Iterator[Event]:
        last: Event | None = None
        while (message := self._heard()) is not None:
            if isinstance(message, Opened):
                self.folder, self.config = Run(message.folder, message.config), message.config
                self._opened = True
                continue
            if isinstance(message, Failed):
                if self._stopped and message.left_behind and not self._opened:  # one heard the stop before it began
                    return
                raise self._failure(message)
            last = message
            yield message
            with contextlib.suppress(OSError):  # it is gone: the next turn hears of it
                self._channels[0].send(GO_ON)
        self._let_go()  # who still waits to meet the first one would wait for ever
        for process in self._processes:
            process.join()
        if not isinstance(last, Finished) and (self._opened or not self._stopped):
            raise self._failure()

    def _heard(self) -> Any:
        """What the first rank says next; None once it is gone."""
        first = self._channels[0]
        if not self._opened and first not in wait([first, *(process.sentinel for process in self._processes[1:])]):
            self._let_go()  # one is gone, and the first one may still wait to meet it
        try:
            return first.recv()
        except (EOFError, OSError):
            return None

    def _failure(self, told: Failed | None = None) -> Exception:
        """The error that a person must hear: the one that brought the others about, if anybody told it."""
        self.stop()  # whoever still waits for the others to come
        for process in self._processes:
            process.join()
        failures = [told] if told is not None else []
        for channel in self._channels:
            with contextlib.suppress(EOFError, OSError):
                while channel.poll():
                    message = channel.recv()
                    if isinstance(message, Failed):
                        failures.append(message)
        failures.sort(key=lambda failure: failure.left_behind)
        if not failures:
            codes = ", ".join(str(process.exitcode) for process in self._processes if process.exitcode) or "0"
            way_on = self.folder.way_on() if self._opened else "Nothing was begun; start again."
            return UserError(f"The training's process ended without a word (exit code {codes}). {way_on}")
        first = failures[0]
        if first.details is None:
            return UserError(first.message)
        failed = CrewFailed(first.message)
        failed.__cause__ = _Elsewhere(first.details)
        return failed


def _close(leash: Connection) -> None:
    """Lets go of a leash with a word, so that it is not taken for the end of this process."""
    if not leash.closed:
        with contextlib.suppress(OSError):  # nobody there to hear it
            leash.send(None)
        leash.close()


@contextlib.contextmanager
def _signals_held() -> Iterator[None]:
    """A process started in the block is safe from what goes to the whole group, as Ctrl-C does, until it listens."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # its start would end the hold
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
