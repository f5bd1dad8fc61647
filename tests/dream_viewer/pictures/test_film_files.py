"""Pictures, films and tables: readable by others, whole or not there at all."""

from __future__ import annotations

import csv
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from dream_viewer.pictures.film_files import FPS, GIF_SIZE, check_export, film_file, write_picture, write_table
from trainer.errors import UserError


def picture(shade: int) -> Image.Image:
    pixels = np.full((240, 320, 3), 40, np.uint8)
    pixels[:, shade * 10 : shade * 10 + 60] = (230, 60, 40)
    return Image.fromarray(pixels)


def film(path: Path, frames: int = 6) -> None:
    with film_file(path) as file:
        for shade in range(frames):
            file.add(picture(shade))


def test_an_mp4_is_h264_with_every_frame_at_its_time(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4")
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.average_rate == FPS
        assert stream.codec_context.pix_fmt == "yuv420p", "as browsers want it"
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
    assert len(frames) == 6
    assert np.abs(frames[3].astype(int) - np.asarray(picture(3))).mean() < 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"], "nothing else is left"


def test_a_gif_runs_for_ever_at_the_games_pace(tmp_path: Path) -> None:
    film(tmp_path / "a.GIF")
    with Image.open(tmp_path / "a.GIF") as image:
        assert image.size == GIF_SIZE and image.n_frames == 6 and image.info["loop"] == 0
        assert abs(image.info["duration"] - 1000 / FPS) < 10
        image.seek(3)
        shown = np.asarray(image.convert("RGB").resize((320, 240)))
    assert np.abs(shown.astype(int) - np.asarray(picture(3))).mean() < 6


@pytest.mark.parametrize("ending", ["mp4", "gif"])
@pytest.mark.parametrize("frames", [0, 3])
def test_a_film_broken_off_leaves_the_old_file_and_no_other(ending: str, frames: int, tmp_path: Path) -> None:
    target = tmp_path / f"a.{ending}"
    target.write_bytes(b"before")
    with pytest.raises(KeyboardInterrupt), film_file(target) as file:
        for shade in range(frames):
            file.add(picture(shade))
        raise KeyboardInterrupt
    assert target.read_bytes() == b"before" and list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("ending", ["mp4", "gif"])
def test_a_folder_that_is_not_there_is_told(ending: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"), film_file(tmp_path / "no" / f"a.{ending}"):
        pass


def test_a_picture_is_a_png(tmp_path: Path) -> None:
    write_picture(tmp_path / "a.png", picture(2))
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG" and np.array_equal(np.asarray(image), np.asarray(picture(2)))


def test_curves_as_csv_and_npz(tmp_path: Path) -> None:
    columns = {"step": np.arange(3), "value": np.array([0.1, np.nan, -2.5], np.float32)}
    write_table(tmp_path / "a.csv", columns, {"game": "maze"})
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["0", "1", "2"]
    assert float(rows[0]["value"]) == pytest.approx(0.1) and rows[1]["value"] == "" and rows[2]["value"] == "-2.5"
    write_table(tmp_path / "a.npz", columns, {"game": "maze", "level_seed": 7})
    with np.load(tmp_path / "a.npz", allow_pickle=False) as arrays:
        assert np.array_equal(arrays["value"], columns["value"], equal_nan=True)
        assert str(arrays["game"]) == "maze" and int(arrays["level_seed"]) == 7


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    check_export(tmp_path / "a.MP4")
    with pytest.raises(UserError, match="can be exported to"):
        check_export(tmp_path / "a.avi")
    with pytest.raises(UserError, match="create the folder"):
        check_export(tmp_path / "no" / "a.mp4")
