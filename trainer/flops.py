"""The arithmetic and the memory traffic of one update, counted from the model's widths: what its time is held against.

Counted are the matrix products and convolutions that the reference's update asks for. Arithmetic: two operations per
multiply-add; divided by the machine's rate of matrix products it is a time that nobody reaches who computes as the
reference is written. (Ours computes upsampled convolutions by phases and has a fifth less to do.)
Traffic: each reads its input and its weights once and writes its output once, with all that lies between two of them
(norms, activations, pooling, samples) folded in for nothing. It is the least that an update moves layer by layer; only
what stays in a cache from one layer to the next is spared more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from trainer.config import ModelSize
from trainer.nn.distributions import BINS

_FRAME = 64
_TAPS = 25  # of a 5x5 convolution
_PRIOR_LAYERS = 2
_ACTOR_CRITIC_LAYERS = 3
_FLOAT32 = 4


@dataclass(frozen=True, slots=True)
class Layer:
    """A matrix product or convolution, for one row of its batch.

    Attributes:
        macs: multiply-adds. inputs, outputs: elements read and written. weights: parameters, biases left out.
    """

    macs: int
    inputs: int
    outputs: int
    weights: int


@dataclass(frozen=True, slots=True)
class Work:
    """A layer as often as a part of an update needs it.

    Attributes:
        layer: what is done. rows: how often, over the whole update.
        learns: gradients of its weights are asked for. passes_on: those of its inputs too.
    """

    layer: Layer
    rows: int
    learns: bool
    passes_on: bool

    @property
    def flops(self) -> float:
        """Operations of the forward pass."""
        return 2.0 * self.rows * self.layer.macs

    @property
    def backward_flops(self) -> float:
        """Operations of the backward pass: as many again for each kind of gradient."""
        return self.flops * (self.learns + self.passes_on)

    def bytes(self, element: int) -> float:
        """Bytes moved by the forward pass."""
        layer = self.layer
        return float(element) * (self.rows * (layer.inputs + layer.outputs) + layer.weights)

    def backward_bytes(self, element: int) -> float:
        """Bytes moved by the backward pass.

        For the weights' gradient the input and the output's gradient are read and the gradient is written; for the
        input's gradient the weights are read again and it is written, the output's gradient being at hand.
        """
        layer = self.layer
        learning = self.rows * (layer.inputs + layer.outputs) + layer.weights
        passing = self.rows * layer.inputs + layer.weights
        return float(element) * (self.learns * learning + self.passes_on * passing)


@dataclass(frozen=True, slots=True)
class Floor:
    """What the parts of one update cost at least, in operations or in bytes.

    Attributes:
        encoder, observe, decoder: forward over the replayed frames; `observe` is recurrence, posterior and prior.
        heads: every head on replayed and imagined states, forward. imagination: rollout with its sampled actions.
        backward: all of it. optimiser: bytes only; its arithmetic is not worth counting.
    """

    encoder: float
    observe: float
    decoder: float
    imagination: float
    heads: float
    backward: float
    optimiser: float = 0.0

    @property
    def total(self) -> float:
        """All parts together."""
        forward = self.encoder + self.observe + self.decoder + self.imagination + self.heads
        return forward + self.backward + self.optimiser


def update_flops(size: ModelSize, batch: int, length: int, imagination: int, num_actions: int = 15) -> Floor:
    """Arithmetic of an update on `batch` sequences of `length` steps, each step dreamt on for `imagination` steps."""
    parts = _update(size, batch, length, imagination, num_actions)
    return Floor(
        **{name: sum(work.flops for work in part) for name, part in parts.items()},
        backward=sum(work.backward_flops for part in parts.values() for work in part),
    )


def update_bytes(
    size: ModelSize, batch: int, length: int, imagination: int, parameters: int, element: int, num_actions: int = 15
) -> Floor:
    """Memory traffic of the same update, in bytes.

    A recurrent step's weights count once a pass, not once a step: they stay in a cache.

    Args:
        parameters: trained ones, for the optimiser. element: bytes of a number of the compute dtype.
    """
    parts = _update(size, batch, length, imagination, num_actions)
    # read the gradient; read and write both moments and the weights in float32; write the weights for computing
    step = parameters * (2 * element + 2 * 3 * _FLOAT32)
    return Floor(
        **{name: sum(work.bytes(element) for work in part) for name, part in parts.items()},
        backward=sum(work.backward_bytes(element) for part in parts.values() for work in part),
        optimiser=float(step),
    )


def _update(size: ModelSize, batch: int, length: int, imagination: int, num_actions: int) -> dict[str, list[Work]]:
    """The parts of an update's forward pass.

    The first convolution passes no gradient on, and neither does the first layer of policy and value on imagined
    states.
    """
    frames = batch * length
    states = frames * (imagination + 1)
    latents = size.stoch * size.classes
    tokens = (_FRAME >> len(size.mults)) ** 2 * size.depth * size.mults[-1]
    first_conv, *convs = _encoder(size)
    core = _core(size, num_actions)
    prior = _chain([size.deter, *[size.hidden] * _PRIOR_LAYERS, latents])
    posterior = _chain([size.deter + tokens, size.hidden, latents])
    reward = _chain([size.feat, size.units, BINS])
    continues = _chain([size.feat, size.units, 1])
    value = _chain([size.feat, *[size.units] * _ACTOR_CRITIC_LAYERS, BINS])
    policy = _chain([size.feat, *[size.units] * _ACTOR_CRITIC_LAYERS, num_actions])

    def given(layers: Iterable[Layer], rows: int) -> list[Work]:
        return [Work(layer, rows, learns=False, passes_on=False) for layer in layers]

    def learnt(layers: Iterable[Layer], rows: int) -> list[Work]:
        return [Work(layer, rows, learns=True, passes_on=True) for layer in layers]

    def entered(layers: list[Layer], rows: int) -> list[Work]:
        return [Work(layers[0], rows, learns=True, passes_on=False), *learnt(layers[1:], rows)]

    return {
        "encoder": entered([first_conv, *convs], frames),
        "observe": learnt([*core, *posterior, *prior], frames),
        "decoder": learnt(_decoder(size), frames),
        "imagination": [*given([*core, *prior], frames * imagination), *given(policy, states)],
        "heads": [
            *given([*reward, *continues, *value], states),  # this value is the slow one
            *entered(value, states),
            *entered(policy, states),
            *learnt([*reward, *continues, *value], frames),
            *given(value, frames),
        ],
    }


def _encoder(size: ModelSize) -> list[Layer]:
    """The convolutions, each at the resolution it begins with; the pool after it halves that."""
    channels = [3, *[size.depth * mult for mult in size.mults]]
    areas = [(_FRAME >> i) ** 2 for i in range(len(size.mults))]
    return [
        Layer(area * _TAPS * a * b, area * a, area * b, _TAPS * a * b)
        for area, (a, b) in zip(areas, pairwise(channels), strict=True)
    ]


def _decoder(size: ModelSize) -> list[Layer]:
    """Latents to the smallest map, then the encoder's convolutions backwards, each from the resolution below."""
    latents = size.stoch * size.classes
    area = (_FRAME >> len(size.mults)) ** 2 * size.depth * size.mults[-1]
    convs = [Layer(conv.macs, conv.outputs // 4, conv.inputs, conv.weights) for conv in _encoder(size)]
    return [_blocks(size, size.deter, size.deter, area), *_chain([latents, 2 * size.units, area]), *convs]


def _core(size: ModelSize, num_actions: int) -> list[Layer]:
    """One recurrent step: three embeddings, the block layer they go through with deter, and the gates."""
    latents = size.stoch * size.classes
    embedded = [_dense(width, size.hidden) for width in (size.deter, latents, num_actions)]
    shared = 3 * size.hidden
    hidden = _blocks(size, size.deter + size.blocks * shared, size.deter + shared, size.deter)
    return [*embedded, hidden, _blocks(size, size.deter, size.deter, 3 * size.deter)]


def _blocks(size: ModelSize, width: int, inputs: int, outputs: int) -> Layer:
    """A block-diagonal layer of `width` by `outputs`; of its `inputs` different elements all blocks may share some."""
    macs = width * outputs // size.blocks
    return Layer(macs, inputs, outputs, macs)


def _dense(inputs: int, outputs: int) -> Layer:
    return Layer(inputs * outputs, inputs, outputs, inputs * outputs)


def _chain(widths: list[int]) -> list[Layer]:
    """Dense layers of these widths."""
    return [_dense(a, b) for a, b in pairwise(widths)]
