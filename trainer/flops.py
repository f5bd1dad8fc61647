"""The arithmetic of one update, counted from the model's widths: what the time of an update is held against.

Counted are the multiplications and additions of matrix products and convolutions (two per multiply-add) that the
reference's update asks for; norms, activations, samples and the optimiser are not. So the floor, this number
divided by the machine's matrix rate, is a time that no implementation of this model reaches.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from trainer.config import ModelSize
from trainer.nn.distributions import BINS

_FRAME = 64
_TAPS = 25  # of a 5x5 convolution
_PRIOR_LAYERS = 2
_ACTOR_CRITIC_LAYERS = 3


@dataclass(frozen=True, slots=True)
class UpdateFlops:
    """Floating-point operations of one update, by part.

    Attributes:
        encoder, observe, decoder: forward over the replayed frames; `observe` is recurrence, posterior and prior.
        heads: every head on replayed and imagined states, forward. imagination: rollout with its sampled actions.
        backward: all of it.
    """

    encoder: float
    observe: float
    decoder: float
    imagination: float
    heads: float
    backward: float

    @property
    def total(self) -> float:
        """All parts together."""
        return self.encoder + self.observe + self.decoder + self.imagination + self.heads + self.backward


def update_flops(size: ModelSize, batch: int, length: int, imagination: int, num_actions: int = 15) -> UpdateFlops:
    """Arithmetic of an update on `batch` sequences of `length` steps, each step dreamt on for `imagination` steps.

    Backward costs a forward twice over (gradients of inputs and of weights), less what needs no input gradient: the
    first convolution, and the first layer of policy and value on imagined states, where no gradient goes on.
    """
    frames = batch * length
    states = frames * (imagination + 1)
    latents = size.stoch * size.classes
    first_conv, convs = _encoder_macs(size)
    core = _core_macs(size, num_actions)
    prior = _chain([size.deter, *[size.hidden] * _PRIOR_LAYERS, latents])
    side = _FRAME >> len(size.mults)
    tokens = side**2 * size.depth * size.mults[-1]
    posterior = _chain([size.deter + tokens, size.hidden, latents])
    area = tokens
    dense = size.deter * area // size.blocks + _chain([latents, 2 * size.units, area])
    decoder = dense + first_conv + convs  # the convolutions mirror the encoder's, at the same resolutions
    reward = _chain([size.feat, size.units, BINS])
    continues = _chain([size.feat, size.units, 1])
    value = _chain([size.feat, *[size.units] * _ACTOR_CRITIC_LAYERS, BINS])
    policy = _chain([size.feat, *[size.units] * _ACTOR_CRITIC_LAYERS, num_actions])
    entry = size.feat * size.units
    observe = core + posterior + prior
    on_replay = reward + continues + value
    learnt = 2 * (convs + observe + decoder + on_replay) + first_conv
    return UpdateFlops(
        encoder=2.0 * frames * (first_conv + convs),
        observe=2.0 * frames * observe,
        decoder=2.0 * frames * decoder,
        imagination=2.0 * (frames * imagination * (core + prior) + states * policy),
        heads=2.0 * (states * (reward + continues + 2 * value + policy) + frames * (on_replay + value)),
        backward=2.0 * (frames * learnt + states * (2 * (policy + value) - 2 * entry)),
    )


def _encoder_macs(size: ModelSize) -> tuple[int, int]:
    """Multiply-adds per frame of the first convolution, and of the others together."""
    channels = [3, *[size.depth * mult for mult in size.mults]]
    sides = [_FRAME >> i for i in range(len(size.mults))]
    each = [side**2 * _TAPS * a * b for side, (a, b) in zip(sides, pairwise(channels), strict=True)]
    return each[0], sum(each[1:])


def _core_macs(size: ModelSize, num_actions: int) -> int:
    """Multiply-adds of one recurrent step."""
    latents = size.stoch * size.classes
    inputs = (size.deter + latents + num_actions) * size.hidden
    hidden = (size.deter + size.blocks * 3 * size.hidden) * size.deter // size.blocks
    return inputs + hidden + 3 * size.deter**2 // size.blocks


def _chain(widths: list[int]) -> int:
    """Multiply-adds of dense layers of these widths."""
    return sum(a * b for a, b in pairwise(widths))
