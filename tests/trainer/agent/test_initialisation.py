"""What a new agent starts from: the reference's output scales, zero biases, unit norms."""

from __future__ import annotations

import math

import pytest
import torch

from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.nn.layers import TRUNCATION_GAIN, truncated_normal
from trainer.parameter_shapes import NoDraws


def test_biases_are_zero_and_norm_scales_one() -> None:
    for name, tensor in Agent(SIZES["debug"]).state_tensors().items():
        if name.endswith("/bias"):
            assert not tensor.any(), name
        elif name.endswith("/scale"):
            assert (tensor == 1).all(), name
        else:
            assert name.endswith("/kernel"), name


@pytest.mark.parametrize(
    ("name", "outscale"),
    [
        ("rew/head/logits/kernel", 0.0),
        ("val/head/logits/kernel", 0.0),
        ("pol/head/action/logits/kernel", 0.01),
        ("con/head/logit/kernel", 1.0),
        ("dyn/obslogit/kernel", 1.0),
    ],
)
def test_output_kernels_have_the_references_scale(name: str, outscale: float) -> None:
    kernel = Agent(SIZES["1m"]).state_tensors()[name]
    slack = 5 / math.sqrt(2 * kernel.numel())
    assert kernel.std().item() == pytest.approx(outscale / math.sqrt(kernel.shape[0]), rel=slack, abs=1e-12)


def test_the_same_seed_gives_the_same_weights_in_every_compute_type() -> None:
    exact = Agent(SIZES["debug"], seed=3).state_tensors()
    again = Agent(SIZES["debug"], seed=3).state_tensors()
    fast = Agent(SIZES["debug"], seed=3, dtype=torch.bfloat16)
    rounded = fast.state_tensors()
    other = Agent(SIZES["debug"], seed=4).state_tensors()
    for name, tensor in exact.items():
        assert torch.equal(tensor, again[name])
        assert torch.equal(tensor.to(fast.named_parameters()[name].dtype).float(), rounded[name])
    assert not torch.equal(exact["enc/cnn0/kernel"], other["enc/cnn0/kernel"])


def test_kernels_are_normals_cut_at_two_sigmas() -> None:
    drawn = truncated_normal((200, 500), 1, 1.0, torch.Generator().manual_seed(0)) / TRUNCATION_GAIN
    assert 1.99 < drawn.abs().max().item() < 2.00001
    for sigmas in (0.5, 1.0, 1.5):
        share = math.erf(sigmas / math.sqrt(2)) / math.erf(math.sqrt(2))
        assert (drawn.abs() < sigmas).float().mean().item() == pytest.approx(share, abs=0.005)


def test_weights_that_are_loaded_afterwards_are_not_drawn() -> None:
    generator = torch.Generator().manual_seed(0)
    before = generator.get_state()
    with NoDraws():
        truncated_normal((4, 4), 4, 1.0, generator)
    assert torch.equal(generator.get_state(), before)
