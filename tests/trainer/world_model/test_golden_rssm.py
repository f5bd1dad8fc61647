"""One recurrent step, a teacher-forced sequence with resets, and an open-loop rollout against the reference's RSSM."""

from __future__ import annotations

import pytest
import torch

from tests.golden_support import Golden, Part, load_into, size_of
from trainer.nn.categorical import unimix_log_probs
from trainer.world_model.rssm import RSSM, Latent
from trainer.world_model.world_model import WorldModel

pytestmark = pytest.mark.usefixtures("kernels")

CORE = Part("rssm_core")
OBSERVE = Part("rssm_observe")
IMAGINE = Part("rssm_imagine")


def _rssm(golden: Golden) -> RSSM:
    params = golden.params()
    size = size_of(params, golden["stoch"].shape)
    tokens = params["dyn/obs0/kernel"].shape[0] - size.deter
    rssm = RSSM(size, tokens, params["dyn/dynin2/kernel"].shape[0], torch.Generator())
    load_into(rssm, params, "dyn/")
    return rssm


@CORE.covers("*")
def test_golden_rssm_one_step_prior_and_posterior(golden: Golden) -> None:
    rssm = _rssm(golden)
    deter, stoch, onehot = golden.tensor("deter"), golden.tensor("stoch").flatten(1), golden.tensor("action_onehot")
    assert torch.equal(rssm.action_vector(golden.tensor("action")), onehot)
    assert torch.equal(rssm.onehot(golden.classes("stoch")), stoch)

    after = rssm.step(deter, stoch, rssm.embed_action(onehot))
    golden.check("next_deter", after)
    golden.check("next_deter_actvec", rssm.step(deter, stoch, rssm.embed_action(golden.tensor("action_vec"))))
    prior = rssm.prior(after)
    golden.check("prior_logit", prior)
    golden.check("prior_logp", unimix_log_probs(prior))
    posterior = rssm.posterior(after, rssm.project_tokens(golden.tensor("tokens")))
    golden.check("post_logit", posterior)
    golden.check("post_logp", unimix_log_probs(posterior))


@OBSERVE.covers("*")
def test_golden_rssm_observe_with_resets_and_kl(golden: Golden) -> None:
    rssm = _rssm(golden)
    forced = golden.classes("stoch")
    shape = golden["stoch"].shape
    noise = torch.full(shape[:-1], 0.5)
    carry = Latent(golden.tensor("carry_deter"), golden.classes("carry_stoch"))
    inputs = golden.tensor("tokens"), golden.tensor("prevact"), golden.tensor("is_first")
    sequence = rssm.observe(carry, *inputs, noise, forced)
    prior = rssm.prior(sequence.deter)
    golden.check("deter", sequence.deter)
    golden.check("post_logit", sequence.logits)
    golden.check("prior_logit", prior)
    golden.check("post_logp", unimix_log_probs(sequence.logits))
    golden.check("prior_logp", unimix_log_probs(prior))
    golden.check("stoch", sequence.stoch.view(shape))
    golden.check("final_deter", sequence.deter[:, -1])
    golden.check("final_stoch", sequence.stoch[:, -1].unflatten(-1, shape[-2:]))
    assert torch.equal(sequence.indices, forced)

    model = WorldModel(size_of(golden.params(), shape), rssm.num_actions, torch.Generator(), horizon=333)
    for free in (0, 1):
        dyn, rep, metrics = model.kl_losses(sequence.logits, prior, float(free))
        golden.check(f"dyn_free{free}", dyn)
        golden.check(f"rep_free{free}", rep)
        golden.check("dyn_ent", metrics["dyn_ent"], allowance=2e-6)
        golden.check("rep_ent", metrics["rep_ent"], allowance=2e-6)


@OBSERVE.covers("deter", "post_logit")
def test_golden_rssm_observe_step_by_step(golden: Golden) -> None:
    rssm = _rssm(golden)
    forced = golden.classes("stoch")
    tokens, actions, is_first = golden.tensor("tokens"), golden.tensor("prevact"), golden.tensor("is_first")
    latent = Latent(golden.tensor("carry_deter"), golden.classes("carry_stoch"))
    deters, logits = [], []
    for t in range(forced.shape[1]):
        noise = torch.full(forced[:, t].shape, 0.5)
        latent, logit = rssm.observe_step(latent, actions[:, t], tokens[:, t], is_first[:, t], noise)
        deters.append(latent.deter)
        logits.append(logit)
        latent = Latent(latent.deter, forced[:, t])
    golden.check("deter", torch.stack(deters, 1))
    golden.check("post_logit", torch.stack(logits, 1))


@IMAGINE.covers("*")
def test_golden_rssm_imagine_open_loop(golden: Golden) -> None:
    rssm = _rssm(golden)
    forced, actions = golden.classes("stoch"), golden.tensor("action")
    latent = Latent(golden.tensor("carry_deter"), golden.classes("carry_stoch"))
    deters = []
    for h in range(actions.shape[1]):
        latent = rssm.imagine_step(latent, actions[:, h], torch.full(forced[:, h].shape, 0.5))
        deters.append(latent.deter)
        latent = Latent(latent.deter, forced[:, h])
    deter = torch.stack(deters, 1)
    golden.check("deter", deter)
    golden.check("prior_logit", rssm.prior(deter))


def test_golden_rssm_every_array_is_answered_for() -> None:
    for part in (CORE, OBSERVE, IMAGINE):
        part.check_every_array_is_claimed()
