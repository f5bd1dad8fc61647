"""Looks after a run that somebody else trains, and fetches the weights of each checkpoint it saves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from dream_viewer.messages.agents import Weights
from trainer.checkpoint import fingerprint, open_checkpoint
from trainer.errors import UserError
from trainer.process import use_threads
from trainer.run import Run

PERIOD = 3.0
"""Seconds between two looks. Folders on a network tell nobody that they changed, so they are asked."""


class RunWatch:
    """A thread of its own that looks into a run's folder now and then: disks may be slow, and networks more so.

    What cannot be read once is tried again, as the run deletes old checkpoints while it saves new ones; only what
    fails the same way twice is told, and once.

    Args:
        folder: of the run. shown: its checkpoint that plays already.
        found: takes newer weights. troubled: takes one sentence. failed: takes what should not have happened. All
            three are called in this thread.
        period: seconds between two looks.
    """

    def __init__(
        self,
        folder: Path,
        shown: Path,
        found: Callable[[Weights], None],
        troubled: Callable[[str], None],
        failed: Callable[[Exception], None],
        period: float = PERIOD,
    ) -> None:
        self.folder = folder
        self._shown, self._found, self._troubled, self._failed = shown, found, troubled, failed
        self._period = period
        self._stop = threading.Event()
        self._before = self._told = ""
        self._thread = threading.Thread(target=self._run, name=f"watch of {folder.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; returns at once."""
        self._stop.set()

    def _run(self) -> None:
        use_threads(1)
        try:
            while not self._stop.wait(self._period):
                self._look()
        except Exception as error:
            self._failed(error)

    def _look(self) -> None:
        try:
            weights = newer_weights(self.folder, self._shown)
        except (UserError, OSError) as error:
            trouble = str(error)
            if trouble == self._before != self._told and not self._stop.is_set():
                self._told = trouble
                self._troubled(f"{trouble} {self.folder.name} is looked at again and again meanwhile.")
            self._before = trouble
            return
        self._before = self._told = ""
        if weights is not None and not self._stop.is_set():
            assert weights.path is not None
            self._shown = weights.path
            self._found(weights)


def newer_weights(folder: Path, shown: Path) -> Weights | None:
    """The weights of a run's newest checkpoint; None where that one is shown.

    Raises:
        UserError: the run or its checkpoint cannot be read.
    """
    newest = Run.open(folder).latest_checkpoint()
    if newest == shown:
        return None
    file = open_checkpoint(newest)
    return Weights(
        config=file.header.config,
        tensors=file.weights(),
        env_steps=file.header.env_steps,
        updates=file.header.updates,
        name=folder.name,
        path=newest,
        run=folder,
        fingerprint=fingerprint(newest),
    )
