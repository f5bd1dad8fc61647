"""Scales widen on round numbers and never jump back."""

import numpy as np
import pytest

from dream_viewer.pictures.scales import SteadyScale, ladder, steps_shown


@pytest.mark.parametrize(
    ("value", "rung"), [(-1, 0), (0, 0), (0.2, 1), (1, 1), (1.01, 2), (7, 10), (10, 10), (10.1, 20), (470, 500)]
)
def test_ladder(value: float, rung: float) -> None:
    assert ladder(value) == rung


def test_only_what_exceeds_the_limits_moves_them() -> None:
    scale = SteadyScale()
    assert scale.include(np.array([6.0, np.nan], np.float32))
    assert (scale.low, scale.high) == (0, 10)
    assert not scale.include(np.array([0.5, 9.9], np.float32))
    assert (scale.low, scale.high) == (0, 10)
    assert scale.include(np.array([-3.0], np.float32))
    assert (scale.low, scale.high) == (-5, 10)


def test_a_small_excess_moves_nothing() -> None:
    scale = SteadyScale()
    scale.include(np.array([9.0]))
    assert not scale.include(np.array([10.5, -0.6]))
    assert scale.include(np.array([11.0])) and scale.high == 20


def test_noise_below_zero_keeps_zero_at_the_bottom() -> None:
    scale = SteadyScale()
    scale.include(np.array([8.0, -0.3], np.float32))
    assert scale.low == 0


def test_nothing_known_moves_nothing() -> None:
    scale = SteadyScale()
    assert not scale.include(np.array([np.nan], np.float32))
    assert not scale.include(np.empty(0, np.float32))


def test_reset_forgets() -> None:
    scale = SteadyScale()
    scale.include(np.array([80.0, -80.0]))
    scale.reset()
    assert (scale.low, scale.high) == (0, 1)


def test_a_growing_episode_changes_its_scale_seldom() -> None:
    lengths = {steps_shown(steps) for steps in range(1001)}
    assert len(lengths) == 6
    assert all(steps_shown(steps) >= steps for steps in range(7000))
