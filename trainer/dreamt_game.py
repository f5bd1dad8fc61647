"""A game that only the model plays back: a person's actions go in, what it imagines comes out, and it never looks."""

from __future__ import annotations

import torch

from trainer.agent.agent import Agent
from trainer.episode import DreamtStep, Reading, frozen


class DreamtGame:
    """The prior, one step at a time, from a Reading on.

    Args:
        agent: the weights. reading: where it starts, by these weights. generator: of all draws.

    Raises:
        ValueError: other weights made the Reading.
    """

    def __init__(self, agent: Agent, reading: Reading, generator: torch.Generator) -> None:
        self._agent, self._generator = agent, generator
        self._latent = agent.latent_of(reading)

    def step(self, action: int) -> DreamtStep:
        """Take an action, 0 to 14; what the model imagines comes of it."""
        agent = self._agent
        self._latent = agent.blind_step(self._latent, action, self._generator)
        rewards, continues, values = agent.expected([self._latent])
        return DreamtStep(
            action=action,
            frame=frozen(agent.decode(self._latent)[0]),
            reward=float(rewards[0, 0]),
            continues=float(continues[0, 0]),
            value=float(values[0, 0]),
        )
