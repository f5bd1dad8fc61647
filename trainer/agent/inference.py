"""What an agent at play asks of its networks, without gradients, in two ways that give the same numbers up to rounding.

:class:`Plain` calls the networks that training changes. :class:`Packed` holds a copy of one generation's weights,
prepared for being asked again and again (:mod:`trainer.nn.packed`), and leaves out what only training needs: at batch 1
and preset 12m it takes little more than half the time, for as much memory as the weights once more.

Shapes: B batch, D deter, S latents, C classes, Z = S * C, F features, A actions.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from trainer.agent.actor_critic import ActorCritic
from trainer.nn.fused import draw
from trainer.world_model.decoder import as_bytes
from trainer.world_model.packed import PackedDecoder, PackedEncoder, PackedHeads, PackedRSSM
from trainer.world_model.rssm import Latent
from trainer.world_model.world_model import WorldModel


class Inference(Protocol):
    """The questions."""

    def project(self, frames: Tensor) -> Tensor:
        """What the posterior takes from frames (B, 64, 64, 3) uint8: (B, hidden)."""

    def observe(
        self, latent: Latent, action: Tensor, projected: Tensor, is_first: bool, noise: Tensor
    ) -> tuple[Latent, Tensor]:
        """States after `action` (B,) int64 and a look, with uniform draws (B, S), and their raw logits (B, S, C).

        `is_first`: the frames open episodes; what was before counts for nothing.
        """

    def imagine(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """States after `action` (B,) int64 without a look, with uniform draws (B, S)."""

    def prior(self, deter: Tensor) -> Tensor:
        """Raw prior logits (B, S, C) of deter (B, D)."""

    def decode(self, latent: Latent) -> Tensor:
        """Pictures (B, 64, 64, 3) uint8."""

    def judge(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """Raw outputs of value (B, 255), policy (B, A) and continue (B, 1)."""

    def policy(self, latent: Latent) -> Tensor:
        """Raw outputs of the policy alone (B, A)."""

    def forecast(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """Raw outputs of reward (B, 255), continue (B, 1) and value (B, 255)."""


class Plain:
    """The networks themselves: always of the weights as they are."""

    def __init__(self, world_model: WorldModel, actor_critic: ActorCritic) -> None:
        self._model, self._heads = world_model, actor_critic

    def project(self, frames: Tensor) -> Tensor:
        """See :class:`Inference`."""
        return self._model.dyn.project_tokens(self._model.enc(frames))

    def observe(
        self, latent: Latent, action: Tensor, projected: Tensor, is_first: bool, noise: Tensor
    ) -> tuple[Latent, Tensor]:
        """See :class:`Inference`."""
        first = torch.full_like(action, is_first, dtype=torch.bool)
        return self._model.dyn.observe_projected(latent, action, projected, first, noise)

    def imagine(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """See :class:`Inference`."""
        return self._model.dyn.imagine_step(latent, action, noise)

    def prior(self, deter: Tensor) -> Tensor:
        """See :class:`Inference`."""
        return self._model.dyn.prior(deter)

    def decode(self, latent: Latent) -> Tensor:
        """See :class:`Inference`."""
        return as_bytes(self._model.dec(latent.deter, self._model.dyn.onehot(latent.stoch)))

    def judge(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Inference`."""
        feat = self._model.dyn.feat(latent)
        return self._heads.val(feat), self._heads.pol(feat), self._model.con(feat)

    def policy(self, latent: Latent) -> Tensor:
        """See :class:`Inference`."""
        out: Tensor = self._heads.pol(self._model.dyn.feat(latent))
        return out

    def forecast(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Inference`."""
        feat = self._model.dyn.feat(latent)
        return self._model.rew(feat), self._model.con(feat), self._heads.val(feat)


class Packed:
    """A copy of the weights as they are now.

    Args:
        world_model, actor_critic: of a type and on a device that :func:`trainer.nn.packed.can_pack`.
    """

    @torch.no_grad()
    def __init__(self, world_model: WorldModel, actor_critic: ActorCritic) -> None:
        self._encoder, self._decoder = PackedEncoder(world_model.enc), PackedDecoder(world_model.dec)
        self._rssm = PackedRSSM(world_model.dyn)
        judges = actor_critic.val, actor_critic.pol, world_model.con
        self._judges = PackedHeads(*judges)
        self._value, self._policy, self._continue, self._reward = map(PackedHeads, (*judges, world_model.rew))

    def project(self, frames: Tensor) -> Tensor:
        """See :class:`Inference`."""
        return self._rssm.project(self._encoder(frames))

    def observe(
        self, latent: Latent, action: Tensor, projected: Tensor, is_first: bool, noise: Tensor
    ) -> tuple[Latent, Tensor]:
        """See :class:`Inference`."""
        deter = self._rssm.begin(len(action)) if is_first else self._rssm.step(latent, action)
        logits = self._rssm.posterior(deter, projected)
        return Latent(deter, draw(logits, noise)), logits

    def imagine(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """See :class:`Inference`."""
        deter = self._rssm.step(latent, action)
        return Latent(deter, draw(self._rssm.prior(deter), noise))

    def prior(self, deter: Tensor) -> Tensor:
        """See :class:`Inference`."""
        return self._rssm.prior(deter)

    def decode(self, latent: Latent) -> Tensor:
        """See :class:`Inference`."""
        return self._decoder(latent.deter, self._rssm.onehot(latent.stoch))

    def judge(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Inference`."""
        value, policy, going_on = self._judges(self._rssm.feat(latent))
        return value, policy, going_on

    def policy(self, latent: Latent) -> Tensor:
        """See :class:`Inference`."""
        return self._policy(self._rssm.feat(latent))[0]

    def forecast(self, latent: Latent) -> tuple[Tensor, Tensor, Tensor]:
        """See :class:`Inference`."""
        feat = self._rssm.feat(latent)
        return self._reward(feat)[0], self._continue(feat)[0], self._value(feat)[0]
