"""Scores on the real games: which episodes count, in which order, and what they are worth."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.envs.protocol import StepBatch
from trainer.evaluation.report import drive
from trainer.evaluation.scores import (
    AgentPolicy,
    RandomPolicy,
    Result,
    Scores,
    Tick,
    level_list,
    open_levels,
    play,
    score_agent,
    score_random,
)

RIGHT_AND_JUMP = 8
WAIT = 4


class ConstantPolicy:
    """Always the same action, so that an episode depends on nothing but its level."""

    def __init__(self, action: int) -> None:
        self._action = action

    def act(self, shown: StepBatch) -> NDArray[np.int32]:
        return np.full(len(shown.is_first), self._action, np.int32)


def constant_scores(game: str, seeds: list[int], action: int) -> Scores:
    env = open_levels(game, "easy", seeds)
    try:
        return drive(play(env, ConstantPolicy(action), seeds, "levels"))
    finally:
        env.close()


def test_the_list_of_levels_is_fixed_and_grows_at_its_end() -> None:
    assert level_list("train", 3) == [0, 1, 2]
    assert level_list("validation", 3) == [200, 201, 202]
    assert level_list("test", 3) == [10_000, 10_001, 10_002]
    assert level_list("test", 3, skip=2) == [10_002, 10_003, 10_004]


def test_a_short_list_of_levels_starts_again() -> None:
    assert level_list("train", 5, levels=2) == [0, 1, 0, 1, 0]


def test_every_level_counts_once_whichever_ends_first() -> None:
    seeds = [*level_list("test", 19), 10_003, 10_003]
    together = constant_scores("coinrun", seeds, RIGHT_AND_JUMP)
    alone = {seed: constant_scores("coinrun", [seed], RIGHT_AND_JUMP).results[0] for seed in seeds}

    assert together.results == tuple(alone[seed] for seed in seeds)
    assert len({result.length for result in together.results}) > 5
    for result in together.results:
        assert result.total_reward == (10.0 if result.outcome == "won" else 0.0)
    assert {"won", "lost"} <= {result.outcome for result in together.results}


def test_time_outs_count() -> None:
    scores = constant_scores("maze", level_list("train", 3), WAIT)
    assert [result.outcome for result in scores.results] == ["timeout"] * 3
    assert [result.length for result in scores.results] == [500] * 3


def test_the_random_policy_takes_every_action_and_repeats_itself() -> None:
    env = open_levels("leaper", "easy", [0])
    shown = env.current()
    env.close()
    first, second = RandomPolicy(15, seed=3), RandomPolicy(15, seed=3)
    draws = [int(first.act(shown)[0]) for _ in range(300)]
    assert draws == [int(second.act(shown)[0]) for _ in range(300)]
    assert set(draws) == set(range(15))


def test_random_scores_repeat_and_tell_how_far_they_are() -> None:
    ticks: list[Tick] = []
    seeds = level_list("validation", 20)
    first = drive(score_random("leaper", "easy", seeds, "random policy"), ticks.append)
    assert first == drive(score_random("leaper", "easy", seeds, "random policy"))
    assert [result.level_seed for result in first.results] == seeds
    done = [tick.done for tick in ticks]
    assert done == sorted(done)
    assert ticks[-1] == Tick("random policy", 20, 20)


def test_the_agents_scores_repeat_and_leave_its_weights_alone() -> None:
    agent = Agent(SIZES["debug"])
    weights = agent.state_tensors()
    seeds = level_list("train", 5)
    first = drive(score_agent(agent, "leaper", "easy", seeds, "train levels"))
    state = torch.get_rng_state()
    assert first == drive(score_agent(agent, "leaper", "easy", seeds, "train levels"))
    assert torch.equal(state, torch.get_rng_state())
    assert first != drive(score_agent(agent, "leaper", "easy", seeds, "train levels", seed=1))
    assert all(torch.equal(tensor, weights[name]) for name, tensor in agent.state_tensors().items())


def test_the_agents_policy_is_sampled() -> None:
    agent, players = Agent(SIZES["debug"]), 400
    likely = torch.tensor([0.6, 0.3, 0.1] + [1e-9] * 12)
    weights = agent.state_tensors()
    weights["pol/head/action/logits/kernel"].zero_()
    agent.load_state_tensors(weights | {"pol/head/action/logits/bias": likely.log()})
    no, shape = np.zeros(players, np.bool_), (players, 64, 64, 3)
    shown = StepBatch(
        np.zeros(shape, np.uint8), np.zeros(players, np.float32), ~no, no, no, np.zeros(players, np.int32)
    )
    taken = np.bincount(AgentPolicy(agent, players, seed=0).act(shown), minlength=15) / players
    assert taken == pytest.approx(likely.numpy(), abs=0.08)


def test_mean_and_standard_error() -> None:
    scores = Scores(tuple(Result(seed, reward, 10, "lost") for seed, reward in enumerate([0.0, 10.0, 10.0, 4.0])))
    assert scores.mean_return == 6.0
    assert scores.stderr == pytest.approx(math.sqrt((36 + 16 + 16 + 4) / 3 / 4))
    assert scores.summary()["lost"] == 4
    assert Scores(scores.results[:1]).summary()["stderr"] is None
