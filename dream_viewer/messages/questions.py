"""What a person can ask about a Moment, to be worked out in the study lane. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainer.episode import Episode, Moment, Reading


@dataclass(frozen=True, slots=True)
class Question:
    """Something asked about one Moment. Equal questions have equal answers; each kind is a class of its own.

    Attributes:
        number: of the episode. index: of the Moment in it. generation: of the weights that read it.
        moment: itself. episode: that it is part of; both follow from the numbers, and are not compared.
    """

    number: int
    index: int
    generation: int
    moment: Moment = field(compare=False, repr=False)
    episode: Episode = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class WhatIfQuestion(Question):
    """What would each action lead to? Answered by a `trainer.branches.WhatIf`.

    Attributes:
        horizon: steps of each branch.
    """

    horizon: int


@dataclass(frozen=True, slots=True)
class ManyDreamsQuestion(Question):
    """What do many futures have in common? Answered by a `trainer.branches.ManyDreams`.

    Attributes:
        horizon: steps of each. branches: futures.
    """

    horizon: int
    branches: int


@dataclass(frozen=True, slots=True)
class InsightQuestion(Question):
    """The model's state at the Moment; answered by an `Insight`.

    Attributes:
        before: the Moment before it as the same weights read it; None where there is none.
    """

    before: Moment | None = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TouchQuestion(Question):
    """What the state would be with some classes set by hand; answered by a `Touched`.

    Attributes:
        touches: (latent, class) of each that is set, in order of the latents.
    """

    touches: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class HorizonQuestion(Question):
    """How many frames the dreams from some frames of an episode hold; the answer is a `trainer.horizons.Horizons`.

    Attributes:
        starts: indices of these frames; `index` and `moment` are of the first.
        readings: of these frames, by the weights of `generation`; not compared.
    """

    starts: tuple[int, ...]
    readings: tuple[Reading, ...] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SaliencyQuestion(Question):
    """Where in the frame do value and choice come from? Answered by a `trainer.saliency.Saliency`.

    Attributes:
        action: that is chosen there.
    """

    action: int
