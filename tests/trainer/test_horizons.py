"""What breaks a dream, and how long dreams hold on average."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.episode import Step
from trainer.horizons import LIMIT, Flaw, mean_horizon, told_flaw

FRAME = np.zeros((64, 64, 3), np.uint8)


@pytest.mark.parametrize(
    ("terminal", "reward", "continues", "flaw"),
    [
        (False, 0.0, 1.0, None),
        (False, 0.6, 1.0, "reward"),
        (False, -0.6, 1.0, "reward"),
        (False, 0.0, 0.4, "end"),
        (True, 10.0, 0.4, None),
        (True, 10.0, 0.6, "end"),
        (True, 9.0, 0.0, "reward"),
    ],
)
def test_what_a_dream_tells_beside_its_picture(terminal: bool, reward: float, continues: float, flaw: Flaw) -> None:
    step = Step(FRAME, 10.0 if terminal else 0.0, None if terminal else 7, False, terminal, terminal, 1)
    assert told_flaw(step, reward, continues) == flaw


def test_a_mean_counts_dreams_that_met_the_end_only_as_far_as_they_came() -> None:
    assert mean_horizon(np.array([4, 8]), np.array([True, True])) == pytest.approx(6)
    assert mean_horizon(np.array([LIMIT, LIMIT]), np.array([False, False])) == LIMIT
    # Of two dreams that saw frame 5 one broke there; the third had met the end: half hold, and then break at 11.
    frames, broken = np.array([4, 4, 10]), np.array([False, True, True])
    assert mean_horizon(frames, broken) == pytest.approx(4 + 0.5 * 6)
