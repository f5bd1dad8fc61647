"""What is stored of a step belongs together: its belief follows from the one before and the action taken there."""

from __future__ import annotations

import numpy as np
import torch

from tests.trainer.loop_support import TINY, corridor
from trainer.agent.agent import Agent
from trainer.collect import Collector
from trainer.replay import Replay


def test_a_stored_belief_follows_from_the_stored_step_before() -> None:
    agent, env = Agent(TINY.size), corridor(TINY)
    replay = Replay(None, TINY.num_envs, TINY.size, "float32", 2**24, length=2)
    collector = Collector(env, agent, replay, seed=0)
    while not (episodes := [episode for _ in range(20) for episode in collector.step()]):
        pass
    pairs = replay.sample(60 * len(replay), np.random.default_rng(0))
    replay.close()
    deter, stoch = torch.from_numpy(pairs.deter), torch.from_numpy(pairs.stoch).long()
    place = {int(position): row for row, position in enumerate(pairs.positions[:, 0])}
    rows = [(row, place[position]) for row, position in enumerate(pairs.positions[:, 1].tolist()) if position in place]
    now, after = (torch.tensor(column) for column in zip(*rows, strict=True))

    ended = torch.from_numpy(pairs.is_last)[now, 1]
    assert episodes and ended.any() and not deter[after][ended].any() and not stoch[after][ended].any()
    now, after = now[~ended], after[~ended]
    world = agent.world_model.dyn
    keep = 1 - torch.from_numpy(pairs.is_first)[now, 1].float()
    action = world.embed_action(world.action_vector(torch.from_numpy(pairs.action)[now, 0], keep))
    with torch.no_grad():
        expected = world.step(deter[now] * keep[:, None], world.onehot(stoch[now]) * keep[:, None], action)
    assert (keep == 0).any() and len(now) > 1000
    torch.testing.assert_close(deter[after], expected)
