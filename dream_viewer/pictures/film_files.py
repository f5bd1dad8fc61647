"""Pictures, films and tables as files: drawn into a folder beside the target first, whole or not there at all."""

from __future__ import annotations

import csv
import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import av.filter
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from trainer.errors import UserError
from trainer.jsonfile import check_target
from trainer.safe_writing import write_safely

PICTURES = (".png",)
FILMS = (".mp4", ".gif")
TABLES = (".csv", ".npz")
SUFFIXES = (*FILMS, *PICTURES, *TABLES)
"""What can be written, by the ending of the name."""
FPS = 15
"""Frames a second of a film: the game's own pace."""
GIF_SIZE = (960, 720)
"""Width and height of an animated picture: half the file of full size, and still readable."""


def check_export(path: Path) -> None:
    """Refuse a file that could not be written later, before minutes are spent on its content.

    Raises:
        UserError: an ending that is none of SUFFIXES, or a place that cannot be written to.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path}: can be exported to {', '.join(SUFFIXES)} only; choose one of these endings.")
    check_target(path)


class FilmFile(ABC):
    """A film in the making, as a context: it gets its name when that is left without an error, or else vanishes.

    Args:
        path: the final name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> FilmFile:
        """Begin.

        Raises:
            UserError: the disk refuses.
        """
        try:
            self._folder = tempfile.TemporaryDirectory(prefix=".export-", dir=self._path.parent)
            self.begin(Path(self._folder.name) / "film")
        except OSError as error:
            if self._folder is not None:
                self._folder.cleanup()
            raise self._refusal(error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish, or clean up.

        Raises:
            UserError: the disk refuses; a file of that name is left as it was.
        """
        assert self._folder is not None
        made = Path(self._folder.name) / "film"
        try:
            self.end()
            if kind is None:
                write_safely(self._path, lambda temporary: os.replace(made, temporary))
        except OSError as refusal:
            if kind is None:
                raise self._refusal(refusal) from refusal
        finally:
            self._folder.cleanup()

    def add(self, image: Image.Image) -> None:
        """Append a frame.

        Raises:
            UserError: the disk refuses.
        """
        try:
            self.draw(image)
        except OSError as error:
            raise self._refusal(error) from error

    @abstractmethod
    def begin(self, file: Path) -> None:
        """Open the unfinished file."""

    @abstractmethod
    def draw(self, image: Image.Image) -> None:
        """Append a frame to it."""

    @abstractmethod
    def end(self) -> None:
        """Close it."""

    def _refusal(self, error: OSError) -> UserError:
        why = error.strerror or error
        return UserError(f"{self._path}: cannot be written ({why}); free some space or choose another folder.")


class Mp4File(FilmFile):
    """H.264 in MP4, as every browser plays it."""

    def begin(self, file: Path) -> None:
        """Open the unfinished file."""
        self._container = av.open(str(file), "w", format="mp4", options={"movflags": "faststart"})
        self._stream: Any = self._container.add_stream("libx264", rate=Fraction(FPS))
        self._stream.pix_fmt = "yuv420p"
        self._stream.options = {"crf": "20", "preset": "veryfast", "threads": "1"}
        self._sized = False

    def draw(self, image: Image.Image) -> None:
        """Append a frame to it."""
        if not self._sized:
            self._stream.width, self._stream.height = image.size
            self._sized = True
        frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def end(self) -> None:
        """Close it."""
        if self._sized:
            self._container.mux(self._stream.encode())
        self._container.close()


class GifFile(FilmFile):
    """An animated picture that begins again for ever; each frame has the colours that suit it."""

    def begin(self, file: Path) -> None:
        """Open the unfinished file."""
        self._container = av.open(str(file), "w", format="gif", options={"loop": "0"})
        self._stream: Any = self._container.add_stream("gif", rate=Fraction(FPS))
        self._stream.pix_fmt = "pal8"
        self._stream.width, self._stream.height = GIF_SIZE
        self._graph: av.filter.Graph | None = None
        self._drawn = 0

    def draw(self, image: Image.Image) -> None:
        """Append a frame to it."""
        if self._graph is None:
            self._graph = _reduction(*image.size)
        frame = av.VideoFrame.from_ndarray(np.asarray(image), format="rgb24")
        frame.pts, frame.time_base = self._drawn, Fraction(1, FPS)
        self._drawn += 1
        self._graph.push(frame)
        self._take()

    def end(self) -> None:
        """Close it."""
        if self._graph is not None:
            self._graph.push(None)
            self._take()
            self._container.mux(self._stream.encode())
        self._container.close()

    def _take(self) -> None:
        """Write the frames that are reduced by now."""
        assert self._graph is not None
        while True:
            try:
                reduced: Any = self._graph.pull()
            except (av.BlockingIOError, av.EOFError):  # the library's words for: no more yet, no more at all
                return
            self._container.mux(self._stream.encode(reduced))


def _reduction(width: int, height: int) -> av.filter.Graph:
    """Frames of so many pixels scaled to GIF_SIZE and reduced to 192 colours, each to its own."""
    graph = av.filter.Graph()
    source = graph.add_buffer(width=width, height=height, format=av.VideoFormat("rgb24"), time_base=Fraction(1, FPS))
    scale = graph.add("scale", f"{GIF_SIZE[0]}:{GIF_SIZE[1]}:flags=lanczos")
    split, sink = graph.add("split"), graph.add("buffersink")
    choose = graph.add("palettegen", "stats_mode=single:max_colors=192")
    apply = graph.add("paletteuse", "new=1:dither=none")
    source.link_to(scale)
    scale.link_to(split)
    split.link_to(choose, 0, 0)
    split.link_to(apply, 1, 0)
    choose.link_to(apply, 0, 1)
    apply.link_to(sink)
    graph.configure()
    return graph


def film_file(path: Path) -> FilmFile:
    """The film that a name's ending asks for."""
    return Mp4File(path) if path.suffix.lower() == ".mp4" else GifFile(path)


def write_picture(path: Path, image: Image.Image) -> None:
    """Write a PNG, whole or not at all.

    Raises:
        UserError: the disk refuses.
    """
    write_safely(path, lambda temporary: image.save(temporary, "PNG"))


def write_table(path: Path, columns: Mapping[str, NDArray[Any]], notes: Mapping[str, Any]) -> None:
    """Write curves as CSV (one row a step, empty where there is nothing) or NPZ, whole or not at all.

    Args:
        path: its ending says which. columns: name to (T,) numbers or words. notes: single values, for NPZ only.

    Raises:
        UserError: the disk refuses.
    """
    if path.suffix.lower() == ".npz":
        arrays = {**columns, **{name: np.array(value) for name, value in notes.items()}}
        write_safely(path, lambda temporary: _write_npz(temporary, arrays))
    else:
        write_safely(path, lambda temporary: _write_csv(temporary, columns))


def _write_csv(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(columns)
        table.writerows(map(_cell, row) for row in zip(*columns.values(), strict=True))


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    number = float(value)
    return "" if np.isnan(number) else f"{number:.7g}"


def _write_npz(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays)
