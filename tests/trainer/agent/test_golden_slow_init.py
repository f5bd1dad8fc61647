"""The slow value's update and the initialisers' spread against the reference's."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from tests.golden_support import Golden, Part
from trainer.agent.agent import Agent
from trainer.agent.learner import Learner
from trainer.config import Config, ModelSize
from trainer.nn.layers import TRUNCATION_GAIN, BlockLinear, Conv, Linear
from trainer.replay_batch import Batch

SLOW_INIT = Part("slow_init")

INITIALISERS = {"linear": 1.0, "linear_out001": 0.01, "linear_out0": 0.0, "conv": 1.0, "block": 1.0}
"""Scales (outscale) of the reference's sample kernels."""


def _learner_with_value(golden: Golden) -> Learner:
    """A tiny learner whose value has the file's shapes, with a learning rate of 0: only the slow value moves."""
    feat, units = golden["before/val/mlp/linear0/kernel"].shape
    size = ModelSize(feat - 4, hidden=8, classes=2, depth=1, units=units, stoch=2, blocks=1, mults=(1, 1, 1, 1))
    return Learner(Agent(size, num_actions=15, dtype=torch.float32), Config(lr=0.0, imagination=2))


def _batch(size: ModelSize, batch: int = 2, steps: int = 3) -> Batch:
    rng, shape = np.random.default_rng(0), (batch, steps)
    never = np.zeros(shape, np.bool_)
    return Batch(
        frame=rng.integers(0, 256, (*shape, 64, 64, 3), np.uint8),
        reward=rng.normal(size=shape).astype(np.float32),
        action=rng.integers(0, 15, shape),
        is_first=never,
        is_last=never,
        is_terminal=never,
        level_seed=np.zeros(shape, np.int32),
        deter=np.zeros((batch, size.deter), np.float32),
        stoch=np.zeros((batch, size.stoch), np.uint8),
        positions=np.zeros(shape, np.int64),
    )


def _starting_with(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@SLOW_INIT.covers("before/*", "after*", "count*")
def test_golden_slow_value_follows_the_value_at_every_update(golden: Golden) -> None:
    learner = _learner_with_value(golden)
    before = golden.params("before/")
    state = {name: tensor.clone() for name, tensor in learner.state_tensors().items()}
    assert {name for name in state if name.startswith(("val/", "slowval/"))} == set(before)
    learner.load_state_tensors(state | before, updates=0)
    generator = torch.Generator().manual_seed(0)
    updates = len(golden.matching("count*"))
    assert updates >= 2
    for update in range(1, updates + 1):
        learner.update(_batch(learner.agent.size), generator)
        golden.check(f"count{update}", np.int32(learner.optimiser.step_count))
        state = learner.state_tensors()
        golden.check_params(f"after{update}/", _starting_with(state, "slowval/"), 1e-5)
        for name, value in _starting_with(before, "val/").items():
            assert torch.equal(state[name], value), f"{name} moved at a learning rate of 0"


@SLOW_INIT.covers("before/val/*")
def test_golden_slow_value_starts_as_a_copy_of_the_value(golden: Golden) -> None:
    learner = _learner_with_value(golden)
    state = {name: tensor.clone() for name, tensor in learner.state_tensors().items()}
    learner.load_weights(state | golden.params("before/"))
    state = learner.state_tensors()
    for name in _starting_with(state, "val/"):
        assert torch.equal(state[name], golden.tensor(f"before/{name}")), name
        assert torch.equal(state[f"slow{name}"], state[name]), name


def _kernel(name: str, shape: tuple[int, ...], outscale: float, generator: torch.Generator) -> tuple[Tensor, int]:
    """A freshly initialised kernel of ours of the reference's shape, and its fan-in."""
    if name == "conv":
        height, width, inputs, outputs = shape
        return Conv(inputs, outputs, generator).kernel, height * width * inputs
    if name == "block":
        blocks, inputs, outputs = shape
        return BlockLinear(blocks * inputs, blocks * outputs, blocks, generator).kernel, blocks * inputs
    return Linear(*shape, generator, outscale).kernel, shape[0]


@SLOW_INIT.covers("init/*", "init_std/*", "init_maxabs/*")
def test_golden_initialisers_spread(golden: Golden) -> None:
    assert {f"init/{name}" for name in INITIALISERS} == set(golden.matching("init/*"))
    generator = torch.Generator().manual_seed(0)
    for name, outscale in INITIALISERS.items():
        theirs = golden[f"init/{name}"]
        golden.check(f"init_std/{name}", theirs.std(), 1e-5)
        golden.check(f"init_maxabs/{name}", np.abs(theirs).max(), 1e-5)
        kernel, fan_in = _kernel(name, theirs.shape, outscale, generator)
        assert kernel.numel() == theirs.size
        ours = kernel.detach().numpy()
        # Both are samples: five standard errors of a difference of two.
        slack = 5 / math.sqrt(ours.size)
        std, largest = golden[f"init_std/{name}"], golden[f"init_maxabs/{name}"]
        assert abs(ours.std() - std) <= slack * std, name
        assert abs(ours.mean()) <= slack * std, name
        bound = 2 * TRUNCATION_GAIN * outscale / math.sqrt(fan_in) * (1 + 1e-6)
        assert np.abs(ours).max() <= bound and largest <= bound, name
        assert np.abs(ours).max() >= 0.98 * largest, name
        deciles = np.linspace(0.1, 0.9, 9)
        off = np.abs(np.quantile(ours, deciles) - np.quantile(theirs, deciles)).max()
        assert off <= 3 * slack * std, name


def test_golden_slow_init_every_array_is_answered_for() -> None:
    SLOW_INIT.check_every_array_is_claimed()
