"""bfloat16 against float32 on the same batch with the same samples: losses and gradients must tell the same story.

On real frames, at initialisation and on every checkpoint that is shipped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

import resources
from trainer.agent.agent import Agent
from trainer.agent.computation import Inputs
from trainer.agent.imagination import ForcedRollout
from trainer.agent.learner import Forced, Learner, Losses
from trainer.agent.returns import ReturnNormaliser
from trainer.checkpoint import open_checkpoint
from trainer.config import SIZES, Config, ModelSize
from trainer.envs.procgen import ProcgenVector
from trainer.randomness import numpy_generator, torch_generator
from trainer.world_model.world_model import Observations

BATCH, LENGTH = 8, 16
LOSS_TOLERANCE = 0.02
LEAST_COSINE = 0.99

SHIPPED = sorted((Path(resources.__file__).parent / "checkpoints").glob("*.safetensors"))


@cache
def _observations() -> Observations:
    """Sequences of CoinRun under random actions, from a level's first frame; the first one ends in a death."""
    frames, rewards, firsts, actions = [], [], [], [np.zeros(BATCH, np.int64)]
    games = ProcgenVector("coinrun", "easy", num_envs=BATCH, first_level=10_000, num_levels=1000)
    try:
        draws = numpy_generator(0, "precision test")
        seen = games.current()
        for _ in range(LENGTH):
            frames.append(seen.frame.copy())
            rewards.append(np.where(seen.is_first, 0.0, seen.reward).astype(np.float32))
            firsts.append(seen.is_first.copy())
            actions.append(draws.integers(0, 15, BATCH))
            seen = games.step(actions[-1].astype(np.int32))
    finally:
        games.close()
    death = torch.zeros(BATCH, LENGTH, dtype=torch.bool)
    death[0, -1] = True

    def stacked(steps: list[np.ndarray]) -> Tensor:
        return torch.from_numpy(np.stack(steps[:LENGTH], 1))

    return Observations(stacked(frames), stacked(rewards), stacked(firsts), death, death, stacked(actions), death)


def _gradients(learner: Learner, losses: Losses) -> dict[str, Tensor]:
    parameters = learner.agent.named_parameters()
    grads = torch.autograd.grad(losses.total, list(parameters.values()))
    return {name: grad.float().flatten() for name, grad in zip(parameters, grads, strict=True)}


def _cosine(left: Tensor, right: Tensor) -> float:
    """Cosine of two vectors; torch's own takes vectors as short as an untrained policy's gradients for zero."""
    return float(left @ right / (left.norm() * right.norm()))


def _check_bfloat16(size: ModelSize, weights: dict[str, Tensor] | None, normaliser: tuple[float, float]) -> None:
    """Compares the two compute types; `weights` None: those of a new agent."""
    learners = []
    for dtype in (torch.float32, torch.bfloat16):
        learner = Learner(Agent(size), Config(), dtype)
        if weights is not None:
            state = {name: tensor.clone() for name, tensor in learner.state_tensors().items()}
            learner.load_state_tensors(state | weights, updates=0)
        learner.normaliser = ReturnNormaliser(*map(torch.tensor, normaliser))
        learners.append(learner)
    exact, fast = learners

    obs, noise = _observations(), exact.noise(BATCH, LENGTH, torch_generator(0, "precision test"))
    want = exact.losses(Inputs(obs, exact.agent.initial(BATCH), noise))
    imagined = want.rollout.feat[:, 1:, size.deter :].unflatten(-1, (size.stoch, size.classes)).argmax(-1)
    forced = Forced(want.sequence.indices, ForcedRollout(imagined, want.rollout.action))
    got = fast.losses(Inputs(obs, fast.agent.initial(BATCH), noise), forced=forced)
    assert got.rollout.feat.dtype == torch.bfloat16
    assert torch.equal(got.sequence.indices, want.sequence.indices)

    assert set(got.losses) == set(want.losses)
    off = {}
    for name in want.losses:
        # Step by step, so that errors of both signs do not cancel, against the size of the steps' losses: the mean of
        # the policy's is next to zero, its terms have both signs. For the others this bounds the means' error too.
        ours, theirs = got.losses[name], want.losses[name]
        off[name] = ((ours - theirs).abs().mean() / theirs.abs().mean()).item()
    assert max(off.values()) <= LOSS_TOLERANCE, off

    cosines = {}
    right = _gradients(fast, got)
    for name, left in _gradients(exact, want).items():
        if not left.any():
            assert not right[name].any(), f"{name} has a gradient in bfloat16 only"
            continue
        cosines[name] = _cosine(left.double(), right[name].double())
    worst = dict(sorted(cosines.items(), key=lambda item: item[1])[:5])
    assert min(worst.values()) >= LEAST_COSINE, worst


@pytest.mark.parametrize("preset", ["1m", "12m"])
def test_bfloat16_agrees_with_float32_at_initialisation(preset: str) -> None:
    _check_bfloat16(SIZES[preset], None, (0.0, 0.0))


def test_a_checkpoint_is_shipped() -> None:
    assert SHIPPED, "resources/checkpoints holds no checkpoint"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_bfloat16_agrees_with_float32_on_the_shipped_checkpoint(path: Path) -> None:
    file = open_checkpoint(path)
    _check_bfloat16(file.header.config.size, file.weights(), file.header.normaliser)
