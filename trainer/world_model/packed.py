"""Encoder, recurrence, decoder and heads for inference at small batches, with weights packed for oneDNN.

Each is made from its counterpart as that is now, computes the same numbers up to the order of summation, and knows no
gradients. What hangs on the weights alone is done here, once: kernels of upsampled convolutions, embedded actions.

Shapes: B batch, D deter, S latents, C classes, Z = S * C, A actions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from trainer.nn.blockwise import pool
from trainer.nn.fused import gated
from trainer.nn.layers import Conv, Linear, Norm, unfold_phases
from trainer.nn.packed import PackedBlocks, PackedConv, PackedFineConv, PackedLinear, PackedNorm
from trainer.world_model.decoder import Decoder, as_bytes
from trainer.world_model.encoder import FRAME, Encoder, centred
from trainer.world_model.heads import Head
from trainer.world_model.rssm import RSSM, Latent, onehot


class PackedEncoder:
    """:class:`trainer.world_model.encoder.Encoder`."""

    def __init__(self, encoder: Encoder) -> None:
        self._dtype = _conv(encoder, "cnn0").kernel.dtype
        self._layers = [
            (PackedConv.of(_conv(encoder, f"cnn{i}"), FRAME >> i), PackedNorm(_norm(encoder, f"cnn{i}norm")))
            for i in range(encoder.layers)
        ]

    def __call__(self, frames: Tensor) -> Tensor:
        """uint8 frames (B, 64, 64, 3) to tokens (B, tokens)."""
        x = centred(frames, self._dtype)
        for conv, norm in self._layers:
            x = norm(pool(conv(x)))
        return x.flatten(1)


class PackedRSSM:
    """The steps of :class:`trainer.world_model.rssm.RSSM`."""

    def __init__(self, rssm: RSSM) -> None:
        kernel = rssm.dynin0.kernel
        self._dtype, self._stoch, self._classes, self._blocks = kernel.dtype, rssm.stoch, rssm.classes, rssm.blocks
        self._deter_in, self._deter_norm = PackedLinear.of(rssm.dynin0), PackedNorm(rssm.dynin0norm)
        self._stoch_in, self._stoch_norm = PackedLinear.of(rssm.dynin1), PackedNorm(rssm.dynin1norm)
        self._actions = rssm.embed_action(torch.eye(rssm.num_actions, dtype=kernel.dtype, device=kernel.device))
        self._hidden, self._hidden_norm = PackedBlocks(rssm.dynhid0), PackedNorm(rssm.dynhid0norm)
        self._gates = PackedBlocks(rssm.dyngru)
        nothing = kernel.new_zeros(1, rssm.num_actions)
        self._begun = rssm.step(
            kernel.new_zeros(1, rssm.deter), kernel.new_zeros(1, rssm.stoch * rssm.classes), rssm.embed_action(nothing)
        )
        self._tokens = PackedLinear(rssm.obs0.kernel[rssm.deter :], rssm.obs0.bias)
        self._seen, self._seen_norm = PackedLinear(rssm.obs0.kernel[: rssm.deter], None), PackedNorm(rssm.obs0norm)
        self._posterior, self._prior = PackedLinear.of(rssm.obslogit), PackedLinear.of(rssm.priorlogit)
        self._expected = [
            (PackedLinear.of(_linear(rssm, f"prior{i}")), PackedNorm(_norm(rssm, f"prior{i}norm")))
            for i in range(rssm.PRIOR_LAYERS)
        ]

    def onehot(self, index: Tensor) -> Tensor:
        """(B, S) class indices to (B, Z)."""
        return onehot(index, self._classes, self._dtype).flatten(1)

    def feat(self, latent: Latent) -> Tensor:
        """(B, D + Z), as of :meth:`RSSM.feat`."""
        return torch.cat([latent.deter, self.onehot(latent.stoch)], 1)

    def begin(self, batch: int) -> Tensor:
        """The first deter (B, D) of an episode: what a step makes of zeros."""
        return self._begun.expand(batch, -1)

    def step(self, latent: Latent, action: Tensor) -> Tensor:
        """The next deter (B, D) after `action` (B,) int64."""
        deter = latent.deter
        batch, blocks = deter.shape[0], self._blocks
        parts = self._deter_norm(self._deter_in(deter)), self._stoch_norm(self._stoch_in(self.onehot(latent.stoch)))
        shared = torch.cat([*parts, self._actions[action]], 1)
        own = deter.view(batch, blocks, -1)
        x = torch.cat([own, shared.unsqueeze(1).expand(-1, blocks, -1)], 2).view(batch, -1)
        gates = self._gates(self._hidden_norm(self._hidden(x)))
        return gated(gates.view(batch, blocks, 3, -1), deter)

    def project(self, tokens: Tensor) -> Tensor:
        """As of :meth:`RSSM.project_tokens`."""
        return self._tokens(tokens)

    def posterior(self, deter: Tensor, projected: Tensor) -> Tensor:
        """Raw posterior logits (B, S, C), as of :meth:`RSSM.posterior`."""
        logits = self._posterior(self._seen_norm(self._seen.added_to(projected, deter)))
        return logits.view(-1, self._stoch, self._classes)

    def prior(self, deter: Tensor) -> Tensor:
        """Raw prior logits (B, S, C) of deter (B, D)."""
        x = deter
        for linear, norm in self._expected:
            x = norm(linear(x))
        return self._prior(x).view(-1, self._stoch, self._classes)


class PackedDecoder:
    """:class:`trainer.world_model.decoder.Decoder`."""

    def __init__(self, decoder: Decoder) -> None:
        self._shape = decoder.blocks, decoder.side, decoder.side, decoder.channels // decoder.blocks
        self._deter = PackedBlocks(decoder.sp0)
        self._stoch, self._stoch_norm = PackedLinear.of(decoder.sp1), PackedNorm(decoder.sp1norm)
        self._spread, self._norm = PackedLinear.of(decoder.sp2), PackedNorm(decoder.spnorm)
        self._layers = [
            (
                PackedConv.upsampled(_conv(decoder, f"conv{i}"), FRAME >> i + 2),
                PackedNorm(_norm(decoder, f"conv{i}norm")),
            )
            for i in reversed(range(decoder.layers - 1))
        ]
        self._picture = PackedFineConv(decoder.imgout, decoder.sp1.kernel.dtype, FRAME >> 1)

    def __call__(self, deter: Tensor, stoch: Tensor) -> Tensor:
        """deter (B, D) and one-hot (B, Z) to pictures (B, 64, 64, 3) uint8."""
        spatial = self._deter(deter).view(-1, *self._shape).permute(0, 2, 3, 1, 4).flatten(3)
        x = self._norm(spatial + self._spread(self._stoch_norm(self._stoch(stoch))).view(spatial.shape))
        for conv, norm in self._layers:
            x = unfold_phases(norm(_by_phase(conv(x))))
        return unfold_phases(as_bytes(torch.sigmoid(_by_phase(self._picture(x)))))


class PackedHeads:
    """:class:`trainer.world_model.heads.Head`; the first layers of several are one product."""

    def __init__(self, *heads: Head) -> None:
        first = [head.mlp for head in heads]
        self._first = PackedLinear.of(*(_linear(mlp, "linear0") for mlp in first))
        self._first_norm = PackedNorm(*(_norm(mlp, "norm0") for mlp in first))
        self._heads = len(heads)
        self._following = [
            [
                (PackedLinear.of(_linear(mlp, f"linear{i}")), PackedNorm(_norm(mlp, f"norm{i}")))
                for i in range(1, mlp.layers)
            ]
            for mlp in first
        ]
        outputs = [_linear(head.head, head.path) for head in heads]
        self._outputs = [(PackedLinear.of(output), output.kernel.dtype) for output in outputs]

    def __call__(self, feat: Tensor) -> list[Tensor]:
        """The raw outputs (B, outputs) of each of them."""
        x = self._first(feat)
        parts = (
            [self._first_norm(x)] if self._heads == 1 else self._first_norm(x.view(len(x), self._heads, -1)).unbind(1)
        )
        outputs = []
        for part, layers, (output, dtype) in zip(parts, self._following, self._outputs, strict=True):
            for linear, norm in layers:
                part = norm(linear(part))
            outputs.append(output(part.to(dtype)))
        return outputs


def _by_phase(x: Tensor) -> Tensor:
    """(B, H, W, 4 C) to (B, H, W, 2, 2, C)."""
    return x.view(*x.shape[:3], 2, 2, -1)


def _conv(module: nn.Module, name: str) -> Conv:
    layer = module.get_submodule(name)
    assert isinstance(layer, Conv)
    return layer


def _linear(module: nn.Module, name: str) -> Linear:
    layer = module.get_submodule(name)
    assert isinstance(layer, Linear)
    return layer


def _norm(module: nn.Module, name: str) -> Norm:
    layer = module.get_submodule(name)
    assert isinstance(layer, Norm)
    return layer
