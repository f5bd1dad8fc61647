"""The recurrent state-space model: a block-diagonal GRU, its prior and its posterior (the reference's rssm.py).

Shapes: B batch, T time, D deter, S latents, C classes, Z = S * C, A actions, E tokens.
`deter` is kept in the compute dtype, `stoch` as one-hot (B, Z) in the compute dtype inside a sequence and as class
indices (B, S) int64 wherever it is stored. Logits are float32 from the softmax on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from trainer.config import ModelSize
from trainer.nn.categorical import straight_through, unimix_probs
from trainer.nn.fused import draw, gated
from trainer.nn.layers import BlockLinear, Linear, Norm
from trainer.nn.unrolled import Unrolled


class Latent(NamedTuple):
    """A model state.

    Attributes:
        deter: (B, D) compute dtype. stoch: (B, S) int64 class indices.
    """

    deter: Tensor
    stoch: Tensor


class Sequence(NamedTuple):
    """A sequence observed by the posterior.

    Attributes:
        deter: (B, T, D). stoch: (B, T, Z) straight-through one-hot. indices: (B, T, S) int64.
        logits: (B, T, S, C) raw posterior logits.
    """

    deter: Tensor
    stoch: Tensor
    indices: Tensor
    logits: Tensor


class _Layers(NamedTuple):
    """What a recurrent step and its posterior multiply by."""

    dynin0: Callable[[Tensor], Tensor]
    dynin1: Callable[[Tensor], Tensor]
    dynhid0: Callable[[Tensor], Tensor]
    dyngru: Callable[[Tensor], Tensor]
    obslogit: Callable[[Tensor], Tensor]


def onehot(index: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
    """(...,) int64 to (..., classes); torch's own asks a CPU for the smallest and the largest index each time."""
    hot = torch.zeros(*index.shape, classes, dtype=dtype, device=index.device)
    return hot.scatter_(-1, index.unsqueeze(-1), 1)


def _steps_with(flags: Tensor) -> list[bool]:
    """At which of T steps one of the flags (B, T) may be set: on a GPU at all, since the host would wait to know."""
    steps: list[bool] = flags.any(0).tolist() if flags.device.type == "cpu" else [True] * flags.shape[1]
    return steps


class RSSM(nn.Module):
    """The recurrent state-space model with one posterior and two prior layers."""

    PRIOR_LAYERS = 2

    def __init__(self, size: ModelSize, tokens: int, num_actions: int, generator: torch.Generator) -> None:
        super().__init__()
        self.deter, self.stoch, self.classes, self.blocks = size.deter, size.stoch, size.classes, size.blocks
        self.num_actions = num_actions
        latents = size.stoch * size.classes
        self.dynin0 = Linear(size.deter, size.hidden, generator)
        self.dynin0norm = Norm(size.hidden)
        self.dynin1 = Linear(latents, size.hidden, generator)
        self.dynin1norm = Norm(size.hidden)
        self.dynin2 = Linear(num_actions, size.hidden, generator)
        self.dynin2norm = Norm(size.hidden)
        self.dynhid0 = BlockLinear(size.deter + size.blocks * 3 * size.hidden, size.deter, size.blocks, generator)
        self.dynhid0norm = Norm(size.deter)
        self.dyngru = BlockLinear(size.deter, 3 * size.deter, size.blocks, generator)
        self.obs0 = Linear(size.deter + tokens, size.hidden, generator)
        self.obs0norm = Norm(size.hidden)
        self.obslogit = Linear(size.hidden, latents, generator)
        for i in range(self.PRIOR_LAYERS):
            self.add_module(f"prior{i}", Linear(size.deter if i == 0 else size.hidden, size.hidden, generator))
            self.add_module(f"prior{i}norm", Norm(size.hidden))
        self.priorlogit = Linear(size.hidden, latents, generator)

    def initial(self, batch: int) -> Latent:
        """A state to begin with: zeros; which class it names does not matter, since a first step zeroes the one-hot."""
        kernel = self.dynin0.kernel
        return Latent(
            torch.zeros(batch, self.deter, dtype=kernel.dtype, device=kernel.device),
            torch.zeros(batch, self.stoch, dtype=torch.int64, device=kernel.device),
        )

    def onehot(self, index: Tensor) -> Tensor:
        """(..., S) class indices to (..., Z) one-hot in the compute dtype."""
        return onehot(index, self.classes, self.dynin0.kernel.dtype).flatten(-2)

    def embed_action(self, action: Tensor) -> Tensor:
        """Real-valued action vectors (..., A), divided by max(1, |a|), to (..., hidden)."""
        action = action / action.abs().clamp(min=1)
        out: Tensor = self.dynin2norm(self.dynin2(action.to(self.dynin2.kernel.dtype)))
        return out

    def action_vector(self, action: Tensor, keep: Tensor | None = None) -> Tensor:
        """Action indices (...,) to one-hot (..., A); where `keep` (...,) is 0, all zeros: there was no action."""
        hot = onehot(action, self.num_actions, self.dynin2.kernel.dtype)
        return hot if keep is None else hot * keep.unsqueeze(-1)

    def _layers(self, unrolled: bool) -> _Layers:
        """The layers as they are, or for one pass of many steps and the gradients that come of it."""
        own: list[Linear | BlockLinear] = [self.dynin0, self.dynin1, self.dynhid0, self.dyngru, self.obslogit]
        return _Layers(*map(Unrolled, own)) if unrolled else _Layers(*own)

    def step(self, deter: Tensor, stoch: Tensor, action: Tensor, layers: _Layers | None = None) -> Tensor:
        """One recurrent step.

        Each block sees its slice of deter and all of the embedded deter, stoch and action; its output is laid out
        (block, gate, D / blocks) with gates in the order reset, candidate, update. What the gates make of deter is
        rounded once, at the end: a rounding more in every step would be carried on through all that follow.

        Args:
            deter: (B, D). stoch: (B, Z). action: (B, hidden), embedded. layers: in the place of its own.

        Returns:
            (B, D), the next deter.
        """
        batch, blocks = deter.shape[0], self.blocks
        by = layers or self._layers(unrolled=False)
        shared = torch.cat([self.dynin0norm(by.dynin0(deter)), self.dynin1norm(by.dynin1(stoch)), action], -1)
        own = deter.view(batch, blocks, -1).transpose(0, 1)
        x = by.dynhid0(torch.cat([own, shared.expand(blocks, *shared.shape)], -1))
        x = self.dynhid0norm(x.transpose(0, 1).reshape(batch, -1))
        gates = by.dyngru(x.view(batch, blocks, -1).transpose(0, 1).contiguous())
        return gated(gates.view(blocks, batch, 3, -1).transpose(0, 1), deter)

    def prior(self, deter: Tensor) -> Tensor:
        """Raw prior logits (..., S, C) of deter (..., D)."""
        x = deter
        for i in range(self.PRIOR_LAYERS):
            x = self.get_submodule(f"prior{i}norm")(self.get_submodule(f"prior{i}")(x))
        logits: Tensor = self.priorlogit(x).unflatten(-1, (self.stoch, self.classes))
        return logits

    def project_tokens(self, tokens: Tensor) -> Tensor:
        """The tokens' share (..., hidden) of the posterior's first layer, its bias included."""
        return torch.matmul(tokens, self.obs0.kernel[self.deter :]) + self.obs0.bias

    def posterior(self, deter: Tensor, projected: Tensor, layers: _Layers | None = None) -> Tensor:
        """Raw posterior logits (B, S, C) of deter (B, D) and projected tokens (B, hidden)."""
        x = torch.addmm(projected, deter, self.obs0.kernel[: self.deter])
        by = layers or self._layers(unrolled=False)
        return by.obslogit(self.obs0norm(x)).view(-1, self.stoch, self.classes)

    def observe(
        self,
        carry: Latent,
        tokens: Tensor,
        prev_action: Tensor,
        is_first: Tensor,
        noise: Tensor,
        forced: Tensor | None = None,
        blind: Tensor | None = None,
    ) -> Sequence:
        """A whole sequence through recurrence and posterior.

        Where `is_first`, deter, stoch and the action vector are zeroed before the step (there is no learned initial
        state). Everything that does not hang on the recurrence is one product over the sequence.

        Args:
            carry: state before the first step.
            tokens: (B, T, E). prev_action: (B, T) int64, taken before each observation. is_first: (B, T) bool.
            noise: (B, T, S) uniform draws.
            forced: (B, T, S) int64, samples to use in place of drawn ones.
            blind: (B, T) bool; where set, z is drawn from the prior: there was nothing to see (end steps).
        """
        keep = (~is_first).to(carry.deter.dtype)
        actions = self.embed_action(self.action_vector(prev_action, keep))
        projected = self.project_tokens(tokens).unbind(1)
        resets = _steps_with(is_first)
        unseen = _steps_with(blind) if blind is not None else [False] * len(resets)
        acts, keeps = actions.unbind(1), keep.unsqueeze(-1).unbind(1)
        layers = self._layers(unrolled=torch.is_grad_enabled())
        deter, stoch = carry.deter, self.onehot(carry.stoch)
        deters, stochs, indices, logits = [], [], [], []
        for t in range(len(resets)):
            if resets[t]:
                deter, stoch = deter * keeps[t], stoch * keeps[t]
            deter = self.step(deter, stoch, acts[t], layers)
            logit = self.posterior(deter, projected[t], layers)
            source = logit
            if unseen[t]:
                assert blind is not None
                source = torch.where(blind[:, t, None, None], self.prior(deter), logit)
            probs = unimix_probs(source)
            index = draw(source.detach(), noise[:, t]) if forced is None else forced[:, t]
            stoch = straight_through(probs, index, deter.dtype).flatten(-2)
            deters.append(deter)
            stochs.append(stoch)
            indices.append(index)
            logits.append(logit)
        return Sequence(torch.stack(deters, 1), torch.stack(stochs, 1), torch.stack(indices, 1), torch.stack(logits, 1))

    def observe_step(
        self, latent: Latent, prev_action: Tensor, tokens: Tensor, is_first: Tensor, noise: Tensor
    ) -> tuple[Latent, Tensor]:
        """One step of :meth:`observe`.

        Args:
            latent: state before. prev_action: (B,) int64. tokens: (B, E). is_first: (B,) bool. noise: (B, S) uniform.

        Returns:
            The new state and its raw posterior logits (B, S, C).
        """
        return self.observe_projected(latent, prev_action, self.project_tokens(tokens), is_first, noise)

    def observe_projected(
        self, latent: Latent, prev_action: Tensor, projected: Tensor, is_first: Tensor, noise: Tensor
    ) -> tuple[Latent, Tensor]:
        """:meth:`observe_step` with tokens that went through :meth:`project_tokens`, (B, hidden)."""
        keep = (~is_first).to(latent.deter.dtype)
        action = self.embed_action(self.action_vector(prev_action, keep))
        keep = keep.unsqueeze(-1)
        deter = self.step(latent.deter * keep, self.onehot(latent.stoch) * keep, action)
        logits = self.posterior(deter, projected)
        return Latent(deter, draw(logits, noise)), logits

    def imagine_step(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """One step of the prior.

        Args:
            latent: state before. action: (B,) int64. noise: (B, S) uniform draws.
        """
        deter = self.step(latent.deter, self.onehot(latent.stoch), self.embed_action(self.action_vector(action)))
        return Latent(deter, draw(self.prior(deter), noise))

    def feat(self, latent: Latent) -> Tensor:
        """(..., D + Z): deter and one-hot stoch, deter first."""
        return torch.cat([latent.deter, self.onehot(latent.stoch)], -1)
