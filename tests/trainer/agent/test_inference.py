"""Packed weights answer as the networks themselves do, and are forgotten when the weights change."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.player_support import same_reading, small_agent
from trainer.agent import agent as agents
from trainer.agent.agent import Agent
from trainer.agent.inference import Packed, Plain
from trainer.config import SIZES
from trainer.episode import Reading
from trainer.nn.optimiser import FlatTensors
from trainer.nn.packed import can_pack
from trainer.world_model.rssm import Latent

needs_onednn = pytest.mark.skipif(
    not can_pack(torch.float32, torch.device("cpu")), reason="this torch was built without oneDNN"
)


def frames(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)


def twins(dtype: torch.dtype = torch.float32) -> tuple[Agent, Agent]:
    """The same weights twice, the second packed."""
    pair = small_agent(), small_agent()
    for agent in pair:
        agent.to(dtype)
    pair[1].pack()
    return pair


def read_through(agent: Agent, count: int = 4) -> list[Reading]:
    """What it makes of an episode."""
    latent, readings = agent.initial(1), []
    for t, frame in enumerate(frames(count)):
        latent, reading = agent.read(latent, t % 15, frame, t == 0, torch.Generator().manual_seed(t))
        readings.append(reading)
    return readings


@needs_onednn
def test_a_packed_agent_reads_and_dreams_the_same() -> None:
    plain, packed = twins()
    for ours, theirs in zip(read_through(packed), read_through(plain), strict=True):
        assert same_reading(ours, theirs) and np.isclose(ours.continues, theirs.continues, atol=1e-5)
    one, other = (agent.dream(5, branches=3, generator=torch.Generator().manual_seed(0)) for agent in (packed, plain))
    assert np.array_equal(one.actions, other.actions)
    assert np.abs(one.frames.astype(int) - other.frames).max() <= 1
    for name in ("rewards", "continues", "values"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-4, atol=1e-4)


@pytest.mark.skipif(not can_pack(torch.bfloat16, torch.device("cpu")), reason="no bfloat16 here")
def test_packed_bfloat16_is_no_further_from_float32_than_bfloat16_is() -> None:
    exact = Plain(small_agent().world_model, small_agent().actor_critic)
    rough, packed = twins(torch.bfloat16)
    generator = torch.Generator().manual_seed(0)
    size = SIZES["debug"]
    latent = Latent(torch.tanh(torch.randn(64, size.deter, generator=generator)), torch.zeros(64, size.stoch).long())
    half = Latent(latent.deter.bfloat16(), latent.stoch)
    truth = exact.judge(latent)
    for ours, theirs, wanted in zip(packed._networks.judge(half), rough._networks.judge(half), truth, strict=True):
        assert (ours - wanted).square().mean() <= 1.2 * (theirs - wanted).square().mean()


def by_taking(agent: Agent) -> None:
    other = small_agent(1)
    parameters = list(other.named_parameters().values())
    weights = FlatTensors(parameters, torch.float32, torch.device("cpu"))
    weights.copy_from([parameter.detach() for parameter in parameters])
    agent.take(weights)


def by_loading(agent: Agent) -> None:
    agent.load_state_tensors(small_agent(1).state_tensors())


@needs_onednn
@pytest.mark.parametrize("change", [by_taking, by_loading])
def test_other_weights_are_asked_themselves(change: Callable[[Agent], None]) -> None:
    _, packed = twins()
    before = read_through(packed)
    change(packed)
    after = read_through(packed)
    assert not same_reading(before[-1], after[-1])
    assert all(same_reading(a, b) for a, b in zip(after, read_through(small_agent(1)), strict=True))


@needs_onednn
def test_another_dtype_is_asked_itself() -> None:
    _, packed = twins()
    packed.to(torch.float64)
    packed.pack()  # oneDNN has no such products
    assert read_through(packed)[0].belief.shape == (64, 64, 3)


def test_where_nothing_can_be_packed_the_networks_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = small_agent()
    monkeypatch.setattr(agents, "can_pack", lambda dtype, device: False)
    agent.pack()
    assert isinstance(agent._networks, Plain) and not isinstance(agent._networks, Packed)
