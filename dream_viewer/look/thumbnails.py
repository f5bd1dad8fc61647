"""Small pictures of frames for lists, sharp on every screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect
from PyQt6.QtGui import QColor, QIcon, QPainter, QPixmap

from dream_viewer.imaging import to_qimage

SCALE = 2
"""Device pixels per logical pixel that there are at most; where a screen has less, Qt makes the picture smaller."""


def thumbnail(frame: NDArray[np.uint8], side: int, edge: int = 0, colour: QColor | None = None) -> QIcon:
    """A frame as an icon, the same in a row that is picked out.

    Args:
        frame: (64, 64, 3) uint8. side: in logical pixels. edge: width of a border in one colour, within the side.
        colour: of the border.
    """
    picture = QPixmap(SCALE * side, SCALE * side)
    if colour is not None:
        picture.fill(colour)
    inset = SCALE * edge
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(QRect(picture.rect()).adjusted(inset, inset, -inset, -inset), to_qimage(frame))
    painter.end()
    icon = QIcon(picture)
    icon.addPixmap(picture, QIcon.Mode.Selected)  # Qt would tint it
    return icon
