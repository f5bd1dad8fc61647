"""bfloat16 against float32 on the same batch with the same samples: losses and gradients must tell the same story.

On real frames, at initialisation and on every checkpoint that is shipped.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

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
from trainer.envs.actions import ACTIONS
from trainer.envs.procgen import ProcgenVector
from trainer.randomness import numpy_generator, torch_generator
from trainer.world_model.world_model import Observations

LENGTH = 40
LOSS_TOLERANCE = 0.02
LEAST_COSINE = 0.99

SHIPPED = sorted((Path(resources.__file__).parent / "checkpoints").glob("*.safetensors"))


@cache
def _observations(episodes: int) -> Observations:
    """Games of CoinRun on unseen levels, hurrying to the right, each from its first frame past the coin it takes.

    With a coin in each, the rewards' and the ends' losses are of the size that they have in training.
    """
    players = 96
    frames, rewards, firsts, actions = [], [], [], [np.zeros(players, np.int64)]
    right = [index for index, move in enumerate(ACTIONS) if move.name.startswith("right")]
    games = ProcgenVector("coinrun", "easy", num_envs=players, first_level=10_000, num_levels=1000)
    try:
        draws = numpy_generator(0, "precision test")
        for _ in range(LENGTH):
            seen = games.current()
            frames.append(seen.frame.copy())
            rewards.append(np.where(seen.is_first, seen.reward, 0.0).astype(np.float32))
            firsts.append(seen.is_first.copy())
            hurry = draws.random(players) < 0.85
            actions.append(np.where(hurry, draws.choice(right, players), draws.integers(0, 15, players)))
            games.step(actions[-1].astype(np.int32))
    finally:
        games.close()
    frame, reward, first, action = (np.stack(steps[:LENGTH], 1) for steps in (frames, rewards, firsts, actions))
    won = np.flatnonzero((reward > 0).any(1))[:episodes]
    assert len(won) == episodes
    frame, reward, first, action = frame[won], reward[won], first[won], action[won]
    # The step that ends an episode shows its last frame once more; the next level's first frame gives way to it.
    last = first.copy()
    last[:, 0] = False
    for row, step in zip(*np.nonzero(last), strict=True):
        frame[row, step] = frame[row, step - 1]
        first[row, step] = False
        first[row, step + 1 : step + 2] = True
    ends = torch.from_numpy(last)
    return Observations(
        torch.from_numpy(frame),
        torch.from_numpy(reward),
        torch.from_numpy(first),
        ends,
        ends,
        torch.from_numpy(action),
        ends,
    )


def _gradients(learner: Learner, losses: Losses) -> dict[str, Tensor]:
    parameters = learner.agent.named_parameters()
    grads = torch.autograd.grad(losses.total, list(parameters.values()))
    return {name: grad.float().flatten() for name, grad in zip(parameters, grads, strict=True)}


def _cosine(left: Tensor, right: Tensor) -> float:
    """Cosine of two vectors; torch's own takes vectors as short as an untrained policy's gradients for zero."""
    return float(left @ right / (left.norm() * right.norm()))


class _Pair(NamedTuple):
    """The same losses computed in float32 and in bfloat16; those of the policy for actions it never chose, too."""

    learners: tuple[Learner, Learner]
    losses: tuple[Losses, Losses]
    any_action: tuple[Tensor, Tensor]


def _both(size: ModelSize, weights: dict[str, Tensor], normaliser: tuple[float, float], episodes: int) -> _Pair:
    """The same games, the same noise, the same samples, in both compute types; no `weights`: those of a new agent."""
    learners = []
    for dtype in (torch.float32, torch.bfloat16):
        learner = Learner(Agent(size), Config(), dtype)
        if weights:
            state = {name: tensor.clone() for name, tensor in learner.state_tensors().items()}
            learner.load_state_tensors(state | weights, updates=0)
        learner.normaliser = ReturnNormaliser(*map(torch.tensor, normaliser))
        learners.append(learner)
    exact, fast = learners

    obs, noise = _observations(episodes), exact.noise(episodes, LENGTH, torch_generator(0, "precision test"))
    want = exact.losses(Inputs(obs, exact.agent.initial(episodes), noise))
    imagined = want.rollout.feat[:, 1:, size.deter :].unflatten(-1, (size.stoch, size.classes)).argmax(-1)
    forced = Forced(want.sequence.indices, ForcedRollout(imagined, want.rollout.action))
    got = fast.losses(Inputs(obs, fast.agent.initial(episodes), noise), forced=forced)
    assert got.rollout.feat.dtype == torch.bfloat16
    assert torch.equal(got.sequence.indices, want.sequence.indices)

    drawn = torch.randint(len(ACTIONS), want.rollout.action.shape, generator=torch_generator(0, "any action"))
    forced = Forced(want.sequence.indices, ForcedRollout(imagined, drawn))
    with torch.no_grad():
        exact_policy, fast_policy = (
            learner.losses(Inputs(obs, learner.agent.initial(episodes), noise), forced=forced).losses["policy"]
            for learner in learners
        )
    return _Pair((exact, fast), (want, got), (exact_policy, fast_policy))


def _check_losses(pair: _Pair) -> None:
    """Every mean within 2 % of float32's; the policy's for actions that are drawn evenly, not by the policy.

    For its own actions the policy's loss sums advantages of both signs, whose mean a trained value leaves next to zero:
    on the shipped checkpoint -0.0006 to -0.0014 with the noise of four seeds, with a standard error of 0.001. A share
    of such a mean says little, in float32 or not, so there it is held to 2 % of its elements' mean size, a fifth of
    that error.
    """
    want, got = (losses.losses for losses in pair.losses)
    assert set(got) == set(want)
    size = {name: loss.mean().abs() for name, loss in want.items()} | {"policy": want["policy"].abs().mean()}
    off = {name: ((got[name] - want[name]).mean().abs() / size[name]).item() for name in want}
    exact, fast = (policy.mean() for policy in pair.any_action)
    off["policy, any action"] = ((fast - exact) / exact).abs().item()
    assert max(off.values()) <= LOSS_TOLERANCE, off


def _check_gradients(pair: _Pair) -> None:
    (exact, fast), (want, got) = pair.learners, pair.losses
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
    pair = _both(SIZES[preset], {}, (0.0, 0.0), episodes=2)
    _check_losses(pair)
    _check_gradients(pair)


def test_a_checkpoint_is_shipped() -> None:
    assert SHIPPED, "resources/checkpoints holds no checkpoint"


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_bfloat16_agrees_with_float32_on_the_shipped_checkpoint(path: Path) -> None:
    """On the weights as they were trained, which float32 has in full and bfloat16 rounds where it rounds them."""
    file = open_checkpoint(path)
    pair = _both(file.header.config.size, file.weights(), file.header.normaliser, episodes=12)
    _check_losses(pair)
    _check_gradients(pair)
