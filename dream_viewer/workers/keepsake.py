"""The episode in which a person left off, kept as a recording beside the settings."""

from __future__ import annotations

import sys
import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from trainer.episode import Episode
from trainer.errors import UserError
from trainer.recording import recording_of, save_recording


class Keepsake:
    """Writes a recording in a thread of its own, while the workers end and the window is gone.

    Where it cannot be written, stderr says so and the one before stays; nothing else depends on it.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None

    def keep(self, episode: Episode) -> None:
        """Begin to write an episode as far as it went; returns at once."""
        standing = replace(episode, steps=list(episode.steps))
        self._thread = threading.Thread(target=self._write, args=(standing,), name="keepsake", daemon=True)
        self._thread.start()

    @property
    def safe(self) -> bool:
        """Nothing is being written."""
        return self._thread is None or not self._thread.is_alive()

    def _write(self, episode: Episode) -> None:
        try:
            for _ in self._writing(episode):
                pass  # this thread has nothing else to do between the parts
        except UserError as error:
            sys.stderr.write(f"The episode on show was not kept for next time: {error}\n")

    def _writing(self, episode: Episode) -> Generator[None, None, None]:
        save_recording(self._path, (yield from recording_of(episode)))
