"""What was lived, or opened as if it were: Moments of episodes, their human views, and other readings of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from trainer.episode import Blind, Episode, Moment, Outcome, Split


@dataclass(frozen=True, slots=True)
class Picture:
    """The 512x512 human view of one Step, compressed.

    Attributes:
        number: of the episode. index: of the Step.
        packed: the pixels as `dream_viewer.pictures.packed.pack_picture` packs them.
        pixels: (512, 512, 3) uint8, read-only, the same for whoever shows it at once; None: it has to be unpacked.
    """

    number: int
    index: int
    packed: bytes
    pixels: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Moments that were lived, in order, at the end of one episode.

    Attributes:
        number: running number of the episode; a new number opens a new episode.
        game, difficulty, split, level_seed: what is played.
        generation: of the weights that read these Moments.
        start: index of the first of these Moments in its episode.
        moments: the Moments.
        outcome: how the episode ended, once it has.
    """

    number: int
    game: str
    difficulty: str
    split: Split
    level_seed: int
    generation: int
    start: int
    moments: tuple[Moment, ...]
    outcome: Outcome | None


def arrival_of(number: int, generation: int, episode: Episode, moments: Sequence[Moment], start: int = 0) -> Arrival:
    """Moments of an episode as they are told.

    Args:
        number: of the episode. generation: of the weights that read them. episode: the same.
        moments: those to tell. start: index of the first.
    """
    return Arrival(
        number=number,
        game=episode.game,
        difficulty=episode.difficulty,
        split=episode.split,
        level_seed=episode.level_seed,
        generation=generation,
        start=start,
        moments=tuple(moments),
        outcome=episode.outcome,
    )


@dataclass(frozen=True, slots=True)
class Acted:
    """A person took an action in place of the agent's, at a Step that was told of before.

    Attributes:
        number: of the episode. index: of the Step. action: taken there.
    """

    number: int
    index: int
    action: int


@dataclass(frozen=True, slots=True)
class Reread:
    """The Moments 0 to len - 1 of an episode as another generation of weights reads them."""

    number: int
    generation: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Blinds:
    """The dream along reality anew, from index `start` on, after its re-grounding changed.

    Attributes:
        number: of the episode. generation: of the weights. ground_every: frames from look to look.
        start: index of the first. blinds: one a Step.
    """

    number: int
    generation: int
    ground_every: int
    start: int
    blinds: tuple[Blind, ...]


@dataclass(frozen=True, slots=True)
class DuelBegun:
    """The episode being lived is now one that a person plays on from a past Moment; its Moments follow.

    Attributes:
        number: of that episode. rival: the number that the agent's own will have.
    """

    number: int
    rival: int


@dataclass(frozen=True, slots=True)
class RivalPlayed:
    """How the agent played on from the Moment of a duel: the whole episode."""

    arrival: Arrival


@dataclass(frozen=True, slots=True)
class Recalled:
    """An episode opened from a recording.

    Attributes:
        path: the file. arrival: the whole episode, as far as it comes out here as recorded.
        differs: one sentence where it does not; empty where it all does.
    """

    path: Path
    arrival: Arrival
    differs: str
