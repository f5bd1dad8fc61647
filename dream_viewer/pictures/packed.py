"""The 512x512 human views: packed in the worker, kept within a budget, unpacked as they are painted or before."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages.lived import Picture

PICTURE_SHAPE = (512, 512, 3)
"""Height, width, channels of Procgen's human view."""

BUDGET_BYTES = 192 * 2**20
"""What all kept pictures may take together: some thousands of them."""


def pack_picture(pixels: NDArray[np.uint8]) -> bytes:
    """Compress (512, 512, 3) uint8 pixels without loss, at zlib's quickest level."""
    return zlib.compress(np.ascontiguousarray(pixels).data, 1)


def unpack_picture(packed: bytes) -> NDArray[np.uint8]:
    """(512, 512, 3) uint8, read-only, from what `pack_picture` made."""
    return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(PICTURE_SHAPE)


class PictureCache:
    """Packed pictures by episode and step; the ones unseen for longest go first when the budget is full."""

    def __init__(self, budget_bytes: int = BUDGET_BYTES) -> None:
        self._budget = budget_bytes
        self._bytes = 0
        self._pictures: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._newest: tuple[bytes, NDArray[np.uint8]] | None = None
        self._expected: tuple[bytes, Future[NDArray[np.uint8]]] | None = None
        self._unpacker = ThreadPoolExecutor(1, "unpacker")

    def __contains__(self, key: tuple[int, int]) -> bool:
        return key in self._pictures

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        return self._bytes

    def add(self, picture: Picture) -> None:
        """Keep a picture, at the cost of the least recently used ones."""
        key = (picture.number, picture.index)
        self._bytes -= len(self._pictures.pop(key, b""))
        self._pictures[key] = picture.packed
        self._bytes += len(picture.packed)
        if picture.pixels is not None:
            self._newest = (picture.packed, picture.pixels)
        while self._bytes > self._budget and len(self._pictures) > 1:
            _, packed = self._pictures.popitem(last=False)
            self._bytes -= len(packed)

    def get(self, number: int, index: int) -> NDArray[np.uint8] | None:
        """(512, 512, 3) uint8 pixels, or None where this Step's picture is not kept."""
        packed = self._pictures.get((number, index))
        if packed is None:
            return None
        self._pictures.move_to_end((number, index))
        if self._newest is None or self._newest[0] is not packed:  # one picture is asked for by several who show it
            self._newest = (packed, self._unpacked(packed))
        return self._newest[1]

    def expect(self, number: int, index: int) -> None:
        """Unpack a picture that is likely to be asked for next, in a thread of its own; if it is kept."""
        packed = self._pictures.get((number, index))
        if packed is None or (self._expected is not None and self._expected[0] is packed):
            return
        if self._expected is not None:
            self._expected[1].cancel()
        self._expected = (packed, self._unpacker.submit(unpack_picture, packed))

    def _unpacked(self, packed: bytes) -> NDArray[np.uint8]:
        if self._expected is not None and self._expected[0] is packed:
            return self._expected[1].result()
        return unpack_picture(packed)
