"""The strip under the mouse, and what its colours say."""

from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.messages.futures import FutureKey
from dream_viewer.pictures.film import film
from dream_viewer.widgets.film_strip import FRAMES, LEAST_SIDE, FilmStrip, heights
from tests.dream_viewer.feed import forked, future


def key(horizon: int = 15) -> FutureKey:
    return FutureKey(0, 12, 1, horizon, 0)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1100, 700)
    return window


@pytest.fixture
def strip(window: QWidget) -> FilmStrip:
    strip = FilmStrip(window)
    strip.setGeometry(20, 480, 1046, heights(1046)[2])
    window.show()
    return strip


def show(strip: FilmStrip, horizon: int = 15) -> None:
    strip.show_film(film(future(key(horizon), horizon), forked(key(horizon), horizon), lambda value: value / 10))


def test_every_frame_has_its_place_beside_the_one_before(strip: FilmStrip) -> None:
    show(strip)
    places = [strip.place_of(ahead) for ahead in range(15)]
    assert all(place is not None and strip.rect().contains(place) for place in places)
    assert all(a.right() < b.left() for a, b in itertools.pairwise(places))  # type: ignore[union-attr]


def test_an_end_or_a_reward_is_not_left_out(strip: FilmStrip) -> None:
    truth = forked(key(100), 40, "lost")
    strip.show_film(film(future(key(100), 100), truth, lambda value: value / 10))
    shown = [ahead for ahead in range(100) if strip.place_of(ahead) is not None]
    assert {2, 40} <= set(shown) and len(shown) == FRAMES, "a reward at the third, the end after the fortieth"
    assert shown == sorted(shown) and shown[0] == 0 and shown[-1] == 99


def test_a_long_future_is_thinned_out_evenly(strip: FilmStrip) -> None:
    strip.show_film(film(future(key(100), 100), None, lambda value: value / 10))
    shown = [ahead for ahead in range(100) if strip.place_of(ahead) is not None]
    assert len(shown) == FRAMES and shown[0] == 0 and shown[-1] == 99
    gaps = [b - a for a, b in itertools.pairwise(shown)]
    assert max(gaps) - min(gaps) <= 1


def test_edges_have_the_colour_of_the_value(strip: FilmStrip) -> None:
    show(strip)
    image = strip.grab().toImage()
    for ahead, tone in ((0, 0.5), (14, 0.8)):
        place = strip.place_of(ahead)
        assert place is not None
        assert image.pixelColor(place.left(), place.center().y()) == theme.value_colour(tone)


def test_hover_enlarges_and_leaving_ends_it(strip: FilmStrip, qtbot: QtBot) -> None:
    show(strip)
    place = strip.place_of(6)
    assert place is not None and strip.magnified is None
    qtbot.mouseMove(strip, place.center())
    assert strip.magnified == 6
    magnifier = strip._magnifier
    assert magnifier.parent() is strip.window() and magnifier.geometry().bottom() < strip.geometry().top()
    assert strip.window().rect().contains(magnifier.geometry())
    qtbot.mouseMove(strip, QPoint(3, 3))
    assert strip.magnified is None


def test_enlarged_at_the_edges_it_stays_in_the_window(strip: FilmStrip, qtbot: QtBot) -> None:
    show(strip)
    for ahead in (0, 14):
        place = strip.place_of(ahead)
        assert place is not None
        qtbot.mouseMove(strip, place.center())
        assert strip.window().rect().contains(strip._magnifier.geometry())


def test_a_click_asks_for_its_frame(strip: FilmStrip, qtbot: QtBot) -> None:
    show(strip)
    place = strip.place_of(9)
    assert place is not None
    below = place.center() + QPoint(0, place.height() + 10)
    for point in (place.center(), below):
        with qtbot.waitSignal(strip.chosen) as asked:
            qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=point)
        assert asked.args == [9]
    with qtbot.assertNotEmitted(strip.chosen):
        qtbot.mouseClick(strip, Qt.MouseButton.RightButton, pos=place.center())
        qtbot.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(place.center().x(), 4))


def test_without_a_future_it_says_why(strip: FilmStrip, qtbot: QtBot) -> None:
    strip.show_film(None, "imagining…")
    assert strip.film is None and strip.place_of(0) is None
    strip.grab()
    qtbot.mouseMove(strip, QPoint(200, 60))
    assert strip.magnified is None


@pytest.mark.parametrize("width", [662, 790, 1046, 1676, 2500])
def test_its_height_fits_its_width(width: int) -> None:
    least, good, most = heights(width)
    assert least <= good <= most <= 260 and least >= 2 * LEAST_SIDE
