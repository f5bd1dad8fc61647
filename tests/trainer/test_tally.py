from __future__ import annotations

import json

import pytest

from trainer.events import EpisodeEnded
from trainer.tally import WALL_CLOCK, Mark, Pace, Tally


def test_a_row_holds_the_means_since_the_last_one() -> None:
    tally = Tally(frames_per_update=10)
    tally.begin(Mark(100.0, 5, 1000))
    assert tally.empty
    tally.update({"loss": 1.0})
    tally.update({"loss": 4.0})
    tally.episode(EpisodeEnded(1010, 3, 10.0, 7, "won"))
    tally.episode(EpisodeEnded(1020, 4, 0.0, 9, "lost"))
    row = tally.row(Mark(104.0, 7, 1080))
    assert row == {
        "loss": 2.5,
        "train.mean_return": 5.0,
        "train.mean_length": 8.0,
        "train.episodes": 2.0,
        "elapsed": 104.0,
        "updates_per_second": 0.5,
        "frames_per_second": 5.0,
        "env_steps_per_second": 20.0,
    }
    assert set(WALL_CLOCK) < set(row)
    assert tally.empty
    tally.update({"loss": 8.0})
    row = tally.row(Mark(105.0, 8, 1080))
    assert row["loss"] == 8.0 and "train.episodes" not in row


def test_a_half_full_interval_survives_a_checkpoint() -> None:
    ours, theirs = Tally(1), Tally(1)
    ours.update({"loss": 0.1})
    ours.episode(EpisodeEnded(10, 3, 1.0, 7, "won"))
    theirs.load(json.loads(json.dumps(ours.state())))
    for tally in (ours, theirs):
        tally.update({"loss": 0.2})
    now = Mark(1.0, 2, 10)
    assert ours.row(now) == theirs.row(now)


def test_rates_look_back_half_a_minute() -> None:
    pace = Pace()
    assert pace.rates(Mark(10.0, 0, 0)) == (0.0, 0.0)
    assert pace.rates(Mark(20.0, 5, 160)) == (0.5, 16.0)
    for second in range(21, 81):
        rates = pace.rates(Mark(float(second), 5 + 2 * (second - 20), 160))
    assert rates == pytest.approx((2.0, 0.0))
