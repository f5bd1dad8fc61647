"""What a network computes with: the compute dtype, but float32 where rounding a weight tells."""

from __future__ import annotations

import torch

from tests.player_support import small_agent
from trainer.agent.agent import Agent
from trainer.nn.layers import Conv, FineConv
from trainer.nn.optimiser import FlatTensors
from trainer.nn.packed import PackedFineConv, can_pack

CPU = torch.device("cpu")


def test_norms_pictures_and_logits_keep_their_weights() -> None:
    agent = small_agent()
    agent.to(torch.bfloat16)
    kinds = {name: parameter.dtype for name, parameter in agent.named_parameters().items()}
    kept = {name for name, dtype in kinds.items() if dtype == torch.float32}
    assert kept == {
        name
        for name in kinds
        if name.endswith("/scale") or name.startswith(("dec/imgout/", "rew/head/", "con/head/", "pol/head/"))
    }
    assert {kinds[name] for name in kinds.keys() - kept} == {torch.bfloat16}


def test_weights_taken_are_rounded_only_where_they_may_be() -> None:
    agent: Agent = small_agent()
    agent.to(torch.bfloat16)
    before = agent.named_parameters()
    places = [parameter.data_ptr() for parameter in before.values()]
    generator = torch.Generator().manual_seed(0)
    weights = FlatTensors(list(before.values()), torch.float32, CPU)
    weights.flat.copy_(torch.randn(weights.flat.shape, generator=generator))
    agent.take(weights)
    after = agent.named_parameters()
    assert [parameter.data_ptr() for parameter in after.values()] == places, "a graph reads them where they lie"
    for parameter, weight in zip(after.values(), weights.views, strict=True):
        assert torch.equal(parameter, weight.to(parameter.dtype))


def pictures() -> tuple[FineConv, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    conv = FineConv(16, 3, generator)
    return conv, torch.randn(2, 8, 8, 16, generator=generator).bfloat16()


def test_a_fine_convolution_loses_nothing_of_its_kernel() -> None:
    conv, x = pictures()
    rounded = Conv(16, 3, torch.Generator().manual_seed(0))
    rounded.load_state_dict(conv.state_dict())
    rounded.to(torch.bfloat16)
    truth = conv.upsampled(x.float())
    fine, rough = conv.upsampled(x), rounded.upsampled(x)
    assert fine.dtype == torch.float32
    # What is left is the rounding of the sums, half a unit in the last of 8 bits, by which a few are far smaller.
    torch.testing.assert_close(fine, truth, rtol=2**-8, atol=1e-3)
    assert (fine - truth).square().mean() < 0.6 * (rough - truth).square().mean()
    (gradient,) = torch.autograd.grad(fine.sum(), conv.kernel)
    (wanted,) = torch.autograd.grad(truth.sum(), conv.kernel)
    torch.testing.assert_close(gradient, wanted, rtol=2**-7, atol=2**-7 * wanted.abs().max().item())


def test_a_packed_fine_convolution_computes_the_same() -> None:
    conv, x = pictures()
    for given in (x, x.float()):
        if can_pack(given.dtype, CPU):
            packed = PackedFineConv(conv, given.dtype, 8)(given)
            plain = conv.upsampled(given).flatten(3)
            torch.testing.assert_close(packed, plain, rtol=2**-8 if given is x else 1e-5, atol=1e-5)
