"""Arrays become pictures that nobody else can change."""

import numpy as np
import pytest

from dream_viewer.imaging import to_qimage


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)


@pytest.mark.parametrize("view", [lambda a: a, lambda a: a[::-1, ::2], lambda a: a.transpose(1, 0, 2)])
def test_every_pixel_is_where_it_was(view) -> None:
    frame = view(pixels())
    image = to_qimage(frame)
    assert (image.height(), image.width()) == frame.shape[:2]
    shown = [[image.pixelColor(x, y).getRgb()[:3] for x in range(image.width())] for y in range(image.height())]
    assert np.array_equal(np.array(shown), frame)


def test_the_picture_owns_its_memory() -> None:
    frame = pixels()
    image = to_qimage(frame)
    before = image.pixelColor(0, 0).getRgb()
    frame[:] = 255 - frame
    assert image.pixelColor(0, 0).getRgb() == before


def test_read_only_frames_are_taken() -> None:
    frame = pixels()
    frame.setflags(write=False)
    assert to_qimage(frame).width() == 7


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))])
def test_what_is_no_frame_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="a frame is"):
        to_qimage(bad)
