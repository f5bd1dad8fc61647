"""The model alone answers a person's keys."""

import numpy as np
import pytest
import torch

from tests.player_support import SHORT_GAME, SHORT_LEVEL, small_agent
from trainer.agent.agent import Agent
from trainer.dreamt_game import DreamtGame
from trainer.episode import Reading, dream_of
from trainer.player import Player

ACTIONS = [7, 7, 4, 2, 0]


@pytest.fixture
def agent() -> Agent:
    return small_agent()


@pytest.fixture
def reading(agent: Agent) -> Reading:
    player = Player(agent, SHORT_GAME, "easy")
    reading = player.new_level("unseen", SHORT_LEVEL).reading
    player.close()
    assert reading is not None
    return reading


def test_step_by_step_it_is_the_dream_of_the_same_actions(agent: Agent, reading: Reading) -> None:
    game = DreamtGame(agent, reading, torch.Generator().manual_seed(3))
    played = dream_of(agent.generation, [game.step(action) for action in ACTIONS])
    actions = np.array([ACTIONS])
    whole = agent.dream(5, actions, generator=torch.Generator().manual_seed(3), start=agent.latent_of(reading))
    assert np.array_equal(played.actions, whole.actions) and played.frames.shape == (1, 5, 64, 64, 3)
    assert np.abs(played.frames.astype(int) - whole.frames).max() <= 1
    for name in ("rewards", "continues", "values"):
        assert np.allclose(getattr(played, name), getattr(whole, name), atol=1e-4)
    assert not played.frames.flags.writeable


def test_the_same_keys_dream_the_same_and_others_something_else(agent: Agent, reading: Reading) -> None:
    player = Player(agent, SHORT_GAME, "easy")
    games = [player.dreamt_game(0, 5, reading) for _ in range(3)]
    first, again = ([game.step(action).frame for action in ACTIONS] for game in games[:2])
    other = [games[2].step(action).frame for action in reversed(ACTIONS)]
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_other_weights_do_not_take_the_dream_up(agent: Agent, reading: Reading) -> None:
    with pytest.raises(ValueError, match="generation"):
        DreamtGame(small_agent(generation=8), reading, torch.Generator())
