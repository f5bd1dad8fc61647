"""Replay's files: a row per step in three of them, and journals that lead back to earlier saves."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.errors import UserError
from trainer.replay_journal import UndoJournal, read_journal
from trainer.replay_rows import Rows

FRAME = (64, 64, 3)
"""Shape of a frame, uint8."""

STEP: np.dtype[np.void] = np.dtype(
    [
        ("reward", "<f4"),
        ("level_seed", "<i4"),
        ("action", "u1"),
        ("is_first", "?"),
        ("is_last", "?"),
        ("is_terminal", "?"),
    ]
)
"""What a step holds beside its frame and its latent."""


class StepStore:
    """Rows of steps; whose they are is told elsewhere.

    Nothing is journaled before the first save, and never in temporary files, which end with the object.
    """

    def __init__(self, folder: Path | None, latent: np.dtype[np.void], fresh: bool) -> None:
        """Opens a folder's files.

        Args:
            folder: created if need be; None: temporary files. latent: of a row of latents.
            fresh: there must be no files yet.

        Raises:
            UserError: the folder holds a replay and should not, or cannot be written.
        """
        self._temporary = tempfile.TemporaryDirectory(prefix="replay-") if folder is None else None
        self._folder = Path(self._temporary.name) if self._temporary else Path(folder or "")
        self._latent = latent
        self._journal: UndoJournal | None = None
        with self._storing():
            self._folder.mkdir(parents=True, exist_ok=True)
            if fresh and any(self._folder.glob("*.bin")):
                raise UserError(f"{self._folder} holds a replay already; resume its run or choose another --run_dir.")
            self._frames = Rows(self._folder / "frames.bin", np.dtype(np.uint8), FRAME)
            self._latents = Rows(self._folder / "latents.bin", latent)
            self._steps = Rows(self._folder / "steps.bin", STEP)
        self._parts = (self._frames, self._latents, self._steps)
        self._unneeded = np.zeros(len(self), bool)  # rows that the last save does not hold, or the journal has

    def __len__(self) -> int:
        """Rows there is space for."""
        return min(len(part) for part in self._parts)

    @property
    def row_bytes(self) -> int:
        """Bytes of a row in all files."""
        return sum(part.row_bytes for part in self._parts)

    @property
    def journaled(self) -> bool:
        """Earlier saves can be come back to."""
        return self._journal is not None

    @property
    def frames(self) -> NDArray[np.uint8]:
        """(rows, 64, 64, 3) uint8, not to be kept over `grow`."""
        return self._frames.array

    @property
    def latents(self) -> NDArray[np.void]:
        """(rows,) of `deter` and `stoch`, not to be kept over `grow`."""
        return self._latents.array

    @property
    def steps(self) -> NDArray[np.void]:
        """(rows,) of STEP, not to be kept over `grow`."""
        return self._steps.array

    def grow(self, rows: int) -> None:
        """Makes room for `rows` rows in all.

        Raises:
            UserError: no space; the rows there were stay as they are.
        """
        with self._storing():
            for part in self._parts:
                part.grow(rows)
        self._unneeded = np.concatenate([self._unneeded, np.zeros(len(self) - len(self._unneeded), bool)])

    def write(
        self,
        rows: NDArray[np.int64],
        frames: NDArray[np.uint8],
        steps: NDArray[np.void],
        latents: NDArray[np.void],
    ) -> None:
        """Writes steps into rows that no save holds."""
        self._frames.array[rows] = frames
        self._steps.array[rows] = steps
        self._latents.array[rows] = latents
        self._unneeded[rows] = True

    def rewrite_latents(self, rows: NDArray[np.int64], latents: NDArray[np.void]) -> None:
        """Writes latents over old ones; what the last save holds goes into the journal first.

        Raises:
            UserError: no space; nothing was changed.
        """
        if self._journal is not None:
            saved = np.unique(rows[~self._unneeded[rows]])
            if len(saved):
                with self._storing():
                    self._journal.record(saved, self._latents.array[saved])
                self._unneeded[saved] = True
        self._latents.array[rows] = latents

    def begin_save(self, save: int) -> None:
        """Waits until frames and steps are on the disk, and starts the journal that leads back to save `save`.

        Raises:
            UserError: no space, or the disk failed; the journal before goes on.
        """
        with self._storing():
            self._frames.flush()
            self._steps.flush()
            if self._temporary is None:
                journal = UndoJournal(self._folder / f"undo-{save:06d}.bin")
                if self._journal is not None:
                    self._journal.close()
                self._journal = journal
        self._unneeded = np.zeros(len(self), bool)

    def journals(self) -> dict[int, Path]:
        """The journals there are, by the save they lead back to."""
        found = self._folder.glob("undo-*.bin")
        return {int(path.stem[5:]): path for path in found if path.stem[5:].isdecimal()}

    def forget(self, save: int) -> None:
        """Deletes the journals of all saves before `save`.

        Raises:
            UserError: one cannot be deleted.
        """
        with self._storing():
            for number, path in self.journals().items():
                if number < save:
                    path.unlink()

    def roll_back(self, save: int) -> None:
        """Brings all latents back to what they were at save `save`, and starts its journal anew.

        Raises:
            ValueError: a journal is damaged.
            UserError: a file cannot be read or written.
        """
        later = sorted(((number, path) for number, path in self.journals().items() if number >= save), reverse=True)
        with self._storing():
            for _, path in later:
                for rows, old in read_journal(path, self._latent.itemsize):
                    if rows.min() < 0 or rows.max() >= len(self._latents):
                        raise ValueError(f"{path.name} is damaged")
                    self._latents.array[rows] = old.view(self._latent)[:, 0]
            for number, path in later:  # newest first: whatever is left after a kill here still leads back
                if number > save:
                    path.unlink()
        self.begin_save(save)

    def close(self) -> None:
        """Lets the files go; temporary ones are deleted."""
        for part in self._parts:
            part.close()
        if self._journal is not None:
            self._journal.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    @contextmanager
    def _storing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(
                f"The replay cannot be stored in {self._folder} ({error.strerror or error}); "
                "free space there or choose another --run_dir."
            ) from error
