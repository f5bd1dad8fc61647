"""Where a training loop's events go: one progress line, `metrics.jsonl`, and TensorBoard.

Consumers have one method, `handle(event)`, and know nothing of the loop; the window uses the same recorder as the
command line.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from trainer.errors import UserError
from trainer.events import (
    EpisodeEnded,
    Evaluated,
    Event,
    Finished,
    Metrics,
    OpenLoopVideo,
    Progress,
    Saved,
    Started,
    UpdateSkipped,
)
from trainer.plain_values import count
from trainer.run import Run

if TYPE_CHECKING:
    from trainer.tensorboard_log import TensorBoardLog

METRICS_NAME = "metrics.jsonl"
_LONGEST_ROW = 2**20
_PLAIN_LINE_SECONDS = 30.0
_OBSERVED = (60, 200, 90)
_IMAGINED = (225, 60, 60)
_BORDER = 3
_ENLARGED = 2


class EventConsumer(Protocol):
    """Something that listens to a training loop."""

    def handle(self, event: Event) -> None:
        """Take note of one event."""

    def close(self) -> None:
        """Write what is pending and let go of files and terminal."""


class RunRecorder:
    """Writes a run's rows and TensorBoard log into its folder, which :class:`Started` names.

    Rows of `metrics.jsonl` have a `kind`: `metrics` (means over an interval), `evaluation` or `episode`, and the two
    counters. A resumed run repeats what came after its checkpoint, so those rows are cut off first, and TensorBoard is
    told to forget them.
    """

    def __init__(self) -> None:
        """Opens nothing yet, but imports what writes TensorBoard's files: that takes a tenth of a second."""
        from trainer.tensorboard_log import TensorBoardLog  # a window need not wait for it before any training

        self._new_board = TensorBoardLog
        self._rows: MetricsFile | None = None
        self._board: TensorBoardLog | None = None
        self._updates = 0

    def handle(self, event: Event) -> None:
        """Record one event.

        Raises:
            UserError: the run's folder cannot be written to, or its disk is full.
        """
        try:
            if isinstance(event, Started):
                self._open(event)
            elif self._rows is not None and self._board is not None:
                self._record(event, self._rows, self._board)
        except OSError as error:
            raise UserError(
                f"{error.filename or METRICS_NAME}: cannot be written ({error.strerror}); "
                "free some space or make the run's folder writable."
            ) from error

    def close(self) -> None:
        """Flush and close both files; harmless when nothing was opened."""
        if self._rows is not None:
            self._rows.close()
        if self._board is not None:
            self._board.close()
        self._rows = self._board = None

    def _open(self, event: Started) -> None:
        self.close()
        self._updates = event.updates
        run = Run.open(Path(event.run_dir))
        self._rows = MetricsFile(run.metrics_file, event.env_steps, event.updates)
        self._board = self._new_board(run.tensorboard_dir, event.env_steps)

    def _record(self, event: Event, rows: MetricsFile, board: TensorBoardLog) -> None:
        if isinstance(event, Progress):
            self._updates = event.updates
        elif isinstance(event, Metrics):
            rows.add({"kind": "metrics", "env_steps": event.env_steps, "updates": event.updates, **event.values})
            board.scalars(event.values, event.env_steps)
        elif isinstance(event, Evaluated):
            rows.add({"kind": "evaluation", "env_steps": event.env_steps, "updates": event.updates, **event.scores})
            board.scalars({f"evaluation/{name}": score for name, score in event.scores.items()}, event.env_steps)
        elif isinstance(event, EpisodeEnded):
            rows.add(
                {
                    "kind": "episode",
                    "env_steps": event.env_steps,
                    "updates": self._updates,
                    "level_seed": event.level_seed,
                    "return": event.total_reward,
                    "length": event.length,
                    "outcome": event.outcome,
                }
            )
            board.scalars({"episode/return": event.total_reward, "episode/length": event.length}, event.env_steps)
        elif isinstance(event, OpenLoopVideo):
            board.video("dream/open_loop", video_frames(event), event.env_steps)


class MetricsFile:
    """`metrics.jsonl`: one JSON object a line, handed to the system at once, so that a killed run keeps its rows.

    Args:
        path: of the file. env_steps, updates: where the run starts from; rows later than that are cut off.
    """

    def __init__(self, path: Path, env_steps: int, updates: int) -> None:
        if path.is_file():
            with path.open("r+b") as file:
                file.truncate(_length_up_to(file, env_steps, updates))
        self._file = path.open("ab", buffering=0)

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row; numbers that are not finite become null, which JSON has a word for."""
        plain = {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        left = memoryview(json.dumps(plain).encode() + b"\n")
        while left:
            left = left[self._file.write(left) :]

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _length_up_to(file: IO[bytes], env_steps: int, updates: int) -> int:
    """Bytes up to the end of the last row that is not later than the counters; rows are in order, the rest is later.

    What a damaged file holds between such rows stays as it is, unless it is longer than any row.
    """
    length = place = 0
    while line := file.readline(_LONGEST_ROW):
        place += len(line)
        row = _row(line)
        if row is None and len(line) < _LONGEST_ROW:
            continue
        if row is None or row[0] > env_steps or row[1] > updates:
            break
        length = place
    return length


def _row(line: bytes) -> tuple[int, int] | None:
    """Environment steps and updates of a whole row; None where it is none."""
    try:
        row = json.loads(line) if line.endswith(b"\n") else None
        return (count(row["env_steps"]), count(row["updates"])) if isinstance(row, dict) else None
    except (KeyError, ValueError, RecursionError):
        return None


def video_frames(event: OpenLoopVideo) -> NDArray[np.uint8]:
    """The picture of an open-loop video: truth | belief, then dream | error; a sequence a row.

    The middle column has a green border while the model sees the frames and a red one once it dreams. The error is
    grey where model and truth agree.

    Returns:
        (T, height, width, 3) uint8.
    """
    error = (event.model.astype(np.int16) - event.truth.astype(np.int16)) // 2 + 128
    model = _bordered(event.model, np.array(_OBSERVED, np.uint8))
    model[:, event.observed :] = _bordered(event.model[:, event.observed :], np.array(_IMAGINED, np.uint8))
    black = np.zeros(3, np.uint8)
    columns = [_bordered(event.truth, black), model, _bordered(error.astype(np.uint8), black)]
    picture = np.concatenate(columns, axis=3)  # (B, T, h, 3 w, 3)
    sequences, steps, height, width, _ = picture.shape
    return picture.transpose(1, 0, 2, 3, 4).reshape(steps, sequences * height, width, 3)


def _bordered(frames: NDArray[np.uint8], colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(B, T, h, w, 3) frames enlarged to whole pixels and framed in a colour."""
    large = frames.repeat(_ENLARGED, axis=2).repeat(_ENLARGED, axis=3)
    sequences, steps, height, width, _ = large.shape
    framed = np.empty((sequences, steps, height + 2 * _BORDER, width + 2 * _BORDER, 3), np.uint8)
    framed[:] = colour
    framed[:, :, _BORDER:-_BORDER, _BORDER:-_BORDER] = large
    return framed


class ConsoleProgress:
    """One tidy line for a person: steps, updates and frames a second, return, time left.

    On a terminal the line renews itself; in a file or a pipe it becomes a plain line every half minute. Rare events
    (start, evaluation, a refused update, the end) get a line of their own. A pipe that nobody reads any more gets
    nothing: behind `| tee`, Ctrl-C ends the reader first, and training is still to save.

    Args:
        stream: where it goes; None = standard error.
    """

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._bar: tqdm[Any] | None = None
        self._total = 0
        self._next_plain_line = -math.inf

    def handle(self, event: Event) -> None:
        """Show one event, or nothing if it is none that a person waits for."""
        try:
            self._show(event)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def _show(self, event: Event) -> None:
        if isinstance(event, Started):
            self._total = event.total_steps
            self.say(f"Run {event.run_dir}")
            self.say(event.summary)
            if self._stream.isatty():
                self._bar = tqdm(
                    total=event.total_steps,
                    initial=event.env_steps,
                    file=self._stream,
                    dynamic_ncols=True,
                    bar_format="{desc} |{bar}|",
                    mininterval=0.2,
                    miniters=1,
                )
        elif isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, Evaluated):
            self.say(f"Evaluated at {event.env_steps:,} steps: {scores_line(event.scores)}")
        elif isinstance(event, Saved) and event.best:
            self.say(f"Best on validation levels so far: {event.path}")
        elif isinstance(event, UpdateSkipped):
            self.say(
                f"Update {event.updates} had a loss or gradient that is not finite and was refused "
                f"({event.in_a_row} in a row); its batch is in {event.batch_file}"
            )
        elif isinstance(event, Finished):
            self.close()
            done = "Training is complete" if event.reason == "complete" else "Stopped and saved"
            self.say(f"{done}: {event.env_steps:,} steps, {event.updates:,} updates, {event.checkpoint}")

    def say(self, text: str) -> None:
        """Print a line of its own, above the progress line where there is one."""
        with tqdm.external_write_mode(file=self._stream):
            self._stream.write(text + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Leave the progress line as it stands and go to the next."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _progress(self, event: Progress) -> None:
        if self._bar is not None:
            self._bar.set_description_str(progress_line(event, self._total), refresh=False)
            self._bar.update(event.env_steps - self._bar.n)
        elif not self._stream.isatty() and event.elapsed >= self._next_plain_line:
            self._next_plain_line = event.elapsed + _PLAIN_LINE_SECONDS
            self.say(progress_line(event, self._total))


def progress_line(event: Progress, total_steps: int) -> str:
    """What a person wants to know of a run, in one line."""
    parts = [
        f"{event.env_steps:,}/{total_steps:,} steps",
        f"{event.updates_per_second:.2f} updates/s",
        f"{event.frames_per_second:,.0f} frames/s",
        "no return yet" if event.mean_return is None else f"return {event.mean_return:.2f}",
        "time left unknown" if event.seconds_left is None else f"{timedelta(seconds=round(event.seconds_left))} left",
    ]
    return ", ".join(parts)


def scores_line(scores: Mapping[str, float]) -> str:
    """Mean returns with their standard errors, such as `train 6.20 ± 0.50, validation 5.10 ± 0.60`."""
    parts = []
    for name, score in scores.items():
        what, _, key = name.rpartition(".")
        if key == "mean_return":
            error = scores.get(f"{what}.stderr")
            parts.append(f"{what} {score:.2f}" + ("" if error is None else f" ± {error:.2f}"))
    return ", ".join(parts)
