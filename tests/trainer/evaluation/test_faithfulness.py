"""Faithfulness on scripted worlds whose right answer is known to the frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.envs.protocol import StepBatch
from trainer.evaluation.faithfulness import (
    HORIZON,
    OBSERVED_BEFORE,
    WindowSampler,
    mean_and_stderr,
    measure,
)
from trainer.evaluation.report import drive
from trainer.picture_error import FLOOR_MSE
from trainer.world_model.rssm import Latent

CAP = 10 * math.log10(255**2 / FLOOR_MSE)


@dataclass
class Tape:
    """Episodes of given lengths in N slots; a frame is filled with its index, its latent holds episode and index."""

    lengths: list[list[int]]

    def play(self, sampler: WindowSampler, counted: list[bool]) -> None:
        sampler.follow(len(self.lengths))
        slots = [[(n, i) for n, length in enumerate(lengths) for i in range(length)] for lengths in self.lengths]
        for now in zip(*slots, strict=True):
            index = np.array([i for _, i in now])
            episode = np.array([slot * 100 + n for slot, (n, _) in enumerate(now)])
            frame = np.broadcast_to(index.astype(np.uint8)[:, None, None, None], (len(now), 64, 64, 3)).copy()
            none = np.zeros(len(now), np.bool_)
            shown = StepBatch(frame, np.zeros(len(now), np.float32), index == 0, none, none, episode.astype(np.int32))
            latent = Latent(
                torch.from_numpy(np.stack([episode, index], 1).astype(np.float32)), torch.from_numpy(index)[:, None]
            )
            sampler.see(shown, index.astype(np.int32), latent, np.array(counted))


def test_a_window_is_what_followed_its_start() -> None:
    sampler = WindowSampler(capacity=1000)
    Tape([[30, 10, 22], [40, 22]]).play(sampler, [True, True])
    windows = sampler.windows()

    starts = [(episode, start) for episode, length in [(0, 30), (2, 22), (100, 40), (101, 22)]
              for start in range(5, length - 15)]  # fmt: skip
    assert sampler.offered == len(starts)
    found = sorted((int(a), int(b)) for a, b in windows.deter[:, 0].tolist())
    assert found == starts
    ahead = windows.deter[:, :1, 1] + torch.arange(HORIZON + 1)
    assert torch.equal(windows.deter[:, :, 1], ahead)
    assert torch.equal(windows.stoch[:, :, 0], ahead.long())
    assert np.array_equal(windows.frames[:, :, 0, 0, 0], ahead.numpy())
    assert np.array_equal(windows.actions, ahead.numpy()[:, :HORIZON])
    assert (windows.deter[:, :, 0] == windows.deter[:, :1, 0]).all()
    assert len(np.unique(windows.episodes)) == 4


def test_slots_that_do_not_count_offer_nothing() -> None:
    sampler = WindowSampler(capacity=1000)
    Tape([[30], [30]]).play(sampler, [False, True])
    assert set(sampler.windows().deter[:, 0, 0].tolist()) == {100.0}


def test_a_new_env_begins_new_episodes() -> None:
    sampler = WindowSampler(capacity=1000)
    Tape([[25]]).play(sampler, [True])
    Tape([[25], [25]]).play(sampler, [True, True])
    assert len(np.unique(sampler.windows().episodes)) == 3
    assert sampler.offered == 3 * (25 - HORIZON - OBSERVED_BEFORE)


def test_no_start_is_an_error() -> None:
    sampler = WindowSampler()
    Tape([[OBSERVED_BEFORE + HORIZON]]).play(sampler, [True])
    assert sampler.offered == 0
    with pytest.raises(ValueError, match="no start"):
        sampler.windows()


def test_starts_are_drawn_uniformly() -> None:
    length, capacity, rounds = 220, 20, 60
    counts = np.zeros(length - HORIZON - OBSERVED_BEFORE)
    for seed in range(rounds):
        sampler = WindowSampler(capacity=capacity, seed=seed)
        Tape([[length]]).play(sampler, [True])
        starts = sampler.windows().deter[:, 0, 1].long().numpy() - OBSERVED_BEFORE
        assert len(np.unique(starts)) == capacity
        counts[starts] += 1
    tenths = counts.reshape(10, -1).sum(1) / counts.sum()
    assert np.abs(tenths - 0.1).max() < 0.04


class Painter(Agent):
    """Dreams perfectly up to a horizon and one grey level off after it; its beliefs are two levels off."""

    perfect = 7

    def blind_step(self, latent: Latent, action: int | torch.Tensor, generator: torch.Generator) -> Latent:
        assert isinstance(action, torch.Tensor)
        assert torch.equal(action, latent.deter[:, 1].long())
        return Latent(latent.deter + torch.tensor([0.0, 1.0]), latent.stoch - 1000)

    def decode(self, latent: Latent) -> NDArray[np.uint8]:
        shade = latent.deter[:, 1].numpy()
        blind = latent.stoch[:, 0].numpy() < 0
        steps = -(latent.stoch[:, 0].numpy() - shade) // 1000
        shade = shade + np.where(blind, steps > self.perfect, 2)
        return np.broadcast_to(shade.astype(np.uint8)[:, None, None, None], (len(shade), 64, 64, 3))


def test_each_horizon_is_held_against_its_own_frame() -> None:
    sampler = WindowSampler(capacity=100)
    Tape([[40]]).play(sampler, [True])
    result = drive(measure(Painter(SIZES["debug"]), sampler.windows()))
    ahead = np.arange(1, HORIZON + 1)
    assert result.dream[:, : Painter.perfect] == pytest.approx(CAP)
    assert result.dream[:, Painter.perfect :] == pytest.approx(20 * math.log10(255))
    assert result.belief == pytest.approx(20 * math.log10(255 / 2))
    assert result.frozen == pytest.approx(np.broadcast_to(20 * np.log10(255 / ahead), result.frozen.shape))
    assert result.moving.all()


def test_a_world_at_rest_does_not_move() -> None:
    sampler = WindowSampler(capacity=10)
    Tape([[60]]).play(sampler, [True])
    windows = sampler.windows()
    windows.frames[0, :] = 7
    windows.frames[1, :] = 7
    windows.frames[1, 1:, :7, :6] = 9  # 42 of 4,096 pixels
    result = drive(measure(Painter(SIZES["debug"]), windows))
    assert result.frozen[0] == pytest.approx(CAP)
    assert result.moving.tolist() == [False] + [True] * 9
    summary = result.summary()
    assert summary["starts"] == 10
    moving = summary["moving"]
    assert isinstance(moving, dict)
    assert moving["starts"] == 9
    assert moving["frozen_psnr"] == pytest.approx(result.frozen[1:].mean(0).tolist())
    pairs = (result.dream - result.frozen).mean(0)
    assert summary["minus_frozen"] == pytest.approx(pairs.tolist())


def test_rows_of_one_group_do_not_shrink_the_error() -> None:
    values = np.array([[1.0], [2.0], [4.0], [9.0]])
    means, errors = mean_and_stderr(values, np.arange(4))
    assert means == [4.0]
    assert errors == pytest.approx([values.std(ddof=1) / 2])
    assert mean_and_stderr(values.repeat(5, 0), np.arange(4).repeat(5))[1] == pytest.approx(errors)
    assert mean_and_stderr(values, np.zeros(4, np.int64)) == ([4.0], [None])
    assert mean_and_stderr(values[:0], np.zeros(0, np.int64)) == ([None], [None])
