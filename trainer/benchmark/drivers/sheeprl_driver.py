"""sheeprl's DreamerV3 of the Nature paper (`exp=dreamer_v3_5`): its own models, losses, optimiser and update."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any


def build(work: dict[str, Any]) -> tuple[Callable[[], None], dict[str, Any]]:
    """One update on random data.

    Args:
        work: see :func:`trainer.benchmark.peers.work_of`.

    Returns:
        the update, and facts: `version` and `torch`, `parameters` (trained ones), `differs` (a list of sentences).
    """
    import gymnasium
    import hydra
    import numpy as np
    import torch
    from lightning.fabric import Fabric
    from omegaconf import OmegaConf
    from sheeprl.algos.dreamer_v3.utils import Moments
    from sheeprl.algos.dreamer_v3_5.agent import build_agent
    from sheeprl.algos.dreamer_v3_5.dreamer_v3_5 import train, update_target_critic
    from sheeprl.utils.utils import dotdict

    size = work["size"]
    overrides = [
        "exp=dreamer_v3_5",
        f"algo.dense_units={size['units']}",
        f"algo.cnn_channels_multiplier={size['depth']}",
        f"algo.cnn_stages={list(size['mults'])}",
        f"algo.horizon={work['imagination']}",
        f"algo.world_model.discrete_size={size['classes']}",
        f"algo.world_model.stochastic_size={size['stoch']}",
        f"algo.world_model.recurrent_model.recurrent_state_size={size['deter']}",
        f"algo.world_model.recurrent_model.hidden_size={size['hidden']}",
        f"algo.world_model.recurrent_model.blocks={size['blocks']}",
        f"algo.world_model.observation_model.block_space={size['blocks']}",
    ]
    with hydra.initialize_config_module("sheeprl.configs", version_base=None):
        composed = hydra.compose("config", overrides)
    algo = OmegaConf.to_container(composed.algo, resolve=True)
    cfg = dotdict({"algo": algo, "env": {"screen_size": 64}})
    torch.set_float32_matmul_precision(composed.float32_matmul_precision)
    fabric = Fabric(
        accelerator=work["device"],
        devices=1,
        precision="bf16-mixed" if work["dtype"] == "bfloat16" else "32-true",
    )
    images = gymnasium.spaces.Dict({"rgb": gymnasium.spaces.Box(0, 255, (3, 64, 64), np.uint8)})
    actions_dim = (work["actions"],)
    world_model, actor, critic, target_critic, _ = build_agent(fabric, actions_dim, False, cfg, images)
    parameters = [*world_model.parameters(), *actor.parameters(), *critic.parameters()]
    optimizer = fabric.setup_optimizers(hydra.utils.instantiate(cfg.algo.optimizer, params=parameters, _convert_="all"))
    moments_cfg = cfg.algo.actor.moments
    moments = Moments(moments_cfg.decay, moments_cfg.max, moments_cfg.percentile.low, moments_cfg.percentile.high)

    steps, batch, device = work["length"] + 1, work["batch"], fabric.device
    flags = torch.zeros(steps, batch, 1, device=device)
    data = {
        "rgb": torch.randint(256, (steps, batch, 3, 64, 64), dtype=torch.uint8, device=device),
        "actions": torch.eye(work["actions"], device=device)[torch.randint(work["actions"], (steps, batch))],
        "rewards": torch.randn(steps, batch, 1, device=device),
        "terminated": flags,
        "truncated": flags,
        "is_first": flags,
        "deter": torch.zeros(steps, batch, size["deter"], dtype=torch.float16, device=device),
        "stoch": torch.zeros(steps, batch, size["stoch"], dtype=torch.uint8, device=device),
    }

    def update() -> None:
        train(
            fabric,
            cfg,
            world_model,
            actor,
            critic,
            target_critic,
            optimizer,
            moments,
            dict(data),
            None,
            actions_dim,
        )
        update_target_critic(critic, target_critic, cfg.algo.critic.tau)

    return update, {
        "version": metadata.version("sheeprl"),
        "torch": torch.__version__,
        "parameters": sum(parameter.numel() for parameter in parameters),
        "differs": ["the policy mixes 1 % of uniform"],
    }
