"""Where a training batch's carry and previous actions come from, against the reference's `_apply_replay_context`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.golden_support import Golden, Part
from trainer.agent.computation import observations, replay_context
from trainer.replay_batch import Batch
from trainer.world_model.rssm import Latent

pytestmark = pytest.mark.usefixtures("kernels")

CONTEXT = Part("replay_context")


def _check(golden: Golden, run: str, carry: Latent, prev_action: torch.Tensor) -> None:
    golden.check(f"{run}/carry_deter", carry.deter, 0.0)
    assert torch.equal(carry.stoch, golden.classes(f"{run}/carry_stoch"))
    golden.check(f"{run}/prevact", prev_action.int())


@CONTEXT.covers("data/*", "consec0/*")
def test_golden_replay_context_of_a_fresh_sequence(golden: Golden) -> None:
    """What an update makes of a batch of replay."""
    assert not golden["data/consec"].any()
    deter, stoch = golden["data/dyn/deter"], golden.classes("data/dyn/stoch").numpy().astype(np.uint8)
    rows = np.arange(golden["data/stepid"][..., 0].size).reshape(golden["data/stepid"].shape[:2])
    batch = Batch(
        frame=golden["data/image"],
        reward=golden["data/reward"],
        action=golden["data/action"].astype(np.int64),
        is_first=golden["data/is_first"],
        is_last=golden["data/is_last"],
        is_terminal=golden["data/is_terminal"],
        level_seed=np.zeros(rows.shape, np.int32),
        deter=deter[:, 0].copy(),
        stoch=stoch[:, 0].copy(),
        positions=rows,
    )
    obs, carry = observations(batch, torch.float32)
    _check(golden, "consec0", carry, obs.prev_action)
    golden.check("consec0/obs_image", obs.frame)
    golden.check("consec0/obs_reward", obs.reward, 0.0)
    golden.check("consec0/obs_is_first", obs.is_first)
    golden.check("consec0/obs_is_last", obs.is_last)
    golden.check("consec0/obs_is_terminal", obs.is_terminal)
    # The steps whose latents are written back: all but the first, which is context.
    identifiers = golden["data/stepid"].reshape(rows.size, -1)
    golden.check("consec0/stepid", identifiers[batch.positions[:, 1:]])
    assert obs.reward.shape[1] == deter.shape[1] - 1


@CONTEXT.covers("carry_*", "consec1/*")
def test_golden_replay_context_of_a_sequence_that_goes_on(golden: Golden) -> None:
    """The state comes from the batch before; steps and previous actions are the same as of a fresh sequence."""
    running = Latent(golden.tensor("carry_deter"), golden.classes("carry_stoch"))
    stored = Latent(golden.tensor("data/dyn/deter")[:, 0], golden.classes("data/dyn/stoch")[:, 0])
    action = golden.tensor("data/action")
    assert golden["carry_prevact"].shape == action.shape[:1]  # the reference overwrites it with the context's action
    goes_on = torch.ones(len(action), dtype=torch.bool)
    _check(golden, "consec1", *replay_context(stored, action, running, goes_on))
    for key in ("stepid", "obs_image", "obs_is_first", "obs_is_last", "obs_is_terminal", "obs_reward"):
        assert np.array_equal(golden[f"consec1/{key}"], golden[f"consec0/{key}"]), key
    mixed = goes_on.clone()
    mixed[0] = False
    carry, _ = replay_context(stored, action, running, mixed)
    assert torch.equal(carry.deter[0], stored.deter[0])
    assert torch.equal(carry.stoch[1:], running.stoch[1:])


def test_golden_replay_context_every_array_is_answered_for() -> None:
    CONTEXT.check_every_array_is_claimed()
