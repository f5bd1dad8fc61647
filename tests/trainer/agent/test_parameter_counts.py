"""Parameters of every preset, with 15 actions; the slow value, which is not trained, not counted."""

from __future__ import annotations

import pytest
import torch

from trainer.agent.actor_critic import ActorCritic
from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.nn import layers
from trainer.world_model.world_model import WorldModel

COUNTS = {
    "debug": 33_513,
    "1m": 687_617,
    "4m": 2_666_097,
    "12m": 10_497_233,
    "25m": 23_493_937,
    "50m": 41_656_209,
    "100m": 93_477_457,
    "200m": 165_960_977,
    "400m": 372_914_833,
}


def test_every_preset_has_a_count() -> None:
    assert set(COUNTS) == set(SIZES)


@pytest.mark.parametrize("preset", COUNTS)
def test_parameter_count(preset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks themselves are built, on torch's meta device: shapes without memory."""
    monkeypatch.setattr(layers, "truncated_normal", lambda shape, *_: torch.empty(shape, device="meta"))
    size, actions, generator = SIZES[preset], 15, torch.Generator()
    with torch.device("meta"):
        parts = WorldModel(size, actions, generator, horizon=333), ActorCritic(size, actions, generator)
    assert sum(parameter.numel() for part in parts for parameter in part.parameters()) == COUNTS[preset]


@pytest.mark.parametrize("preset", ["debug", "1m"])
def test_agent_counts_its_parameters(preset: str) -> None:
    agent = Agent(SIZES[preset], 15)
    assert agent.parameter_count == COUNTS[preset]
    assert sum(tensor.numel() for tensor in agent.state_tensors().values()) == COUNTS[preset]
