"""Playing for replay: the policy acts in all games at once, and every step goes into replay with its latent."""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.agent.transfer import to_host
from trainer.config import Config
from trainer.distributed import ALONE, Ranks
from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import Snapshot, VectorEnv
from trainer.errors import UserError
from trainer.events import EpisodeEnded
from trainer.levels import levels_of
from trainer.plain_values import count, number
from trainer.randomness import torch_generator
from trainer.replay import Replay
from trainer.world_model.rssm import Latent

_RECENT = 100
_LARGEST_GAME = 2**24  # bytes; hundreds of times what any of them takes


def train_env(config: Config) -> VectorEnv:
    """The games of a run, on its train levels."""
    first, count = levels_of("train", config.levels)
    return ProcgenVector(config.game, config.difficulty, config.num_envs, first, count, config.seed)


class Collector:
    """Steps a vector of games with the agent's sampled policy; one inference for all games.

    Where several processes train together each has its own games, and they step at the same time.

    Attributes:
        env_steps: taken so far in all games of all ranks together. vector_steps: calls of the simulator.
        recent: returns of the newest episodes, those of all ranks.
    """

    def __init__(self, env: VectorEnv, agent: Agent, replay: Replay, seed: int, ranks: Ranks = ALONE) -> None:
        """Begins with the games as they stand.

        Args:
            env: this rank's games. agent: who plays. replay: takes the steps. seed: of this rank's own draws.
            ranks: who else plays.
        """
        self._env, self._agent, self._replay, self._seed, self._ranks = env, agent, replay, seed, ranks
        self.env_steps = 0
        self.vector_steps = 0
        self.recent: deque[float] = deque(maxlen=_RECENT)
        self._latent = agent.initial(env.num_envs)
        self._action = torch.zeros(env.num_envs, dtype=torch.int64, device=agent.device)
        self._returns = np.zeros(env.num_envs)
        self._lengths = np.zeros(env.num_envs, np.int64)

    def step(self) -> list[EpisodeEnded]:
        """One step of every game: look, act, remember, step.

        What it returns are the episodes that this step ended on any rank. Their end steps enter replay with the next
        call, from what the games show then.

        Raises:
            UserError: replay's disk is full; nothing was stepped. Or another rank is gone.
        """
        shown = self._env.current()
        generator = torch_generator(self._seed, "policy", self.vector_steps, device=self._agent.device)
        is_first = torch.from_numpy(shown.is_first)
        latent, action = self._agent.act(self._latent, self._action, shown.frame, is_first, generator)
        chosen, deter, stoch = to_host(action.to(torch.int32), latent.deter, latent.stoch)
        actions = chosen.numpy()
        self._replay.add(
            frame=shown.frame,
            reward=shown.reward,
            is_first=shown.is_first,
            ended_terminal=shown.ended_terminal,
            level_seed=shown.level_seed,
            action=actions,
            deter=deter,
            stoch=stoch,
        )
        self._latent, self._action = latent, action
        played = shown.level_seed.copy()
        after = self._env.step(actions)
        self.vector_steps += 1
        self.env_steps += self._env.num_envs * self._ranks.size
        self._returns += after.reward
        self._lengths += 1
        ended = []
        for slot in np.flatnonzero(after.is_first):
            outcome = "won" if after.ended_won[slot] else "lost" if after.ended_terminal[slot] else "timeout"
            ended.append(
                EpisodeEnded(
                    self.env_steps,
                    int(played[slot]),
                    float(self._returns[slot]),
                    int(self._lengths[slot]),
                    outcome,
                )
            )
        self._returns[after.is_first] = 0.0
        self._lengths[after.is_first] = 0
        everywhere = self._ranks.gather([dataclasses.astuple(episode) for episode in ended])
        episodes = [EpisodeEnded(*values) for ours in everywhere for values in ours]
        self.recent.extend(episode.total_reward for episode in episodes)
        return episodes

    def state(self) -> dict[str, Any]:
        """Counters and accumulators, fit for JSON."""
        return {
            "env_steps": self.env_steps,
            "vector_steps": self.vector_steps,
            "recent": list(self.recent),
            "returns": self._returns.tolist(),
            "lengths": self._lengths.tolist(),
        }

    def tensors(self, key: bytes) -> dict[str, Tensor]:
        """The policy's carry (`carry/...`) and the games as they stand, signed (`env/...`).

        Args:
            key: this user's secret: only who has it can write games that `load` takes.
        """
        tensors = {"carry/deter": self._latent.deter, "carry/stoch": self._latent.stoch, "carry/action": self._action}
        for slot, snapshot in enumerate(self._env.snapshot()):
            data = np.frombuffer(snapshot.to_bytes(key), np.uint8)
            tensors[f"env/{slot:04d}"] = torch.from_numpy(data.copy())
        return tensors

    def load(self, state: Mapping[str, Any], tensors: Mapping[str, Tensor], key: bytes) -> None:
        """Takes back :meth:`state` and :meth:`tensors`.

        Raises:
            UserError: they do not fit the games or the agent, or were written by somebody else.
            KeyError, TypeError, ValueError: the state is none.
        """
        slots, size = self._env.num_envs, self._agent.size
        carry = {name: tensors.get(f"carry/{name}") for name in ("deter", "stoch", "action")}
        for name, like in (("deter", self._latent.deter), ("stoch", self._latent.stoch), ("action", self._action)):
            value = carry[name]
            most = {"deter": math.inf, "stoch": size.classes, "action": self._env.num_actions}[name]
            fits = value is not None and value.shape == like.shape and value.dtype == like.dtype
            if value is None or not fits or not _within(value, most):
                raise UserError(
                    "The checkpoint's policy state does not fit its settings; start a new run from it with --from."
                )
            carry[name] = value.to(self._agent.device)
        snapshots = []
        for slot in range(slots):
            stored = tensors.get(f"env/{slot:04d}")
            if stored is None or stored.dtype != torch.uint8 or stored.numel() > _LARGEST_GAME:
                raise UserError("The checkpoint lacks some of its games; start a new run from it with --from.")
            snapshots.append(Snapshot.from_bytes(stored.numpy().tobytes(), key))
        self._env.restore(snapshots)
        deter, stoch, action = carry["deter"], carry["stoch"], carry["action"]
        assert deter is not None and stoch is not None and action is not None
        self._latent, self._action = Latent(deter, stoch), action
        self.env_steps, self.vector_steps = count(state["env_steps"]), count(state["vector_steps"])
        self.recent = deque(map(number, state["recent"]), maxlen=_RECENT)
        self._returns = np.array([number(value) for value in state["returns"]], np.float64)
        self._lengths = np.array([count(value) for value in state["lengths"]], np.int64)
        if not len(self._returns) == len(self._lengths) == slots:
            raise ValueError("there are other returns than games")


def _within(tensor: Tensor, end: float) -> bool:
    """Whether all numbers are finite, and those of an index from 0 on and below `end`."""
    if tensor.is_floating_point():
        return bool(torch.isfinite(tensor).all())
    return bool(((tensor >= 0) & (tensor < end)).all())
