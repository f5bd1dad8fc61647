"""Records of a training become points."""

import numpy as np

from dream_viewer.curves.training_curves import PLOTS, WINDOW, points
from trainer.events import Evaluated, Metrics


def test_every_curve_has_points_even_before_there_are_any() -> None:
    found = points([], [], [])
    assert set(found) == {curve.key for plot in PLOTS for curve in plot.curves}
    assert all(len(steps) == len(values) == 0 for steps, values in found.values())


def test_rows_without_a_value_are_left_out() -> None:
    rows = [Metrics(10, 1, {"loss/image": 3.0}), Metrics(20, 2, {}), Metrics(30, 3, {"loss/image": 2.0})]
    steps, values = points(rows, [], [])["loss/image"]
    assert steps.tolist() == [10, 30] and values.tolist() == [3, 2]


def test_evaluations_go_to_train_and_validation() -> None:
    rows = [Evaluated(50, 5, {"train.mean_return": 6.0, "validation.mean_return": 5.0})]
    found = points([], rows, [])
    assert found["train"][1].tolist() == [6] and found["validation"][1].tolist() == [5]


def test_returns_are_averaged_over_the_newest_episodes() -> None:
    returns = [(i, float(i % 2 * 10)) for i in range(3 * WINDOW)]
    steps, values = points([], [], returns)["episodes"]
    assert values[0] == 0 and values[1] == 5
    assert np.allclose(values[WINDOW:], 5, atol=0.3)
    assert steps[-1] == 3 * WINDOW - 1
