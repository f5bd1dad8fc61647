"""What each action leads to: imagined by a real, untrained agent, and found out in the real game."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.player_support import SHORT_GAME, SHORT_LEVEL, result_of, small_agent, try_fewer_actions
from trainer.branches import WhatIf
from trainer.episode import Fork, Moment, Reading
from trainer.player import Player
from trainer.randomness import torch_generator
from trainer.resimulation import KEYFRAME_EVERY
from trainer.what_if import what_if
from trainer.world_model.rssm import Latent

HORIZON = 6
FOUR_WAYS = (1, 3, 4, 5, 7)
"""Actions that differ in the game."""


@pytest.fixture
def player(monkeypatch: pytest.MonkeyPatch) -> Iterator[Player]:
    try_fewer_actions(monkeypatch)
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    yield player
    player.close()


def live(player: Player, steps: int) -> None:
    for _ in range(steps):
        if not player.ended:
            player.advance()


def ask(player: Player, index: int, horizon: int = HORIZON) -> WhatIf:
    return result_of(player.what_if(0, index, reading(player.moments[index]), player.episode, horizon))


def reading(moment: Moment) -> Reading:
    assert moment.reading is not None
    return moment.reading


def test_every_action_that_differs_gets_an_imagined_and_a_real_branch(player: Player) -> None:
    place = KEYFRAME_EVERY + 2
    live(player, place + 1)
    answer = ask(player, place)
    assert answer.actions == FOUR_WAYS
    taken = answer.dream.actions
    assert taken[:, 0].tolist() == list(FOUR_WAYS) and answer.dream.frames.shape == (5, HORIZON, 64, 64, 3)
    assert answer.forks is not None and answer.real is not None
    for branch, fork in enumerate(answer.forks):
        alone = result_of(player.fork(0, place, player.episode, taken[branch].tolist()))
        assert alone is not None and fork.outcome == alone.outcome
        assert np.array_equal(fork.frames, alone.frames) and np.array_equal(fork.rewards, alone.rewards)
    again = ask(player, place)
    assert np.array_equal(again.dream.frames, answer.dream.frames), "the same Moment shows the same branches"


def test_nothing_but_the_first_action_tells_dreams_apart(player: Player) -> None:
    agent, start = player.agent, player.agent.latent_of(reading(player.moments[0]))
    twins = result_of(agent.dream_steps(4, np.array([[7], [7], [3]]), start=start, same_luck=True))
    assert np.array_equal(twins.frames[0], twins.frames[1]) and np.array_equal(twins.actions[0], twins.actions[1])
    assert not np.array_equal(twins.frames[0], twins.frames[2])
    strangers = result_of(agent.dream_steps(4, np.array([[7], [7], [3]]), start=start))
    assert not np.array_equal(strangers.frames[0], strangers.frames[1])


def test_returns_are_discounted_rewards_and_the_value_of_the_last_state(player: Player) -> None:
    live(player, 4)
    answer = ask(player, 2)
    discount, dream = 1 - 1 / player.agent.horizon, answer.dream
    promised = dream.values[:, -1].astype(float)
    for h in range(HORIZON - 1, -1, -1):
        promised = dream.rewards[:, h] + discount * dream.continues[:, h] * promised
    assert np.allclose(answer.dreamed, promised, rtol=1e-4)
    assert np.allclose(answer.survival, dream.continues.prod(1))
    assert answer.forks is not None and answer.real is not None
    rest = values_of_who_watched(player, 2, answer)
    assert not any(fork.outcome or fork.rewards.any() for fork in answer.forks)
    assert np.allclose(answer.real, discount**HORIZON * rest, rtol=1e-3)


def values_of_who_watched(player: Player, index: int, answer: WhatIf) -> np.ndarray:
    """What the agent thinks of the last real states after it saw every frame, with the luck of that answer."""
    agent, start = player.agent, player.agent.latent_of(reading(player.moments[index]))
    luck = torch_generator(0, "what if", 0, index)
    actions = answer.dream.actions
    result_of(agent.dream_steps(HORIZON, actions[:, :1], generator=luck, start=start, same_luck=True))
    latent = Latent(start.deter.expand(5, -1), start.stoch.expand(5, -1))
    assert answer.forks is not None
    for h in range(HORIZON):
        frames = np.stack([fork.frames[h] for fork in answer.forks])
        latent, _ = agent.observe(latent, torch.from_numpy(actions[:, h].copy()), agent.project(frames), False, luck)
    return agent.expected([latent])[2][:, 0]


def test_a_branch_that_is_lost_is_worth_what_it_received(player: Player) -> None:
    live(player, 500)
    assert player.episode.outcome == "lost"
    last = len(player.episode.steps) - 2
    answer = ask(player, last, horizon=20)
    assert answer.forks is not None and answer.real is not None
    lost = [branch for branch, fork in enumerate(answer.forks) if fork.outcome == "lost"]
    assert lost and not answer.real[lost].any(), "in this game there is no reward for dying"
    assert all(len(answer.forks[branch].frames) < 20 for branch in lost)


def test_a_game_that_does_not_repeat_itself_is_only_imagined(player: Player) -> None:
    live(player, 3)
    step = player.episode.steps[2]
    player.episode.steps[2] = replace(step, frame=255 - step.frame)
    answer = ask(player, 2)
    assert answer.forks is None and answer.real is None and len(answer.dreamed) == len(FOUR_WAYS)


def test_finding_out_which_actions_differ_goes_on_where_it_was_left(
    player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def grouping(game: str, difficulty: str) -> Generator[None, None, tuple[tuple[int, ...], ...]]:
        for probe in range(5):
            tried.append(probe)
            yield
        return ((1, 0), (4,))

    monkeypatch.setattr("trainer.branching.grouping_actions", grouping)
    job = player.what_if(0, 0, reading(player.moments[0]), player.episode, 2)
    for _ in range(3):
        next(job)
    job.close()
    assert ask(player, 0, 2).actions == (1, 4) and tried == [0, 1, 2, 3, 4]


def test_ends_count_with_their_reward_and_only_the_end_of_the_time_with_more(player: Player) -> None:
    agent, start = player.agent, player.agent.latent_of(reading(player.moments[0]))
    seen = np.repeat(player.moments[0].step.frame[None], 2, 0)
    rewards = np.array([0.0, 1.0], np.float32)
    forks = tuple(Fork(seen, rewards, outcome, 10.0) for outcome in ("won", "lost", "timeout"))

    def fork(actions: np.ndarray) -> Generator[None, None, tuple[Fork, ...]]:
        yield
        return forks

    answer = result_of(what_if(agent, start, (1, 3, 7), 4, torch_generator(0, "test"), fork))
    assert answer.real is not None
    discount = 1 - 1 / agent.horizon
    assert answer.real[:2] == pytest.approx([discount + discount**2 * 10] * 2)
    assert abs(answer.real[2] - answer.real[0]) > 0.1
