"""One episode and its series."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.lived import Blinds, Reread
from tests.dream_viewer.feed import arrival, frame, moment
from trainer.episode import Blind, Moment, Step


def end(level_seed: int = 12345) -> Moment:
    return Moment(Step(frame(9), 10.0, None, False, True, True, level_seed), None, None)


def test_series_follow_the_moments() -> None:
    reel = Reel(arrival([moment(0, value=1.0, surprise=None)]))
    for index in range(1, 600):
        reel.extend(arrival([moment(index, value=index, reward=0.5)], start=index))
    reel.extend(arrival([end()], start=600, outcome="won"))
    assert len(reel) == 601 and reel.last == 600 and reel.outcome == "won"
    assert reel.values[599] == 599 and np.isnan(reel.values[600]), "an end step has no value"
    assert np.isnan(reel.surprises[0]) and reel.surprises[1] == 2.0
    assert reel.returns[599] == pytest.approx(599 * 0.5) and reel.returns[600] == reel.returns[599] + 10
    assert not reel.values.flags.writeable
    assert reel.episode.total_reward == pytest.approx(float(reel.returns[-1]))


def test_moments_must_continue_the_episode() -> None:
    reel = Reel(arrival([moment(0), moment(1)]))
    for wrong in (arrival([moment(3)], start=3), arrival([moment(2)], start=2, number=1)):
        with pytest.raises(ValueError, match="do not continue"):
            reel.extend(wrong)
    assert len(reel) == 2


def test_another_generation_replaces_all_readings_at_once() -> None:
    reel = Reel(arrival([moment(0), moment(1)]))
    fresh = tuple(
        Moment(old.step, moment(i, value=9.0, generation=4).reading, None) for i, old in enumerate(reel.moments)
    )
    with pytest.raises(ValueError, match="readings"):
        reel.replace_readings(Reread(0, 4, fresh[:1]))
    assert reel.generation == 1 and reel.values[0] == 5
    reel.replace_readings(Reread(0, 4, fresh))
    assert reel.generation == 4 and list(reel.values) == [9, 9]


def test_a_dream_along_reality_belongs_to_one_generation() -> None:
    reel = Reel(arrival([moment(0), moment(1), moment(2)]))
    piece = (Blind(frame(1), 1), Blind(frame(2), 2))
    assert not reel.replace_blinds(Blinds(0, 2, 4, 1, piece))
    assert not reel.replace_blinds(Blinds(0, 1, 4, 2, piece)), "longer than the episode"
    assert reel.replace_blinds(Blinds(0, 1, 4, 1, piece))
    assert [m.blind.age if m.blind else None for m in reel.moments] == [None, 1, 2]
    reel.drop_blinds()
    assert all(m.blind is None for m in reel.moments)
