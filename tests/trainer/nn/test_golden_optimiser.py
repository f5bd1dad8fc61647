"""LaProp with adaptive clipping against five steps of the reference's optimiser, under three learning rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.golden_support import Golden, Part
from trainer.nn.optimiser import BETA1, LaProp, learning_rate

OPTIMIZER = Part("optimizer")

AGC = 0.3


def _tensors(golden: Golden, prefix: str) -> dict[str, Tensor]:
    """Tensors under a prefix; convolutions in channels-last memory, as the model keeps them."""
    return {
        name: tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == 4 else tensor
        for name, tensor in golden.params(prefix).items()
    }


def _check_steps(golden: Golden, run: str, lr: float, warmup: int, also: tuple[str, ...] = ()) -> None:
    params = _tensors(golden, "params0/")
    names = list(params)
    optimiser = LaProp(list(params.values()), lr, warmup, AGC, torch.device("cpu"))
    steps = len({key.split("/")[0] for key in golden.matching("grads*/*")})
    assert steps >= 5
    for step in range(1, steps + 1):
        before = {name: view.clone() for name, view in zip(names, optimiser.params.views, strict=True)}
        grads = _tensors(golden, f"grads{step}/")
        optimiser.grads.copy_from([grads[name] for name in names])
        norm = optimiser.norm()
        squares = sum(float((grad.double() ** 2).sum()) for grad in grads.values())
        assert norm.item() == pytest.approx(math.sqrt(squares), rel=1e-5)
        optimiser.step()
        after = dict(zip(names, optimiser.params.views, strict=True))
        golden.check_params(f"{run}/params{step}/", after)
        rate = learning_rate(step, lr, warmup) / (1 - BETA1**step)
        updates = {name: -rate * mu for name, mu in zip(names, optimiser.mu.views, strict=True)}
        golden.check_params(f"{run}/update{step}/", updates, allowance=5e-5 * lr)
        for name, update in updates.items():
            rounding = 2.0**-23 * float((before[name].abs() + update.abs()).max())
            moved = (after[name] - before[name] - update).abs().max()
            assert moved <= rounding, f"{name} did not move by the update"
        if "nu" in also:
            golden.check_params(f"{run}/nu{step}/", dict(zip(names, optimiser.nu.views, strict=True)), 2e-4)
            golden.check_params(f"{run}/mu{step}/", dict(zip(names, optimiser.mu.views, strict=True)))
        if "clipped" in also:
            golden.check_params(f"{run}/clipped{step}/", dict(zip(names, optimiser.grads.views, strict=True)))


@OPTIMIZER.covers("params0/*", "grads*/*", "fast/*")
def test_golden_optimiser_five_fast_steps(golden: Golden) -> None:
    _check_steps(golden, "fast", 1e-2, 2, also=("nu", "clipped"))


@OPTIMIZER.covers("official/*")
def test_golden_optimiser_five_official_steps(golden: Golden) -> None:
    _check_steps(golden, "official", 4e-5, 1000)


@OPTIMIZER.covers("nowarm/*")
def test_golden_optimiser_five_steps_without_warmup(golden: Golden) -> None:
    _check_steps(golden, "nowarm", 1e-2, 0)


@OPTIMIZER.covers("lr_*")
def test_golden_optimiser_learning_rate(golden: Golden) -> None:
    fast = [learning_rate(step, 1e-2, 2) for step in range(1, 1 + len(golden["lr_fast"]))]
    golden.check("lr_fast", np.array(fast, np.float32))
    steps = [1, 2, 3, 4, 5, 6, 999, 1000, 1001, 1002, 1003]
    # The reference counts in float32: 1e-5 of the rate.
    official = [learning_rate(step, 4e-5, 1000) for step in steps]
    golden.check("lr_official", np.array(official, np.float32))


def test_golden_optimiser_every_array_is_answered_for() -> None:
    OPTIMIZER.check_every_array_is_claimed()
