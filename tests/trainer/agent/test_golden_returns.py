"""Lambda-returns, the return normaliser and the actor-critic losses against the reference's."""

from __future__ import annotations

import pytest
import torch

from tests.golden_support import Golden, Part
from trainer.agent.actor_critic import imagination_loss, replay_value_loss
from trainer.agent.returns import ReturnNormaliser, lambda_return
from trainer.nn.categorical import entropy
from trainer.nn.distributions import twohot_bins, twohot_mean

pytestmark = pytest.mark.usefixtures("kernels")

RETURNS = Part("returns")

LAM = 0.95
DISCOUNT = 1 - 1 / 333
ENTROPY = 3e-4
METRIC_ALLOWANCE = 2e-6


@RETURNS.covers("lambda/*")
def test_golden_returns_lambda(golden: Golden) -> None:
    last, term = golden.tensor("lambda/last").float(), golden.tensor("lambda/term").float()
    reward, boot = golden.tensor("lambda/rew"), golden.tensor("lambda/boot")
    assert golden["lambda/val"].shape == reward.shape  # the reference takes it and never uses it
    golden.check("lambda/ret_disc", lambda_return(last, term, reward, boot, DISCOUNT, LAM))
    golden.check("lambda/ret_nodisc", lambda_return(last, term, reward, boot, 1.0, LAM))
    soft = golden.tensor("lambda/softterm")
    golden.check("lambda/ret_soft", lambda_return(torch.zeros_like(last), soft, reward, boot, 1.0, LAM))


@RETURNS.covers("norm/*")
def test_golden_returns_normaliser(golden: Golden) -> None:
    normaliser = ReturnNormaliser.initial()
    batches = len(golden.matching("norm/x*"))
    assert batches >= 3
    for i in range(batches):
        normaliser = normaliser.updated(golden.tensor(f"norm/x{i}"))
        golden.check(f"norm/lo{i}", normaliser.lo)
        golden.check(f"norm/hi{i}", normaliser.hi)
        golden.check(f"norm/offset{i}", normaliser.lo)
        golden.check(f"norm/scale{i}", normaliser.scale)


@RETURNS.covers("imag/*", "imag_*", "bins")
def test_golden_returns_imagination_losses_and_their_gradients(golden: Golden) -> None:
    golden.check("bins", twohot_bins(), 1e-5)
    policy_logits = golden.tensor("imag/policy_logits").requires_grad_()
    value_logits = golden.tensor("imag/value_logits").requires_grad_()
    slow_logits, action = golden.tensor("imag/slow_logits"), golden.tensor("imag/act")
    reward, continues = golden.tensor("imag/rew"), golden.tensor("imag/con")
    log_probs = torch.log_softmax(policy_logits, -1)
    golden.check("imag/value_pred", twohot_mean(value_logits))
    golden.check("imag/slow_pred", twohot_mean(slow_logits))
    golden.check("imag/logp", log_probs.gather(-1, action[..., None])[..., 0])
    golden.check("imag/entropy", entropy(log_probs))
    golden.check("imag/weight", continues.cumprod(1))

    runs = sorted(key.removesuffix("/policy") for key in golden.matching("imag_*/policy"))
    assert runs == ["imag_fresh", "imag_narrow", "imag_wide"]
    for run in runs:
        before = ReturnNormaliser(golden.tensor(f"{run}/lo_before"), golden.tensor(f"{run}/hi_before"))
        heads = policy_logits, value_logits, slow_logits
        result = imagination_loss(*heads, action, reward, continues, before, LAM, ENTROPY)
        golden.check(f"{run}/policy", result.policy)
        golden.check(f"{run}/value", result.value)
        golden.check(f"{run}/ret", result.returns)
        golden.check(f"{run}/lo_after", result.normaliser.lo)
        golden.check(f"{run}/hi_after", result.normaliser.hi)
        metrics = {f"{run}/metric_{name.replace('/', '_')}": value for name, value in result.metrics.items()}
        assert sorted(metrics) == sorted(golden.matching(f"{run}/metric_*"))
        for key, value in metrics.items():
            golden.check(key, value, allowance=METRIC_ALLOWANCE)
        if golden.matching(f"{run}/grad_*"):
            (policy_grad,) = torch.autograd.grad(result.policy.mean(), policy_logits)
            (value_grad,) = torch.autograd.grad(result.value.mean(), value_logits)
            golden.check(f"{run}/grad_policy_logits", policy_grad)
            golden.check(f"{run}/grad_value_logits", value_grad, rms_share=1.0)


@RETURNS.covers("repl/*")
def test_golden_returns_replay_value_loss_and_its_gradient(golden: Golden) -> None:
    value_logits = golden.tensor("repl/value_logits").requires_grad_()
    loss, returns = replay_value_loss(
        value_logits,
        golden.tensor("repl/slow_logits"),
        golden.tensor("repl/last"),
        golden.tensor("repl/term"),
        golden.tensor("repl/rew"),
        golden.tensor("repl/boot"),
        DISCOUNT,
        LAM,
    )
    golden.check("repl/repval", loss)
    golden.check("repl/ret", returns)
    (grad,) = torch.autograd.grad(loss.mean(), value_logits)
    golden.check("repl/grad_value_logits", grad, rms_share=1.0)


def test_golden_returns_every_array_is_answered_for() -> None:
    RETURNS.check_every_array_is_claimed()
