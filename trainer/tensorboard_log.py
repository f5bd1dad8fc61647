"""TensorBoard's event files: a module of its own, since what writes them takes a tenth of a second to import."""

from __future__ import annotations

import io
import time
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tensorboard.compat.proto.event_pb2 import Event as LogEvent
from tensorboard.compat.proto.event_pb2 import SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

VIDEO_FRAME_MS = 80
"""Milliseconds a frame of an open-loop video is shown: slow enough to compare the three columns."""


class TensorBoardLog:
    """Scalars and animated pictures for TensorBoard.

    TensorBoard's own `add_video` wants moviepy and ffmpeg; an animated GIF is what it stores in the end, and Pillow
    writes that.

    Args:
        folder: of the event files. env_steps: where the run starts from; if not at 0, what an earlier process logged
            later than that is hidden.
    """

    def __init__(self, folder: Path, env_steps: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._writer = EventFileWriter(str(folder))
        if env_steps:
            session = SessionLog(status=SessionLog.START)
            self._writer.add_event(LogEvent(wall_time=time.time(), step=env_steps + 1, session_log=session))

    def scalars(self, values: Mapping[str, float], env_steps: int) -> None:
        """Log numbers by name."""
        self._add([Summary.Value(tag=name, simple_value=value) for name, value in values.items()], env_steps)

    def video(self, name: str, frames: NDArray[np.uint8], env_steps: int) -> None:
        """Log an animated picture.

        Args:
            name: its tag. frames: (T, height, width, 3) uint8. env_steps: counter.
        """
        _, height, width, _ = frames.shape
        picture = Summary.Image(height=height, width=width, colorspace=3, encoded_image_string=gif(frames))
        self._add([Summary.Value(tag=name, image=picture)], env_steps)

    def close(self) -> None:
        """Write what is pending and close the file."""
        self._writer.close()

    def _add(self, values: list[Summary.Value], env_steps: int) -> None:
        self._writer.add_event(LogEvent(wall_time=time.time(), step=env_steps, summary=Summary(value=values)))


def gif(frames: NDArray[np.uint8]) -> bytes:
    """An endless animated GIF of (T, height, width, 3) uint8 frames."""
    first, *rest = [Image.fromarray(frame) for frame in frames]
    buffer = io.BytesIO()
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=VIDEO_FRAME_MS, loop=0)
    return buffer.getvalue()
