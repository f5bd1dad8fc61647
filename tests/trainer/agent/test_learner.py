"""What one update learns from a batch, what it gives back, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.trainer.loop_support import TINY, copied, differing
from trainer.agent.agent import Agent
from trainer.agent.computation import Inputs, observations
from trainer.agent.learner import Learner, Losses, NonFiniteUpdate
from trainer.nn.distributions import binary_loss, twohot_loss
from trainer.randomness import torch_generator
from trainer.replay_batch import Batch

BATCH, LENGTH = 2, 6
DEATH, TIME_OUT = (0, 2), (1, 4)
"""Sequence and step of the ends, the step of context counted."""


@pytest.fixture
def learner() -> Learner:
    return Learner(Agent(TINY.size), TINY)


@pytest.fixture
def batch() -> Batch:
    draws, shape = np.random.default_rng(0), (BATCH, LENGTH)
    is_first, is_last, is_terminal = (np.zeros(shape, np.bool_) for _ in range(3))
    for sequence, step in (DEATH, TIME_OUT):
        is_last[sequence, step] = is_first[sequence, step + 1] = True
    is_terminal[DEATH] = True
    return Batch(
        frame=draws.integers(0, 256, (*shape, 64, 64, 3), np.uint8),
        reward=draws.normal(size=shape).astype(np.float32),
        action=draws.integers(0, 15, shape),
        is_first=is_first,
        is_last=is_last,
        is_terminal=is_terminal,
        level_seed=np.zeros(shape, np.int32),
        deter=draws.normal(size=(BATCH, TINY.size.deter)).astype(np.float32),
        stoch=draws.integers(0, TINY.size.classes, (BATCH, TINY.size.stoch), np.uint8),
        positions=np.zeros(shape, np.int64),
    )


def _generator() -> torch.Generator:
    return torch_generator(0, "learner test")


def _losses(learner: Learner, batch: Batch) -> Losses:
    noise = learner.noise(BATCH, LENGTH - 1, _generator())
    return learner.losses(Inputs(*observations(batch, torch.float32), noise))


def test_of_an_end_step_only_reward_and_continue_are_learnt(learner: Learner, batch: Batch) -> None:
    world, ends = learner.agent.world_model, torch.from_numpy(batch.is_last)[:, 1:]
    result = _losses(learner, batch)
    for name in ("image", "dyn", "rep"):
        assert not result.losses[name][ends].any(), name
        assert (result.losses[name][~ends] > 0).all(), name
    feat = torch.cat([result.sequence.deter, result.sequence.stoch], -1)
    goes_on = torch.full((BATCH, LENGTH - 1), 1 - 1 / TINY.horizon)
    goes_on[DEATH[0], DEATH[1] - 1] = 0.0
    assert torch.equal(result.losses["con"], binary_loss(world.con(feat).squeeze(-1), goes_on))
    assert torch.equal(result.losses["rew"], twohot_loss(world.rew(feat), torch.from_numpy(batch.reward)[:, 1:]))


def test_nothing_hangs_on_the_picture_of_an_end_step(learner: Learner, batch: Batch) -> None:
    """Its latent is drawn from the prior, as in a dream that meets the end."""
    total = _losses(learner, batch).total
    for after, same in ((0, True), (1, False)):
        frame = batch.frame.copy()
        for sequence, step in (DEATH, TIME_OUT):
            frame[sequence, step + after] = 255 - frame[sequence, step + after]
        assert torch.equal(_losses(learner, replace(batch, frame=frame)).total, total) is same


def test_an_update_gives_back_the_latents_after_the_context_and_keeps_the_normaliser(
    learner: Learner, batch: Batch
) -> None:
    learner.normaliser.lo.fill_(-3.0)
    learner.normaliser.hi.fill_(3.0)
    losses = _losses(learner, batch)
    result = learner.update(batch, _generator())
    assert torch.equal(result.deter, losses.sequence.deter.detach())
    assert torch.equal(result.stoch.long(), losses.sequence.indices)
    assert -3 < learner.normaliser.lo == losses.normaliser.lo
    assert 3 > learner.normaliser.hi == losses.normaliser.hi


def test_a_gradient_that_is_not_finite_leaves_no_trace(learner: Learner, batch: Batch) -> None:
    """The loss is."""
    learner.update(batch, _generator())
    before, steps = copied(learner.state_tensors()), learner.optimiser.step_count
    kernel = learner.agent.named_parameters()["enc/cnn0/kernel"]
    with kernel.register_hook(lambda gradient: gradient * torch.inf), pytest.raises(NonFiniteUpdate):  # type: ignore[no-untyped-call]
        learner.update(batch, _generator())
    assert differing(before, learner.state_tensors()) == []
    assert learner.optimiser.step_count == steps
