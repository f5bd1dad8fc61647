"""A pane's picture is exact, and its border tells the truth."""

import numpy as np
import pytest
from PyQt6.QtGui import QImage, QPainter
from PyQt6.QtWidgets import QApplication, QMainWindow, QToolButton
from pytestqt.qtbot import QtBot

from dream_viewer import actions
from dream_viewer.look import theme
from dream_viewer.records import View
from dream_viewer.widgets.pane import BORDER, CAPTION, HEADER, Pane
from dream_viewer.widgets.stage import LEAST_SIDE, NARROW_SIDE
from tests.dream_viewer.feed import frame


def noise(side: int = 64) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (side, side, 3), np.uint8)


@pytest.fixture
def pane(qtbot: QtBot) -> Pane:
    pane = Pane([])
    qtbot.addWidget(pane)
    return pane


def painted(pane: Pane, side: int, ratio: float = 1.0) -> np.ndarray:
    """(S, S, 3): the inside of the picture in device pixels, for a picture of `side` logical pixels."""
    chrome = pane.chrome()
    pane.resize(side + chrome.width(), side + chrome.height())
    image = QImage(pane.size() * ratio, QImage.Format.Format_RGB888)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    pane.render(painter)
    painter.end()
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    rows = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)
    left, top, size = (int(part * ratio + 0.5) for part in (BORDER, HEADER + BORDER, side))
    return pixels[top : top + size, left : left + size].copy()


@pytest.mark.parametrize(("side", "ratio", "factor"), [(320, 1.0, 5), (512, 1.0, 8), (256, 2.0, 8), (128, 1.5, 3)])
def test_pixel_art_is_enlarged_by_whole_factors(pane: Pane, side: int, ratio: float, factor: int) -> None:
    art = noise()
    pane.show_view(View(art, "observed"))
    assert np.array_equal(painted(pane, side, ratio), art.repeat(factor, 0).repeat(factor, 1))


def test_between_border_and_picture_is_nothing(pane: Pane) -> None:
    """A side of 85.33 logical pixels is given 86: the pixel too many is the border's."""
    pane.show_view(View(np.full((64, 64, 3), 200, np.uint8), "observed"))
    border = theme.colour("observed").getRgb()[:3]
    seen = {tuple(pixel) for pixel in painted(pane, 86, 1.5).reshape(-1, 3).tolist()}
    assert seen <= {border, (200, 200, 200)} and border in seen


def test_the_human_view_is_exact_at_its_own_size(pane: Pane) -> None:
    picture = noise(512)
    pane.show_view(View(picture, "observed"))
    assert np.array_equal(painted(pane, 512), picture)


def test_the_human_view_fills_a_smaller_pane(pane: Pane) -> None:
    pane.show_view(View(np.full((512, 512, 3), 200, np.uint8), "observed"))
    assert (painted(pane, 384) == 200).all()


@pytest.mark.parametrize(("origin", "word"), [("observed", "observed"), ("imagined", "imagined"), (None, "line")])
def test_the_border_has_the_colour_of_its_origin(pane: Pane, origin, word: str) -> None:
    pane.show_view(View(frame(3), origin))
    pane.resize(320 + pane.chrome().width(), 320 + pane.chrome().height())
    shown = pane.grab().toImage()
    assert shown.pixelColor(1, HEADER + 100) == theme.colour(word)
    assert shown.pixelColor(pane.width() - 2, HEADER + 100) == theme.colour(word)


def test_a_tag_of_the_border_s_colour_carries_its_word(pane: Pane) -> None:
    pane.resize(320, 380)
    seen = {}
    for origin in ("observed", "imagined"):
        pane.show_view(View(frame(3), origin))
        tag = pane.grab().toImage().copy(0, HEADER - 20, 110, 20)
        colours = [tag.pixelColor(x, y).name() for x in range(110) for y in range(20)]
        assert colours.count(theme.COLOURS[origin]) > 500
        seen[origin] = colours
    assert seen["observed"] != seen["imagined"]


def test_a_message_dims_the_picture(pane: Pane) -> None:
    bright = np.full((64, 64, 3), 255, np.uint8)
    pane.show_view(View(bright, "observed", "", "dreaming…"))
    assert pane.message == "dreaming…"
    assert painted(pane, 320)[:20, :20].max() < 120


def test_what_is_shown_moves_nothing(pane: Pane, qtbot: QtBot) -> None:
    pane.resize(326, 382)
    pane.show()
    before = [child.geometry() for child in pane.findChildren(type(pane._picture))]
    pane.show_view(
        View(frame(3), "imagined", "a caption that is much longer than there is room for it " * 3, "message")
    )
    pane.grab()
    assert [child.geometry() for child in pane.findChildren(type(pane._picture))] == before
    assert pane.size().height() == 382 and pane.minimumSizeHint().width() <= 326


def test_the_chrome_is_what_stands_around_the_picture() -> None:
    assert (Pane.chrome().width(), Pane.chrome().height()) == (2 * BORDER, 2 * BORDER + HEADER + CAPTION)


@pytest.mark.parametrize(("side", "narrow"), [(320, False), (LEAST_SIDE, False), (NARROW_SIDE, True)])
def test_no_choice_is_cut_in_a_small_pane(qtbot: QtBot, side: int, narrow: bool) -> None:
    theme.apply(QApplication.instance())  # type: ignore[arg-type]
    window = QMainWindow()
    qtbot.addWidget(window)
    by_id = actions.build(window)
    pane = Pane([by_id[name] for name in ("human", "agent")])
    pane.setParent(window)
    pane.set_narrow(narrow)
    chrome = Pane.chrome(narrow)
    pane.resize(side + chrome.width(), side + chrome.height())
    pane.show_view(View(frame(1), "observed", "+15 of 15 · right + up · value 9.69"))
    window.show()
    QApplication.sendPostedEvents()
    buttons = pane.choices.findChildren(QToolButton)
    assert len(buttons) == 2 and all(button.width() >= button.sizeHint().width() for button in buttons)
    tag, choices = pane._tag.geometry(), pane.choices.geometry()
    assert not tag.intersects(choices) and pane._header.rect().contains(tag.united(choices))
    assert pane._caption.text() == pane.caption, "in two lines where one is too short"
    assert pane.canvas.width() - 2 * BORDER == side and pane.canvas.height() - 2 * BORDER == side
