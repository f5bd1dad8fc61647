"""The still picture of a Moment: everything has its place, and the same Moment gives the same picture."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.messages.futures import FutureKey
from dream_viewer.pictures.composition import MOST_CELLS, SIZE, Composer, Scene, value_colour
from dream_viewer.pictures.film import film
from dream_viewer.records import Course, View
from tests.dream_viewer.feed import forked, frame, future

GREEN, RED, WHITE = (67, 181, 129), (239, 91, 91), (221, 226, 234)


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
