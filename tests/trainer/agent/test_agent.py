"""What an agent tells people of a state."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.player_support import small_agent


@pytest.mark.parametrize("expected", [0.5, 1.0])
def test_the_continue_that_is_shown_is_without_the_discount(expected: float) -> None:
    """The head learns the probability times the discount."""
    agent = small_agent()
    weights = agent.state_tensors()
    weights["con/head/logit/kernel"].zero_()
    weights["con/head/logit/bias"].fill_(torch.logit(torch.tensor(expected * (1 - 1 / agent.horizon))))
    agent.load_state_tensors(weights)
    frame = np.zeros((64, 64, 3), np.uint8)
    _, reading = agent.read(agent.initial(1), 0, frame, True, torch.Generator().manual_seed(0))
    assert reading.continues == pytest.approx(expected)
    assert agent.dream(3).continues == pytest.approx(np.full((1, 3), expected))
