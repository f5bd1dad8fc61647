"""The still picture of a Moment: everything has its place, and the same Moment gives the same picture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dream_viewer.messages.futures import FutureKey
from dream_viewer.pictures.composed_timeline import Fan
from dream_viewer.pictures.composition import MOST_CELLS, Composer, Scene
from dream_viewer.pictures.film import film
from dream_viewer.pictures.ink import SIZE, fitted, value_colour, width, wrapped
from dream_viewer.records import Beside, Course, View
from tests.dream_viewer.feed import forked, frame, future

GREEN, RED, WHITE = (67, 181, 129), (239, 91, 91), (221, 226, 234)
LINE, COMPANION, PLAYED = (42, 49, 59), (63, 208, 222), (184, 147, 245)
FORKED = (130, 170, 245)


def course(steps: int = 50) -> Course:
    values = np.linspace(1, 9, steps, dtype=np.float32)
    values[-1] = np.nan
    rewards = np.zeros(steps, np.float32)
    rewards[-1] = 10
    return Course(values, rewards, values + 1, np.full(steps, 3.0, np.float32), "won")


def scene(index: int = 20, horizon: int = 15, ahead: int | None = 4) -> Scene:
    key = FutureKey(0, 15, 1, horizon, 0)
    strip = film(future(key, horizon), forked(key, horizon), lambda value: value / 10)
    panes = (
        View(frame(3, 512), "observed", "Reality as people see it"),
        View(frame(9), "imagined", "Dream: 5 frames after a look"),
        View(None, None, "Difference", "nothing to compare here"),
    )
    return Scene(index, panes, strip, ahead, "step 20 of 49 · return +1")


def pixels(composer: Composer, what: Scene) -> np.ndarray:
    return np.asarray(composer.compose(what))


def test_panes_have_the_borders_of_their_origin_and_all_has_its_place() -> None:
    image = pixels(Composer("coinrun-12m", "level 3", course()), scene())
    assert image.shape == (SIZE[1], SIZE[0], 3) and image.dtype == np.uint8
    assert tuple(image[300, 25]) == GREEN and tuple(image[300, 441]) == RED
    assert np.array_equal(image[300, 240], frame(3, 512)[266, 277])
    assert (image[20:52, 24:300] == WHITE).all(-1).any(), "a title"


def test_the_dream_is_enlarged_pixel_by_pixel() -> None:
    image = pixels(Composer("", "", course()), scene())
    picture = image[108:492, 448:832]
    shown = picture[3::6, 3::6]
    assert np.array_equal(shown[8:], frame(9)[8:]), "below the word in its corner"


def test_only_the_cursor_moves_from_moment_to_moment() -> None:
    composer = Composer("a", "b", course())
    first, again, next_one = (pixels(composer, scene(index)) for index in (20, 20, 21))
    assert np.array_equal(first, again)
    rows = np.flatnonzero((first != next_one).any((1, 2)))
    assert rows.min() > 760, "the timeline alone"


def test_the_frame_that_reality_has_come_to_is_picked_out() -> None:
    composer = Composer("a", "b", course())
    picked, none = pixels(composer, scene(ahead=4)), pixels(composer, scene(ahead=None))
    columns = np.flatnonzero((picked != none).any((0, 2)))
    assert columns.min() > 24 + 4 * 82 - 10 and columns.max() < 24 + 5 * 83


@pytest.mark.parametrize("horizon", [1, MOST_CELLS, 60])
def test_any_horizon_fits(horizon: int) -> None:
    image = pixels(Composer("a", "b", course()), scene(horizon=horizon, ahead=None))
    assert (image[530:740, SIZE[0] - 20 :] == (18, 21, 26)).all()


@pytest.mark.parametrize("steps", [1, 2, 3000])
def test_any_episode_fits(steps: int) -> None:
    nothing = np.full(steps, np.nan, np.float32)
    values = np.full(steps, -3.0, np.float32)
    strange = Course(values, np.zeros(steps, np.float32), nothing, nothing)
    image = pixels(Composer("", "", strange), scene(index=steps - 1))
    assert (image[760:, SIZE[0] - 10 :] == (18, 21, 26)).all()


def test_the_end_of_an_episode_shows_what_there_is() -> None:
    panes = (View(frame(1), "observed", "", "won\nend"), View(message="end"), View())
    image = pixels(Composer("a", "b", course()), Scene(49, panes, None, None, ""))
    assert image[300, 40].max() < frame(1)[0, 0, 0] or image[300, 40].max() <= 1, "dimmed below the message"


def test_the_colour_of_a_value_goes_from_red_to_green() -> None:
    assert value_colour(0) == RED and value_colour(1) == (79, 197, 141) and value_colour(0.55) == (217, 196, 106)


def test_two_agents_have_panes_rows_and_curves_of_their_own() -> None:
    key = FutureKey(0, 15, 1, 15, 0)
    shot = film(future(key), forked(key), lambda value: value / 10, future(replace(key, kind="echo")), "other", "mine")
    assert (
        shot.imagined_title.startswith("As mine imagines it: the next 15") and shot.echo_title == "As other imagines it"
    )
    dreams = View(frame(9), "imagined", "Dream"), View(frame(2), None, "4 % off")
    panes = (View(frame(3, 512), "observed", "Reality as people see it"), *dreams, *dreams)
    values = np.linspace(9, 1, 50, dtype=np.float32)
    beside = Beside(("mine", "other"), ("mine, 4m", "other, 4m"), values, np.full(50, 1.5, np.float32))
    image = pixels(Composer("a", "b", course(), beside), Scene(20, panes, shot, 4, "", ("value 3.1", "value 6.2")))
    assert tuple(image[250, 25]) == GREEN
    assert tuple(image[250, 341]) == tuple(image[250, 821]) == RED, "a dream of each"
    assert tuple(image[250, 569]) == tuple(image[250, 1049]) == LINE, "and its difference"
    assert all((image[top : top + 64, 24:88] > 150).any() for top in (444, 552, 660)), "three rows of frames"
    errors = [(image[bottom + 4 : bottom + 18, 24:88] > 120).any() for bottom in (508, 616, 724)]
    assert errors == [True, True, False], "each dream's errors stand under its own frames"
    assert ((image[778:868, 64:1256] == COMPANION).all(-1)).any(), "a second curve"


def test_what_a_person_played_is_marked_at_the_foot_of_the_curves() -> None:
    played = replace(course(), played=((10, 19), (30, 30)))
    row = pixels(Composer("a", "b", played), scene(index=0))[870, 64:1256]
    marked = np.flatnonzero((row == PLAYED).all(-1)) / 1192 * 49
    assert marked.min() == pytest.approx(10, abs=0.1) and marked.max() == pytest.approx(31, abs=0.1)
    assert not ((marked > 20.1) & (marked < 29.9)).any()


def test_bookmarks_and_the_fan_stand_on_the_timeline() -> None:
    marked = replace(course(), bookmarks=(10,))
    band = np.array([[3] * 16, [5] * 16, [7] * 16], np.float32)
    plain = pixels(Composer("a", "b", marked, fan_end=64), scene(index=49))
    fanned = pixels(Composer("a", "b", marked, fan_end=64), replace(scene(index=49), fan=Fan(49, band)))
    at = 64 + round(10 / 64 * 1192)
    assert (plain[775, at - 3 : at + 4] == FORKED).all(), "a mark above the curves"
    columns = np.flatnonzero((plain != fanned).any((0, 2)))
    assert abs(columns.min() - (64 + 49 / 64 * 1192)) < 3 and columns.max() <= 1257, "it goes on behind the last step"
    column = fanned[778:868, 1200]
    assert (column == FORKED).all(-1).any() and (column != plain[778:868, 1200]).any(-1).sum() > 30, "median and band"


def test_words_are_made_to_fit() -> None:
    assert fitted("short", 15, 200) == "short"
    assert width("value\u00a09", 15) == width("value 9", 15), "no letter that the typeface lacks"
    long = fitted("a-name-that-nobody-would-give-to-a-file" * 3, 15, 200)
    assert width(long, 15) <= 200 and long.startswith("a-name") and long.endswith("file") and "…" in long
    assert wrapped("3 % off · orange: real", 14, 60) == "3 % off\norange: real"
    assert wrapped("3 % off · orange: real", 14, 600) == "3 % off · orange: real"
    assert wrapped("won\nthe end", 14, 600, " ") == "won\nthe end"
