"""Arrays to QImages. Qt does not own a numpy buffer, so what leaves here is a copy that Qt owns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage


def to_qimage(frame: NDArray[np.uint8]) -> QImage:
    """A QImage of its own memory from an (H, W, 3) uint8 RGB frame; any strides, read-only arrays too.

    Raises:
        ValueError: another shape or dtype.
    """
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise ValueError(f"a frame is (H, W, 3) uint8, not {frame.shape} {frame.dtype}")
    height, width, _ = frame.shape
    pixels = frame.tobytes()  # in order, whatever the strides; must live until Qt has its own copy
    view = QImage(pixels, width, height, 3 * width, QImage.Format.Format_RGB888)
    return view.convertToFormat(QImage.Format.Format_RGB32)
