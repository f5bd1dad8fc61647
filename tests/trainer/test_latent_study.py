"""The state of a Moment from inside, and what touching it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.player_support import result_of, small_agent
from trainer.agent.agent import Agent
from trainer.episode import Moment, Step
from trainer.latent_study import look_inside, touch
from trainer.reader import Glance, Reader


def moments(agent: Agent, count: int = 3) -> list[Moment]:
    frames = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)
    reader, found = Reader(agent, 0, 0), []
    for t, frame in enumerate(frames):
        reading = reader.look(Glance(frame, None if t == 0 else t), None).reading
        found.append(Moment(Step(frame, 0.0, t + 1, t == 0, False, False, 7), reading, None))
    return found


def test_the_probabilities_are_those_that_made_the_reading() -> None:
    agent = small_agent()
    _, before, here = moments(agent)
    inside = result_of(look_inside(agent, here, before))
    assert here.reading is not None and before.reading is not None and inside.prior is not None
    assert inside.posterior.shape == inside.prior.shape == (4, 4)
    np.testing.assert_allclose(inside.posterior.sum(-1), 1, atol=1e-5)
    surprise = (inside.posterior * np.log(inside.posterior / inside.prior)).sum()
    assert surprise == pytest.approx(here.reading.surprise, rel=1e-3), "the surprise of the reading lies between them"
    assert inside.change is not None and inside.change.shape == (8, 4)
    np.testing.assert_array_equal(inside.change.ravel(), here.reading.deter - before.reading.deter)
    np.testing.assert_array_equal(inside.drawn, here.reading.stoch)


def test_on_the_first_frame_nothing_was_expected_and_nothing_changed() -> None:
    agent = small_agent()
    inside = result_of(look_inside(agent, moments(agent)[0], None))
    assert inside.prior is None and inside.change is None and inside.posterior.shape == (4, 4)


def test_a_class_set_by_hand_changes_picture_and_value_and_set_back_it_does_not() -> None:
    agent = small_agent()
    reading = moments(agent)[2].reading
    assert reading is not None
    drawn = [(place, int(index)) for place, index in enumerate(reading.stoch)]
    same = result_of(touch(agent, reading, drawn))
    assert np.abs(same.frame.astype(int) - reading.belief).max() <= 1 and same.value == pytest.approx(reading.value)
    once = result_of(touch(agent, reading, [(1, (drawn[1][1] + 1) % 4)]))
    twice = result_of(touch(agent, reading, [(1, (drawn[1][1] + 1) % 4), (3, (drawn[3][1] + 2) % 4)]))
    assert (once.frame != same.frame).any() and (twice.frame != once.frame).any()
    assert len({same.value, once.value, twice.value}) == 3
    assert list(reading.stoch) == [index for _, index in drawn], "the reading itself stays"


def test_other_weights_and_impossible_classes_are_refused() -> None:
    agent = small_agent()
    _, before, here = moments(agent)
    assert here.reading is not None and before.reading is not None
    stranger = replace(here, reading=replace(here.reading, generation=9))
    for moment, earlier in ((stranger, before), (here, replace(before, reading=replace(before.reading, generation=9)))):
        with pytest.raises(ValueError, match="generation"):
            result_of(look_inside(agent, moment, earlier))
    for place, index in ((4, 0), (0, 4), (-1, 0)):
        with pytest.raises(ValueError, match="4 latents of 4"):
            result_of(touch(agent, here.reading, [(place, index)]))
