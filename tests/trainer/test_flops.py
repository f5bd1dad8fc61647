"""The counted arithmetic against published counts and against torch's own counter on the real networks."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.flops import update_flops

BATCH, LENGTH, IMAGINATION = 16, 64, 15


@pytest.mark.parametrize(("preset", "gflop"), [("12m", 1377), ("1m", 108)])
def test_a_whole_update(preset: str, gflop: float) -> None:
    flops = update_flops(SIZES[preset], BATCH, LENGTH, IMAGINATION)
    assert flops.total / 1e9 == pytest.approx(gflop, rel=0.04)


@pytest.mark.parametrize(
    ("part", "gflop", "within"), [("encoder", 154, 0.01), ("decoder", 157, 0.01), ("backward", 700, 0.01)]
)
def test_parts_at_12m(part: str, gflop: float, within: float) -> None:
    flops = update_flops(SIZES["12m"], BATCH, LENGTH, IMAGINATION)
    assert getattr(flops, part) / 1e9 == pytest.approx(gflop, rel=within)


def test_it_grows_with_the_batch() -> None:
    size = SIZES["4m"]
    one, two = update_flops(size, 4, 32, IMAGINATION), update_flops(size, 8, 32, IMAGINATION)
    assert two.total == pytest.approx(2 * one.total)


def test_torch_counts_the_same_on_the_networks() -> None:
    size = SIZES["1m"]
    agent = Agent(size)
    world, critic = agent.world_model, agent.actor_critic
    frames = 2
    flops = update_flops(size, 1, frames, imagination=1)

    def counted(work: object) -> int:
        assert callable(work)
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            work()
        return counter.get_total_flops()

    pictures = torch.zeros(frames, 64, 64, 3, dtype=torch.uint8)
    encoder = counted(lambda: world.enc(pictures))
    assert encoder == flops.encoder

    latent = agent.initial(frames)
    rssm = world.dyn
    tokens = torch.zeros(frames, world.enc.tokens)
    action = rssm.embed_action(rssm.action_vector(torch.zeros(frames, dtype=torch.int64)))
    step = counted(lambda: rssm.embed_action(rssm.action_vector(torch.zeros(frames, dtype=torch.int64))))
    step += counted(lambda: rssm.step(latent.deter, rssm.onehot(latent.stoch), action))
    prior = counted(lambda: rssm.prior(latent.deter))
    posterior = counted(lambda: rssm.posterior(latent.deter, rssm.project_tokens(tokens)))
    assert step + prior + posterior == flops.observe

    feat = rssm.feat(latent)
    policy, value = counted(lambda: critic.pol(feat)), counted(lambda: critic.val(feat))
    reward, continues = counted(lambda: world.rew(feat)), counted(lambda: world.con(feat))
    assert step + prior + 2 * policy == flops.imagination
    assert 2 * (reward + continues + 2 * value + policy) + reward + continues + 2 * value == flops.heads
