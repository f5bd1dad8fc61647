"""What the parameters of an agent are called in a checkpoint, and their shapes."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from trainer.agent.actor_critic import ActorCritic
from trainer.config import SIZES
from trainer.world_model.world_model import WorldModel

SLOW = "slowval/"
"""How the names of the slow value's parameters begin."""
_VALUE = "val/"


@functools.lru_cache(maxsize=8)
def parameter_shapes(preset: str, num_actions: int) -> Mapping[str, tuple[int, ...]]:
    """Name to shape of every parameter of an agent, the slow value among them, without allocating one."""
    with torch.device("meta"), NoDraws():
        generator = torch.Generator("cpu")
        world_model = WorldModel(SIZES[preset], num_actions, generator, horizon=2)
        actor_critic = ActorCritic(SIZES[preset], num_actions, generator)
    parameters = [*world_model.named_parameters(), *actor_critic.named_parameters()]
    shapes = {name.replace(".", "/"): tuple(parameter.shape) for name, parameter in parameters}
    return shapes | {SLOW + name[len(_VALUE) :]: shape for name, shape in shapes.items() if name.startswith(_VALUE)}


class NoDraws(TorchFunctionMode):
    """Leaves out the initialisers' draws: they cost a second, and what they draw is not looked at."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in ("uniform_", "erfinv_"):
            return args[0]
        return func(*args, **(kwargs or {}))


def value_name(name: str) -> str:
    """Of a parameter of the slow value that of the value itself; any other name stays."""
    return _VALUE + name[len(SLOW) :] if name.startswith(SLOW) else name
