"""Commands from any thread to one that obeys them between two pieces of work, and sleeps when there is none."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

Command = Callable[[], None]


class CommandQueue:
    """Commands in the order they were given, and a wish to stop that overtakes them all."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._commands: deque[Command] = deque()
        self._stop = threading.Event()

    @property
    def stopped(self) -> bool:
        """The thread is to end."""
        return self._stop.is_set()

    def put(self, command: Command) -> None:
        """Leave a command; returns at once."""
        with self._wake:
            self._commands.append(command)
            self._wake.notify()

    def stop(self) -> None:
        """Let the thread end after the piece of work in hand; returns at once."""
        with self._wake:
            self._stop.set()
            self._wake.notify()

    def obey(self) -> None:
        """Run all commands there are, in the calling thread."""
        while not self._stop.is_set():
            with self._wake:
                if not self._commands:
                    return
                command = self._commands.popleft()
            command()

    def sleep(self, seconds: float | None) -> None:
        """Wait for a command or a stop, at most so long; None: however long that takes."""
        with self._wake:
            if self._commands or self._stop.is_set():
                return
            if seconds is None or seconds > 0:
                self._wake.wait(seconds)
