"""The live lane's clock, with a clock of the test's own."""

from __future__ import annotations

import pytest

from dream_viewer.workers.pace import END_FRAMES, LOOKS, PICTURES_PER_SECOND, Pace


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pace(clock: Clock) -> Pace:
    pace = Pace(clock)
    pace.set_fps(10)
    pace.set_running(True)
    return pace


def test_steps_come_a_period_apart(pace: Pace, clock: Clock) -> None:
    assert not pace.take_turn() and pace.rest() == pytest.approx(0.1)
    clock.now += 0.11
    assert pace.take_turn() and not pace.take_turn()
    assert pace.rest() == pytest.approx(0.09), "a late turn is made up for"


def test_a_long_sleep_is_not_made_up_for(pace: Pace, clock: Clock) -> None:
    clock.now += 5
    assert pace.take_turn() and pace.take_turn() is True
    assert not pace.take_turn(), "one that is due, one that is owed, and no more"


def test_at_rest_nothing_is_due(pace: Pace, clock: Clock) -> None:
    pace.set_running(False)
    clock.now += 5
    assert not pace.take_turn() and pace.rest() is None and pace.rate() is None


def test_an_end_stays_on_show(pace: Pace, clock: Clock) -> None:
    clock.now += 0.1
    assert pace.take_turn()
    pace.linger()
    assert pace.rest() == pytest.approx(0.1 * (1 + END_FRAMES))


def test_a_higher_speed_works_at_once(pace: Pace, clock: Clock) -> None:
    pace.set_fps(1)
    assert pace.rest() == pytest.approx(0.1)
    pace.set_fps(100)
    assert pace.rest() == pytest.approx(0.01)


def test_the_rate_counts_the_last_second(pace: Pace, clock: Clock) -> None:
    for _ in range(30):
        clock.now += 0.1
        pace.lived(0.01)
    assert pace.rate() == pytest.approx(10, abs=1)


def test_pictures_are_not_drawn_faster_than_they_are_seen(pace: Pace, clock: Clock) -> None:
    drawn = 0
    for _ in range(1000):
        clock.now += 0.001
        drawn += pace.wants_picture()
    assert drawn == pytest.approx(PICTURES_PER_SECOND, abs=2)
    pace.set_running(False)
    assert pace.wants_picture() and pace.wants_picture(), "at rest each one is"


def test_at_their_own_rate_no_step_stays_undrawn_for_coming_a_little_early(pace: Pace, clock: Clock) -> None:
    drawn = []
    for step in range(60):
        clock.now = step / PICTURES_PER_SECOND + (-1) ** step * 0.003
        drawn.append(pace.wants_picture())
    assert all(drawn)
    for step in range(120):
        clock.now = 10 + step / (2 * PICTURES_PER_SECOND) + (-1) ** step * 0.003
        drawn.append(pace.wants_picture())
    assert sum(drawn[60:]) == pytest.approx(60, abs=1), "every other one at twice the rate"


def test_the_agents_time_is_a_median_of_the_newest_frames(pace: Pace) -> None:
    assert pace.model_ms() is None
    for seconds in (0.5, 0.010, 0.012, 0.011):
        pace.lived(seconds)
    assert pace.model_ms() == pytest.approx(11.5)
    for _ in range(2 * LOOKS):
        pace.lived(0.020)
    assert pace.model_ms() == pytest.approx(20)
