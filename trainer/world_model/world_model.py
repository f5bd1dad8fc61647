"""The world model whole: encoder, RSSM, decoder, reward and continue heads, and their losses.

Terminal steps (Procgen never shows the last frame): z comes from the prior, and image, dynamics and representation
losses have weight 0 there; reward and continue losses stay. With no end step in a batch this is the reference.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from trainer.config import ModelSize
from trainer.nn.categorical import categorical_kl, entropy, unimix_log_probs
from trainer.nn.distributions import BINS, binary_loss, twohot_loss
from trainer.world_model.decoder import Decoder
from trainer.world_model.encoder import Encoder
from trainer.world_model.heads import Head
from trainer.world_model.rssm import RSSM, Sequence


class Observations(NamedTuple):
    """A batch of steps as the world model's loss takes it; tensors on the model's device.

    Attributes:
        frame: (B, T, 64, 64, 3) uint8. reward: (B, T) float32.
        is_first, is_last, is_terminal: (B, T) bool.
        prev_action: (B, T) int64, taken before each observation.
        unseen: (B, T) bool, end steps: nothing was seen there.
    """

    frame: Tensor
    reward: Tensor
    is_first: Tensor
    is_last: Tensor
    is_terminal: Tensor
    prev_action: Tensor
    unseen: Tensor


class WorldModelLoss(NamedTuple):
    """Losses by name, each (B, T) float32 and unscaled.

    Attributes:
        losses: image, rew, con, dyn, rep. feat: (B, T, F). metrics: scalars, still tensors.
    """

    losses: dict[str, Tensor]
    feat: Tensor
    metrics: dict[str, Tensor]


class WorldModel(nn.Module):
    """Predicts the next state, the reward and the end of an episode; draws what it believes."""

    def __init__(self, size: ModelSize, num_actions: int, generator: torch.Generator, horizon: int) -> None:
        super().__init__()
        self.size = size
        self.horizon = horizon
        self.enc = Encoder(size, generator)
        self.dyn = RSSM(size, self.enc.tokens, num_actions, generator)
        self.dec = Decoder(size, generator)
        self.rew = Head(size.feat, size.units, 1, "logits", BINS, 0.0, generator)
        self.con = Head(size.feat, size.units, 1, "logit", 1, 1.0, generator)

    def continues(self, feat: Tensor) -> Tensor:
        """Probability of going on times the discount (contdisc), (...,) float32."""
        return torch.sigmoid(self.con(feat).float()).squeeze(-1)

    def tokens(self, frames: Tensor) -> Tensor:
        """(B, T, 64, 64, 3) uint8 to (B, T, E)."""
        tokens: Tensor = self.enc(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return tokens

    def kl_losses(
        self, post_logits: Tensor, prior_logits: Tensor, free_nats: float
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Dynamics and representation loss (B, T), each KL clipped from below at `free_nats`, and entropies."""
        post, prior = unimix_log_probs(post_logits), unimix_log_probs(prior_logits)
        dyn = categorical_kl(post.detach(), prior).clamp(min=free_nats)
        rep = categorical_kl(post, prior.detach()).clamp(min=free_nats)
        with torch.no_grad():
            metrics = {"dyn_ent": entropy(prior).sum(-1).mean(), "rep_ent": entropy(post).sum(-1).mean()}
        return dyn, rep, metrics

    def losses(self, obs: Observations, sequence: Sequence, free_nats: float) -> WorldModelLoss:
        """The world model's losses on an observed sequence.

        Args:
            obs: the batch. sequence: the posterior's states of it. free_nats: see the configuration.
        """
        seen = (~obs.unseen).float()
        dyn, rep, metrics = self.kl_losses(sequence.logits, self.dyn.prior(sequence.deter), free_nats)
        feat = torch.cat([sequence.deter, sequence.stoch], -1)
        image = self.dec.loss(sequence.deter.flatten(0, 1), sequence.stoch.flatten(0, 1), obs.frame.flatten(0, 1))
        target = (1 - obs.is_terminal.float()) * (1 - 1 / self.horizon)
        losses = {
            "image": image.view(seen.shape) * seen,
            "rew": twohot_loss(self.rew(feat), obs.reward),
            "con": binary_loss(self.con(feat).squeeze(-1), target),
            "dyn": dyn * seen,
            "rep": rep * seen,
        }
        return WorldModelLoss(losses, feat, metrics)
