"""Where the player's agents come from: checkpoints on disk, and weights handed over by training."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from dream_viewer.messages.agents import AgentInfo, TrainedOn, Weights
from trainer.agent.agent import Agent
from trainer.checkpoint import fingerprint, load_agent, read_header
from trainer.config import SIZES, Config
from trainer.hardware import choose_device, choose_dtype
from trainer.run import Run

_DEVICES = {"cpu": "CPU", "cuda": "CUDA GPU", "mps": "Apple GPU"}


@dataclass(frozen=True, slots=True)
class Supply:
    """An agent ready to play.

    Attributes:
        agent: the weights. info: what to tell about them.
    """

    agent: Agent
    info: AgentInfo


class AgentSource:
    """Makes agents, each of a new generation.

    Args:
        device, dtype: as in Config.
    """

    def __init__(self, device: str, dtype: str) -> None:
        self._device_wanted, self._dtype_wanted = device, dtype
        self._generations = count(1)  # agents may be made in two threads
        self._spare: Agent | None = None

    def open(self, path: Path, difficulty: str | None, game: str | None) -> Supply:
        """Load an agent from a checkpoint, or from a run's newest one.

        Args:
            path: the file or folder. difficulty, game: to play, in place of what it was trained on.

        Raises:
            UserError: it cannot be opened.
        """
        run = Run.open(path) if os.path.isdir(path) else None  # False, too, where nobody may look
        file = path if run is None else run.latest_checkpoint()
        header = read_header(file)
        device = choose_device(self._device_wanted)
        generation = next(self._generations)
        agent = load_agent(file, device, choose_dtype(self._dtype_wanted, device), generation)
        agent.pack()
        info = AgentInfo(
            name=file.stem if run is None else run.path.name,
            generation=generation,
            game=game or header.config.game,
            difficulty=difficulty or header.config.difficulty,
            preset=header.config.preset,
            env_steps=header.env_steps,
            updates=header.updates,
            path=file,
            discount=_discount(header.config),
            trained_on=_trained_on(header.config),
            fingerprint=fingerprint(file),
            device=_device_name(agent),
            run=None if run is None else run.path,
        )
        return Supply(agent, info)

    def from_training(self, weights: Weights, game: str, difficulty: str) -> Supply:
        """An agent with weights from a training, here or elsewhere, to play this game."""
        config = weights.config
        info = AgentInfo(
            name=weights.name,
            generation=next(self._generations),
            game=game,
            difficulty=difficulty,
            preset=config.preset,
            env_steps=weights.env_steps,
            updates=weights.updates,
            path=weights.path,
            discount=_discount(config),
            trained_on=_trained_on(config),
            training=weights.run is None,
            fingerprint=weights.fingerprint,
            run=weights.run,
            handed_over=True,
        )
        agent = self._agent_with(weights, info)
        return Supply(agent, replace(info, device=_device_name(agent)))

    def give_back(self, agent: Agent) -> None:
        """Nobody plays or reads with this agent any more: the next weights may go into it."""
        self._spare = agent

    def forget_spare(self) -> None:
        """Let go of the agent that was given back."""
        self._spare = None

    def _agent_with(self, weights: Weights, info: AgentInfo) -> Agent:
        """The agent that was given back, where it is of the same make, or a new one.

        To make one takes 0.4 s at preset 12m, to load weights into one and pack them 30 ms.
        """
        device = choose_device(self._device_wanted)
        dtype = choose_dtype(self._dtype_wanted, device)
        size, horizon = SIZES[info.preset], weights.config.horizon
        agent, self._spare = self._spare, None
        if agent is None or (agent.size, agent.horizon, agent.dtype) != (size, horizon, dtype):
            agent = Agent(size, dtype=dtype, device=device, horizon=horizon)
        agent.generation = info.generation
        agent.load_state_tensors(weights.tensors)
        agent.pack()
        return agent


def _device_name(agent: Agent) -> str:
    kind = agent.device.type
    return f"{_DEVICES.get(kind, kind)}, {str(agent.dtype).removeprefix('torch.')}"


def _discount(config: Config) -> float:
    return 1 - 1 / config.horizon


def _trained_on(config: Config) -> TrainedOn:
    return TrainedOn(config.game, config.difficulty, config.levels)
