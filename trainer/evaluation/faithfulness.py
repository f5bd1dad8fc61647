"""Faithfulness: how far a dream along reality's actions stays beside reality, frame by frame, in decibels.

From a start (a belief after some observed frames) the model goes on blind: one sample of the prior per step, with the
actions that were really taken. Every dreamt frame is held against the real one, and so are two companions of the same
start: the start's own frame, frozen, which any dream should beat, and the belief of a model that keeps looking, which
no dream should beat.

Symbols: C starts, H horizon, N slots.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.envs.protocol import StepBatch
from trainer.evaluation.scores import Tick
from trainer.picture_error import psnr
from trainer.randomness import numpy_generator, torch_generator
from trainer.world_model.rssm import Latent

HORIZON = 15
"""Dreamt frames per start."""
OBSERVED_BEFORE = 5
"""Frames of its episode that the model has seen before the start's own."""
STARTS = 512
"""Starts measured; a report needs at least 500."""
MOVING_SHARE = 0.01
"""Reality moves where this share of the pixels differs from the start's frame, on average over the horizon."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Starts with what really followed.

    Attributes:
        frames: (C, H + 1, 64, 64, 3) uint8; index 0 is the start's own frame.
        actions: (C, H) int64; index i leads to frame i + 1.
        deter: (C, H + 1, D) in the compute dtype, stoch: (C, H + 1, S) int64: the latents of all these frames.
        episodes: (C,) int64, which episode a start is from: those of one episode resemble each other.
    """

    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    deter: torch.Tensor
    stoch: torch.Tensor
    episodes: NDArray[np.int64]


class WindowSampler:
    """Draws starts uniformly from all that pass by, in bounded memory (a reservoir).

    Attributes:
        offered: starts that passed by so far.
    """

    def __init__(self, capacity: int = STARTS, seed: int = 0) -> None:
        self.offered = 0
        self._capacity = capacity
        self._generator = numpy_generator(seed, "starts")
        self._kept: list[_Window] = []
        self._episodes = 0
        self.follow(0)

    def follow(self, num_envs: int) -> None:
        """Forget what is on show: the next steps come from a new env of so many slots."""
        self._recent: deque[_Shown] = deque(maxlen=HORIZON + 1)
        self._index = np.full(num_envs, -1)  # of the frame on show, in its episode
        self._episode = np.zeros(num_envs, dtype=np.int64)

    def see(self, shown: StepBatch, actions: NDArray[np.int32], latent: Latent, counted: NDArray[np.bool_]) -> None:
        """One vector step.

        Args:
            shown: what is on show. actions: (N,) chosen for it. latent: of its frames, batch N.
            counted: (N,) slots whose episode counts; the others offer no starts.
        """
        firsts = int(shown.is_first.sum())
        self._index = np.where(shown.is_first, 0, self._index + 1)
        self._episode[shown.is_first] = self._episodes + np.arange(firsts)
        self._episodes += firsts
        self._recent.append(_Shown(shown.frame, actions, latent))
        for slot in np.flatnonzero(counted & (self._index >= OBSERVED_BEFORE + HORIZON)):
            self._offer(int(slot))

    def _offer(self, slot: int) -> None:
        self.offered += 1
        if len(self._kept) < self._capacity:
            self._kept.append(self._window(slot))
            return
        place = int(self._generator.integers(self.offered))
        if place < self._capacity:
            self._kept[place] = self._window(slot)

    def _window(self, slot: int) -> _Window:
        return _Window(
            frames=np.stack([past.frame[slot] for past in self._recent]),
            actions=np.array([past.actions[slot] for past in self._recent], dtype=np.int64)[:-1],
            deter=torch.stack([past.latent.deter[slot] for past in self._recent]),
            stoch=torch.stack([past.latent.stoch[slot] for past in self._recent]),
            episode=int(self._episode[slot]),
        )

    def windows(self) -> Windows:
        """The starts drawn.

        Raises:
            ValueError: none passed by.
        """
        if not self._kept:
            raise ValueError("no start passed by")
        return Windows(
            frames=np.stack([window.frames for window in self._kept]),
            actions=np.stack([window.actions for window in self._kept]),
            deter=torch.stack([window.deter for window in self._kept]),
            stoch=torch.stack([window.stoch for window in self._kept]),
            episodes=np.array([window.episode for window in self._kept]),
        )


@dataclass(frozen=True, slots=True)
class _Shown:
    frame: NDArray[np.uint8]
    actions: NDArray[np.int32]
    latent: Latent


@dataclass(frozen=True, slots=True)
class _Window:
    frames: NDArray[np.uint8]
    actions: NDArray[np.int64]
    deter: torch.Tensor
    stoch: torch.Tensor
    episode: int


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """Decibels of every start, horizon by horizon.

    Attributes:
        dream, frozen, belief: (C, H) float64, of the dream, of the start's frame kept, of the model that keeps looking.
        moving: (C,) bool, starts where reality moves.
        episodes: (C,) int64, which episode a start is from.
    """

    dream: NDArray[np.float64]
    frozen: NDArray[np.float64]
    belief: NDArray[np.float64]
    moving: NDArray[np.bool_]
    episodes: NDArray[np.int64]

    def summary(self) -> dict[str, object]:
        """Plain values for JSON: lists over h = 1..H, and the same again under `moving`."""
        return {**self._table(np.ones_like(self.moving)), "moving": self._table(self.moving)}

    def _table(self, chosen: NDArray[np.bool_]) -> dict[str, object]:
        table: dict[str, object] = {"starts": int(chosen.sum()), "horizon": list(range(1, self.dream.shape[1] + 1))}
        columns = {
            "psnr": self.dream,
            "frozen_psnr": self.frozen,
            "belief_psnr": self.belief,
            "minus_frozen": self.dream - self.frozen,
            "minus_belief": self.dream - self.belief,
        }
        for name, values in columns.items():
            means, errors = mean_and_stderr(values[chosen], self.episodes[chosen])
            table[name] = means
            table[f"{name}_stderr"] = errors
        return table


def mean_and_stderr(
    values: NDArray[np.float64], groups: NDArray[np.int64]
) -> tuple[list[float | None], list[float | None]]:
    """Column means with standard errors that take the rows of one group as wholly dependent.

    Starts of one episode look alike: counted as independent they would promise more than they hold.

    Args:
        values: (C, H). groups: (C,) group of each row.

    Returns:
        H means and H standard errors; None where there is no row, or one group only.
    """
    count, columns = values.shape
    if count == 0:
        return [None] * columns, [None] * columns
    means = values.mean(axis=0)
    names, members = np.unique(groups, return_inverse=True)
    if len(names) == 1:
        return means.tolist(), [None] * columns
    sums = np.zeros((len(names), columns))
    np.add.at(sums, members, values - means)
    variance = np.square(sums).sum(axis=0) * len(names) / (len(names) - 1) / count**2
    return means.tolist(), np.sqrt(variance).tolist()


def measure(agent: Agent, windows: Windows, seed: int = 0) -> Generator[Tick, None, Faithfulness]:
    """Dream from every start along reality's actions, all starts as one batch; yields after every horizon."""
    starts, horizon = windows.actions.shape
    actions = torch.from_numpy(windows.actions).to(agent.device)
    latent = Latent(windows.deter[:, 0], windows.stoch[:, 0])
    real = windows.frames[:, 1:]
    start_frame = windows.frames[:, :1]
    dream = np.zeros((starts, horizon))
    belief = np.zeros((starts, horizon))
    for step in range(horizon):
        generator = torch_generator(seed, "faithfulness", step, device=agent.device)
        latent = agent.blind_step(latent, actions[:, step], generator)
        dream[:, step] = psnr(agent.decode(latent), real[:, step])
        seen = Latent(windows.deter[:, step + 1], windows.stoch[:, step + 1])
        belief[:, step] = psnr(agent.decode(seen), real[:, step])
        yield Tick("dreams", step + 1, horizon)
    frozen = np.stack([psnr(start_frame[:, 0], real[:, step]) for step in range(horizon)], axis=1)
    differs = (real != start_frame).any(axis=-1).mean(axis=(1, 2, 3))
    return Faithfulness(dream, frozen, belief, differs >= MOVING_SHARE, windows.episodes)
