"""Pictures for people, packed and kept within a budget."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dream_viewer.messages.lived import Picture
from dream_viewer.pictures import packed as packed_module
from dream_viewer.pictures.packed import PICTURE_SHAPE, PictureCache, pack_picture, unpack_picture


def test_packing_loses_nothing() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, PICTURE_SHAPE, np.uint8)
    assert np.array_equal(unpack_picture(pack_picture(pixels)), pixels)
    assert not unpack_picture(pack_picture(pixels)).flags.writeable


def test_the_pictures_unseen_for_longest_go_first() -> None:
    packed = pack_picture(np.zeros(PICTURE_SHAPE, np.uint8))
    cache = PictureCache(3 * len(packed))
    for index in range(3):
        cache.add(Picture(0, index, packed))
    assert cache.get(0, 0) is not None
    cache.add(Picture(0, 3, packed))
    assert (0, 1) not in cache and (0, 0) in cache and (0, 3) in cache
    assert cache.nbytes == 3 * len(packed)
    assert cache.get(0, 1) is None


def test_a_picture_drawn_again_counts_once() -> None:
    packed = pack_picture(np.zeros(PICTURE_SHAPE, np.uint8))
    cache = PictureCache()
    cache.add(Picture(0, 0, packed))
    cache.add(Picture(0, 0, packed))
    assert cache.nbytes == len(packed)


def test_a_picture_that_comes_unpacked_is_shown_as_it_came_while_it_is_the_newest() -> None:
    pixels = [np.full(PICTURE_SHAPE, index, np.uint8) for index in range(2)]
    cache = PictureCache()
    for index in range(2):
        cache.add(Picture(0, index, pack_picture(pixels[index]), pixels[index]))
    assert cache.get(0, 1) is pixels[1]
    first = cache.get(0, 0)
    assert first is not pixels[0] and np.array_equal(first, pixels[0])  # type: ignore[arg-type]


def test_an_expected_picture_is_unpacked_once_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []

    def noted(packed: bytes) -> object:
        threads.append(threading.current_thread())
        return unpack_picture(packed)

    monkeypatch.setattr(packed_module, "unpack_picture", noted)
    cache = PictureCache()
    for index in range(3):
        cache.add(Picture(0, index, pack_picture(np.full(PICTURE_SHAPE, index, np.uint8))))
    cache.expect(0, 1)
    cache.expect(0, 1)
    cache.expect(0, 7)  # is not kept
    for _ in range(2):
        shown = cache.get(0, 1)
        assert shown is not None and (shown == 1).all()
    assert len(threads) == 1 and threads[0] is not threading.main_thread()
    other = cache.get(0, 2)
    assert other is not None and (other == 2).all() and threads[1] is threading.main_thread()
