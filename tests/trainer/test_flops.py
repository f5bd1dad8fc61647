"""The counted arithmetic and traffic against published counts and against torch's own on the real networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.flops import update_bytes, update_flops

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


def test_both_grow_with_the_batch() -> None:
    size = SIZES["4m"]
    one, two = update_flops(size, 4, 32, IMAGINATION), update_flops(size, 8, 32, IMAGINATION)
    assert two.total == pytest.approx(2 * one.total)
    fewer = update_bytes(size, 4, 32, IMAGINATION, parameters=100, element=2)
    more = update_bytes(size, 8, 32, IMAGINATION, parameters=100, element=2)
    assert 1.9 * fewer.encoder < more.encoder < 2 * fewer.encoder  # the weights are read once either way
    assert more.optimiser == fewer.optimiser == 100 * (2 * 2 + 3 * 2 * 4)


def test_bytes_follow_the_element() -> None:
    half, whole = (update_bytes(SIZES["1m"], 4, 8, 5, parameters=0, element=element) for element in (2, 4))
    assert whole.total == 2 * half.total


OPERANDS = {"convolution": (0, 1), "mm": (0, 1), "addmm": (1, 2), "bmm": (0, 1), "baddbmm": (1, 2)}
"""Arguments that a product reads, its bias left out."""


class Traffic(TorchDispatchMode):
    """Elements that products and convolutions read and write."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        operands = OPERANDS.get(func.overloadpacket.__name__)
        if operands:
            self.elements += out.numel() + sum(args[operand].numel() for operand in operands)
        return out


def moved(work: Callable[[], object]) -> int:
    with torch.no_grad(), Traffic() as traffic:
        work()
    return traffic.elements


def test_torch_moves_the_same_through_the_encoder_and_a_head() -> None:
    size = SIZES["1m"]
    agent = Agent(size)
    world, critic = agent.world_model, agent.actor_critic
    frames = 2
    floor = update_bytes(size, 1, frames, imagination=1, parameters=0, element=1)
    pictures = torch.zeros(frames, 64, 64, 3, dtype=torch.uint8)
    assert moved(lambda: world.enc(pictures)) == floor.encoder

    feat = agent.world_model.dyn.feat(agent.initial(2 * frames))  # the states: replayed and imagined
    replayed = feat[:frames]
    heads = [
        (world.rew, feat),
        (world.con, feat),
        (critic.val, feat),
        (critic.val, feat),
        (critic.pol, feat),
        (world.rew, replayed),
        (world.con, replayed),
        (critic.val, replayed),
        (critic.val, replayed),
    ]
    assert moved(lambda: [head(states) for head, states in heads]) == floor.heads


def test_torch_counts_the_same_on_the_networks() -> None:
    size = SIZES["1m"]
    agent = Agent(size)
    world, critic = agent.world_model, agent.actor_critic
    frames = 2
    flops = update_flops(size, 1, frames, imagination=1)

    def counted(work: Callable[[], object]) -> int:
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
