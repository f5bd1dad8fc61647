"""A frame as a small picture in a list."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QSize
from PyQt6.QtGui import QColor, QIcon
from pytestqt.qtbot import QtBot

from dream_viewer.look.thumbnails import thumbnail
from tests.dream_viewer.feed import frame


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_it_is_sharp_on_every_screen_and_looks_the_same_where_it_is_picked_out(qtbot: QtBot, ratio: float) -> None:
    icon = thumbnail(frame(1), 44, 2, QColor("red"))
    plain, picked = (icon.pixmap(QSize(44, 44), ratio, mode) for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected))
    assert plain.width() == 44 * ratio, "nothing is enlarged"
    assert plain.toImage() == picked.toImage()
    image = plain.toImage()
    assert image.pixelColor(0, 0) == QColor("red") and image.pixelColor(image.rect().center()) != QColor("red")
