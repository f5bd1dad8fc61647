"""Asks a model what it would think of a frame of which one spot was blurred away.

Only what the frame itself adds is judged: the recurrent state, which knows all frames before, stays as it is. The
posterior's probabilities stand in for a drawn latent, so that small changes show; and all is computed in float32, since
a spot moves the value by less than bfloat16 can tell.
"""

from __future__ import annotations

import copy
from collections.abc import Generator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.agent.agent import Agent
from trainer.episode import Reading, frozen
from trainer.nn.categorical import unimix_probs
from trainer.nn.distributions import twohot_mean
from trainer.saliency import COUNT, Saliency, blurred, covered

COVERED_TOGETHER = 3
"""Frames judged at a time: below 10 ms at preset 12m on one core."""
_NEEDED = ("enc.", "dyn.obs", "val.", "pol.")
"""What the parameters' names begin with that lead from a frame to value and policy."""


class _Judge(nn.Module):
    """From frames to value and policy, in the dtype of its weights."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()
        self.enc, self.dyn = agent.world_model.enc, agent.world_model.dyn
        self.val, self.pol = agent.actor_critic.val, agent.actor_critic.pol

    def forward(self, frames: Tensor, deter: Tensor, action: int) -> Tensor:
        """Value and log-probability of an action (B, 2) of frames (B, 64, 64, 3) uint8 after deter (1, D)."""
        deter = deter.expand(len(frames), -1)
        projected = self.dyn.project_tokens(self.enc(frames))
        feat = torch.cat([deter, unimix_probs(self.dyn.posterior(deter, projected)).flatten(-2)], -1)
        log_probs = torch.log_softmax(self.pol(feat), -1)
        return torch.stack([twohot_mean(self.val(feat)), log_probs[:, action]], -1)


def _in_float32(judge: nn.Module) -> nn.Module:
    """A copy with those weights in float32 that lead from a frame to value and policy; the others are shared."""
    weights = {
        id(weight): nn.Parameter(weight.float(), requires_grad=False) if name.startswith(_NEEDED) else weight
        for name, weight in judge.named_parameters()
    }
    return copy.deepcopy(judge, weights)


@torch.no_grad()
def saliency(agent: Agent, reading: Reading, frame: NDArray[np.uint8], action: int) -> Generator[None, None, Saliency]:
    """Where in a frame value and choice come from; yields after each piece of work.

    Args:
        agent: the weights. reading: of the frame, by these weights. frame: (64, 64, 3) uint8.
        action: whose log-probability counts, 0 to 14.

    Raises:
        ValueError: other weights made the Reading.
    """
    judge = _in_float32(_Judge(agent))
    deter = agent.latent_of(reading).deter.float()
    yield

    def judged(frames: NDArray[np.uint8]) -> NDArray[np.float32]:
        found: NDArray[np.float32] = judge(torch.from_numpy(frames).to(agent.device), deter, action).cpu().numpy()
        return found

    soft = blurred(frame)
    whole = judged(frame[None].copy())
    parts: list[NDArray[np.float32]] = []
    for first in range(0, COUNT, COVERED_TOGETHER):
        parts.append(judged(covered(frame, soft, first, min(first + COVERED_TOGETHER, COUNT))))
        yield
    effects = whole - np.concatenate(parts)
    return Saliency(frozen(effects[:, 0].copy()), frozen(effects[:, 1].copy()))
