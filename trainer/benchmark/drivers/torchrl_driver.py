"""torchrl's DreamerV3, put together from its own modules, losses and optimiser with the reference's settings."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

BINS = 255
HORIZON = 333


def build(work: dict[str, Any]) -> tuple[Callable[[], None], dict[str, Any]]:
    """One update on random data.

    Args:
        work: see :func:`trainer.benchmark.peers.work_of`.

    Returns:
        the update, and facts: `version` and `torch`, `parameters` (trained ones), `differs` (a list of sentences).
    """
    import torch
    from tensordict import TensorDict
    from torchrl.objectives import SoftUpdate
    from torchrl.trainers.algorithms.dreamer_v3 import DreamerV3Optimizer

    device = torch.device(work["device"])
    loss_module = _losses(work).to(device)
    parameters = [parameter for parameter in loss_module.parameters() if parameter.requires_grad]
    optimizer = DreamerV3Optimizer(parameters)
    slow = SoftUpdate(loss_module.value_loss, tau=0.02)

    size, shape = work["size"], (work["batch"], work["length"])
    never = torch.zeros(*shape, 1, dtype=torch.bool, device=device)
    data = TensorDict(
        {
            "state": torch.zeros(*shape, size["stoch"] * size["classes"], device=device),
            "belief": torch.zeros(*shape, size["deter"], device=device),
            "action": torch.eye(work["actions"], device=device)[torch.randint(work["actions"], shape)],
            "is_init": never,
            "next": {
                "pixels": torch.randint(256, (*shape, 3, 64, 64), dtype=torch.uint8, device=device),
                "reward": torch.randn(*shape, 1, device=device),
                "done": never,
                "terminated": never,
            },
        },
        shape,
        device=device,
    )

    def update() -> None:
        with torch.autocast(device.type, torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            losses = loss_module(data.copy())
            total = sum(loss for name, loss in losses.items() if name.startswith("loss_"))
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        slow.step()

    return update, {
        "version": metadata.version("torchrl"),
        "torch": torch.__version__,
        "parameters": sum(parameter.numel() for parameter in parameters),
        "differs": [
            "strided and transposed convolutions, a fraction of the arithmetic of 5x5 ones with pooling and upsampling",
            "one block layer leads into the decoder",
            "the policy mixes 1 % of uniform",
        ],
    }


def _losses(work: dict[str, Any]) -> Any:
    """torchrl's `DreamerV3Loss` over freshly made networks of the given size."""
    import torch
    from tensordict.nn import TensorDictModule, TensorDictSequential
    from torchrl.data import Composite, OneHot, Unbounded
    from torchrl.envs.model_based.dreamer import DreamerEnv
    from torchrl.modules import (
        DreamerV3DiscreteActor,
        DreamerV3ImageDecoder,
        DreamerV3ImageEncoder,
        DreamerV3MLP,
        RSSMPosteriorV3,
        RSSMPriorV3,
        RSSMRolloutV3,
        SymExpTwoHot,
        WorldModelWrapper,
    )
    from torchrl.objectives import DreamerV3ActorLoss, DreamerV3Loss, DreamerV3ModelLoss, DreamerV3ValueLoss
    from torchrl.objectives.utils import ValueEstimators

    size, actions = work["size"], work["actions"]
    latents = size["stoch"] * size["classes"]
    feat, units, mults = latents + size["deter"], size["units"], tuple(size["mults"])
    encoder = DreamerV3ImageEncoder(depth=size["depth"], mults=mults)
    prior = RSSMPriorV3(
        action_shape=torch.Size([actions]),
        hidden_dim=size["hidden"],
        rnn_hidden_dim=size["deter"],
        num_categoricals=size["stoch"],
        num_classes=size["classes"],
        action_dim=actions,
        unimix=0.01,
        recurrent_model="block_gru",
        num_blocks=size["blocks"],
    )
    posterior = RSSMPosteriorV3(
        hidden_dim=size["hidden"],
        num_categoricals=size["stoch"],
        num_classes=size["classes"],
        rnn_hidden_dim=size["deter"],
        obs_embed_dim=encoder.output_features((3, 64, 64)),
        unimix=0.01,
        use_rms_norm=True,
    )
    rollout = RSSMRolloutV3(
        TensorDictModule(
            prior,
            in_keys=["state", "belief", "action"],
            out_keys=[("next", "prior_logits"), ("next", "state"), ("next", "belief")],
        ),
        TensorDictModule(
            posterior,
            in_keys=[("next", "belief"), ("next", "encoded_latents")],
            out_keys=[("next", "posterior_logits"), ("next", "state")],
        ),
        reset_key="is_init",
    )
    decoder = DreamerV3ImageDecoder(feat, depth=size["depth"], mults=mults, num_blocks=size["blocks"])
    reward = DreamerV3MLP(feat, BINS, depth=1, num_cells=units, outscale=0.0)
    going_on = DreamerV3MLP(feat, 1, depth=1, num_cells=units)
    value = DreamerV3MLP(feat, BINS, depth=3, num_cells=units, outscale=0.0)

    def head(network: Any, inputs: list[Any], logits: Any, decode: Any = None, out: Any = None) -> Any:
        stages = [
            TensorDictModule(network, in_keys=inputs, out_keys=[logits]),
            TensorDictModule(torch.Tensor.float, in_keys=[logits], out_keys=[logits]),
        ]
        if decode is not None:
            stages.append(TensorDictModule(decode, in_keys=[logits], out_keys=[out]))
        return TensorDictSequential(*stages)

    seen, dreamt = [("next", "belief"), ("next", "state")], ["belief", "state"]
    world_model = TensorDictSequential(
        TensorDictModule(encoder, in_keys=[("next", "pixels")], out_keys=[("next", "encoded_latents")]),
        rollout,
        TensorDictModule(decoder, in_keys=seen[::-1], out_keys=[("next", "reco_pixels")]),
        head(reward, seen, ("next", "reward_logits"), SymExpTwoHot(BINS), ("next", "reward")),
        head(going_on, seen, ("next", "continue_pred")),
    )
    env = DreamerEnv(
        world_model=WorldModelWrapper(
            TensorDictModule(prior, in_keys=["state", "belief", "action"], out_keys=["_", "state", "belief"]),
            head(reward, dreamt, "reward_logits", SymExpTwoHot(BINS), "reward"),
        ),
        prior_shape=torch.Size([latents]),
        belief_shape=torch.Size([size["deter"]]),
        device=torch.device(work["device"]),
    )
    env.observation_spec = Composite(state=Unbounded(latents), belief=Unbounded(size["deter"]))
    env.state_spec = env.observation_spec.clone()
    env.action_spec = OneHot(actions, dtype=torch.float32)
    env.reward_spec = Unbounded((1,))
    actor = DreamerV3DiscreteActor(feat, actions, depth=3, num_cells=units)
    value_model = head(value, dreamt, "state_value_logits", SymExpTwoHot(BINS), "state_value")
    model_loss = DreamerV3ModelLoss(
        world_model,
        num_reward_bins=BINS,
        kl_mode="separate",
        unimix=0.01,
        lambda_continue=1.0,
        continue_target_scale=1 - 1 / HORIZON,
        reco_symlog=False,
        detach_output=False,
    )
    actor_loss = DreamerV3ActorLoss(
        actor,
        value_model,
        env,
        continuation_model=head(going_on, dreamt, "continue_logits", torch.sigmoid, "continuation"),
        imagination_horizon=work["imagination"],
        use_reinforce=True,
    )
    # the discount is part of what the continue head predicts, as in the reference
    actor_loss.make_value_estimator(ValueEstimators.TDLambda, gamma=1.0, lmbda=0.95)
    value_loss = DreamerV3ValueLoss(
        value_model,
        value_loss="two_hot",
        num_value_bins=BINS,
        actor_loss=actor_loss,
        slow_critic_regularization=1.0,
    )
    return DreamerV3Loss(model_loss, actor_loss, value_loss, continuation_horizon=HORIZON)
