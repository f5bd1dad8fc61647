"""Reward, continue, policy and value heads and their distributions against the reference's."""

from __future__ import annotations

import math

import pytest
import torch

from tests.golden_support import Golden, Part, load_into, size_of
from trainer.agent.actor_critic import ActorCritic
from trainer.nn.categorical import entropy, unimix_log_probs
from trainer.nn.distributions import binary_loss, twohot_bins, twohot_loss, twohot_mean, twohot_weights
from trainer.world_model.world_model import WorldModel

pytestmark = pytest.mark.usefixtures("kernels")

HEADS = Part("heads")


@HEADS.covers(
    "params/*", "deter", "stoch", "feat", "target*", "con_target", "action", "rew/*", "val/*", "con/*", "pol/*"
)
def test_golden_heads_outputs_and_losses(golden: Golden) -> None:
    params, stoch = golden.params(), golden.tensor("stoch")
    size = size_of(params, tuple(stoch.shape))
    actions = params["pol/head/action/logits/bias"].shape[0]
    model = WorldModel(size, actions, torch.Generator(), horizon=333)
    actor_critic = ActorCritic(size, actions, torch.Generator())
    heads = {"rew": model.rew, "con": model.con, "pol": actor_critic.pol, "val": actor_critic.val}
    assert {name.split("/")[0] for name in params} == set(heads)
    for name, head in heads.items():
        load_into(head, params, f"{name}/")
    feat = torch.cat([golden.tensor("deter"), stoch.flatten(-2)], -1)
    golden.check("feat", feat)

    for name in ("rew", "val"):
        logits = heads[name](feat)
        golden.check(f"{name}/logits", logits)
        golden.check(f"{name}/pred", twohot_mean(logits))
        targets = golden.tensor("target1"), golden.tensor("target2")
        losses = [twohot_loss(logits, target) for target in targets]
        golden.check(f"{name}/loss1", losses[0])
        golden.check(f"{name}/loss2", losses[1])
        torch.testing.assert_close(twohot_loss(logits, *targets), losses[0] + losses[1])

    logit = model.con(feat).squeeze(-1)
    golden.check("con/logit", logit)
    golden.check("con/pred", logit > 0)
    golden.check("con/prob1", model.continues(feat))
    golden.check("con/logp1", -binary_loss(logit, torch.ones_like(logit)))
    golden.check("con/loss", binary_loss(logit, golden.tensor("con_target")))

    logits, action = actor_critic.pol(feat), golden.tensor("action")
    log_probs = torch.log_softmax(logits, -1)
    chosen = log_probs.gather(-1, action[..., None])[..., 0]
    golden.check("pol/logits", logits)
    golden.check("pol/pred", logits.argmax(-1).int())
    golden.check("pol/entropy", entropy(log_probs))
    golden.check("pol/logp", chosen)
    golden.check("pol/prob", chosen.exp())
    golden.check("pol/maxent", entropy(torch.full((actions,), -math.log(actions))))
    golden.check("pol/minent", 0.0)


@HEADS.covers("pol_unimix/*")
def test_golden_heads_unimix(golden: Golden) -> None:
    """Our latents' 1 % mix agrees with the reference's, shown on logits for which it has the numbers."""
    log_probs = unimix_log_probs(golden.tensor("pol/logits"))
    golden.check("pol_unimix/logp_all", log_probs)
    golden.check("pol_unimix/logp", log_probs.gather(-1, golden.tensor("action")[..., None])[..., 0])
    golden.check("pol_unimix/entropy", entropy(log_probs))


@HEADS.covers("bins", "twohot/*")
def test_golden_heads_twohot(golden: Golden) -> None:
    bins = twohot_bins()
    golden.check("bins", bins, 1e-5)
    assert torch.equal(bins, -bins.flip(0))
    logits, target = golden.tensor("twohot/logits"), golden.tensor("twohot/target")
    means = twohot_mean(logits)
    golden.check("twohot/pred", means, rms_share=0.0, allowance=1e-6)
    golden.check("twohot/pred_jit", means, rms_share=0.0, allowance=0.2)
    below, above, weight = twohot_weights(target)
    weights = torch.zeros_like(logits)
    weights.scatter_add_(1, below[:, None], 1 - weight[:, None]).scatter_add_(1, above[:, None], weight[:, None])
    golden.check("twohot/weights", weights, allowance=1e-6)
    golden.check(
        "twohot/loss", twohot_loss(logits[:, None].expand(-1, len(target), -1), target.expand(len(logits), -1))
    )


def test_golden_heads_every_array_is_answered_for() -> None:
    HEADS.check_every_array_is_claimed()
