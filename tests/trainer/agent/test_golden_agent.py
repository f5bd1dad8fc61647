"""The whole loss of the agent and all its gradients, with the reference's samples forced, against the reference's."""

from __future__ import annotations

import pytest
import torch

from tests.golden_support import TOLERANCE, Golden, Part, size_of
from trainer.agent.agent import Agent
from trainer.agent.computation import Inputs
from trainer.agent.imagination import ForcedRollout
from trainer.agent.learner import LOSS_SCALES, Forced, Learner, Losses
from trainer.config import Config
from trainer.world_model.rssm import Latent
from trainer.world_model.world_model import Observations

pytestmark = pytest.mark.usefixtures("kernels")

AGENT = Part("agent")
GRADS = Part("agent_grads")

METRIC_ALLOWANCE = 2e-6
"""Absolute difference forgiven in a metric, a mean over numbers of both signs."""
TOTAL_TOLERANCE = 1e-3
"""Of the total's gradients, in which losses of very different size cancel."""


def _learner(golden: Golden) -> Learner:
    """A float32 learner with the file's parameters, slow value and return normaliser."""
    params = golden.params()
    size = size_of(params, golden["post_stoch"].shape)
    agent = Agent(size, params["pol/head/action/logits/bias"].shape[0], dtype=torch.float32)
    learner = Learner(agent, Config(imagination=golden["imag_stoch"].shape[1]))
    state = {name: tensor.clone() for name, tensor in learner.state_tensors().items()}
    assert {name for name in state if name.split("/")[0] not in ("nu", "mu", "normaliser")} == set(params)
    state |= params
    for edge in ("lo", "hi"):
        state[f"normaliser/{edge}"] = golden.tensor(f"retnorm_{edge}_before")
    learner.load_state_tensors(state, updates=0)
    return learner


def _losses(golden: Golden, learner: Learner) -> Losses:
    obs = Observations(
        frame=golden.tensor("obs/image"),
        reward=golden.tensor("obs/reward"),
        is_first=golden.tensor("obs/is_first"),
        is_last=golden.tensor("obs/is_last"),
        is_terminal=golden.tensor("obs/is_terminal"),
        prev_action=golden.tensor("prevact"),
        # The reference sees a picture at every step, also at the last one of an episode.
        unseen=torch.zeros_like(golden.tensor("obs/is_last")),
    )
    carry = Latent(golden.tensor("carry_deter"), golden.classes("carry_stoch"))
    rollout = ForcedRollout(golden.classes("imag_stoch"), golden.tensor("imag_act"))
    inputs = Inputs(obs, carry, learner.noise(*obs.reward.shape, torch.Generator()))
    return learner.losses(inputs, forced=Forced(golden.classes("post_stoch"), rollout))


@AGENT.covers("*")
def test_golden_agent_losses_and_what_they_are_made_of(golden: Golden) -> None:
    learner = _learner(golden)
    computed = _losses(golden, learner)
    world, sequence, rollout = learner.agent.world_model, computed.sequence, computed.rollout
    deter_width = learner.agent.size.deter
    golden.check("tokens", world.tokens(golden.tensor("obs/image")))
    golden.check("deter", sequence.deter)
    golden.check("post_logit", sequence.logits)
    golden.check("post_stoch", sequence.stoch.view(golden["post_stoch"].shape))

    start = torch.cat([sequence.deter, sequence.stoch], -1).flatten(0, 1)
    assert torch.equal(rollout.feat[:, 0], start.detach())
    imagined_deter = rollout.feat[:, 1:, :deter_width]
    golden.check("imag_deter", imagined_deter)
    golden.check("imag_prior_logit", world.dyn.prior(imagined_deter))
    golden.check("imag_stoch", rollout.feat[:, 1:, deter_width:].reshape(golden["imag_stoch"].shape))
    golden.check("imag_act", rollout.action.int())
    imagined = {
        "imag_policy_logits": "policy_logits",
        "imag_rew": "reward",
        "imag_con": "continues",
        "imag_value_pred": "value",
        "imag_slow_pred": "slow",
        "imag_ret": "returns",
        "imag_policy_loss": "policy_loss",
        "imag_value_loss": "value_loss",
    }
    for theirs, ours in imagined.items():
        golden.check(theirs, computed.imagined[ours])
    golden.check("repl_ret", computed.replay_returns)
    golden.check("retnorm_lo_after", computed.normaliser.lo)
    golden.check("retnorm_hi_after", computed.normaliser.hi)

    assert {f"losses/{name}" for name in computed.losses} == set(golden.matching("losses/*"))
    for name, loss in computed.losses.items():
        golden.check(f"losses/{name}", loss)
    assert {f"scales/{name}" for name in LOSS_SCALES} == set(golden.matching("scales/*"))
    for name, scale in LOSS_SCALES.items():
        golden.check(f"scales/{name}", scale, 1e-6)
    golden.check("loss", computed.total)
    for key in golden.matching("metrics/*"):
        golden.check(key, computed.metrics[key.removeprefix("metrics/")], allowance=METRIC_ALLOWANCE)


@GRADS.covers("*")
def test_golden_agent_gradients_of_every_loss_and_of_their_sum(golden: Golden) -> None:
    batch = golden.sibling("agent")
    learner = _learner(batch)
    computed = _losses(batch, learner)
    parameters = learner.agent.named_parameters()
    objectives = {name: loss.mean() for name, loss in computed.losses.items()} | {"total": computed.total}
    assert {key.split("/")[0] for key in golden.keys} == set(objectives)
    for name, objective in objectives.items():
        grads = torch.autograd.grad(objective, list(parameters.values()), retain_graph=True, materialize_grads=True)
        tolerance = TOTAL_TOLERANCE if name == "total" else TOLERANCE
        golden.check_params(f"{name}/", dict(zip(parameters, grads, strict=True)), tolerance)


def test_golden_agent_every_array_is_answered_for() -> None:
    for part in (AGENT, GRADS):
        part.check_every_array_is_claimed()
