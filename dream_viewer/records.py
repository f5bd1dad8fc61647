"""What widgets are given to show: plain records, made by the window from Moments and events. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainer.episode import Outcome

Origin = Literal["observed", "imagined", "forked", "played"]
"""The border of a picture: green for what the model saw, red for what it made up, blue for what would really happen;
violet for reality while a person plays it."""


@dataclass(frozen=True, slots=True)
class Stat:
    """One read-out: a label, a value, and a few words about it."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """Something the window can do, as the palette lists it.

    Attributes:
        id: what to call it by. name, hint: in words. keys: that do the same.
        enabled: it can be done now. checked: it is on.
    """

    id: str
    name: str
    hint: str
    keys: tuple[str, ...] = ()
    enabled: bool = True
    checked: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class DuelSide:
    """One side of a duel.

    Attributes:
        name: whose. frame: (64, 64, 3) uint8, the last one. rows: what came of it; both sides have the same labels.
    """

    name: str
    frame: NDArray[np.uint8]
    rows: tuple[Stat, ...]


@dataclass(frozen=True, slots=True)
class Meter:
    """A bar with a line of text over the lower edge of a picture.

    Attributes:
        text: the line. share: the part of the bar that is filled, 0 to 1. tone: its place on the scale of values.
    """

    text: str
    share: float
    tone: float


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a pane shows.

    Attributes:
        frame: (64, 64, 3) or (512, 512, 3) uint8; None leaves the picture empty.
        origin: of the picture; None draws a neutral border without a word.
        caption: one line below the picture.
        message: laid over the picture, which is dimmed under it.
        meter: over the picture's lower edge; None draws none.
        hint: explains the picture to whom the mouse rests on it or on its caption.
        shorter: captions for less and less room.
    """

    frame: NDArray[np.uint8] | None = None
    origin: Origin | None = None
    caption: str = ""
    message: str = ""
    meter: Meter | None = None
    hint: str = ""
    shorter: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FilmCell:
    """One frame of the film strip.

    Attributes:
        frame: (64, 64, 3) uint8; None where there is none.
        tone: its value's place on the scale of values, 0 to 1; None where it has no value.
        reward: received or predicted on arriving there; 0 is not marked.
        word: laid over the frame, of an end.
        error: in percent of the whole range; None where there is nothing to compare.
        caption: everything about it in words.
    """

    frame: NDArray[np.uint8] | None
    tone: float | None
    reward: float
    word: str
    error: float | None
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """What the film strip shows.

    Attributes:
        imagined: the frames of a future. real: what really happens, as many, or none as long as that is not known.
        imagined_title, real_title: of the rows.
        echo: what a second agent imagines of the same actions; none where nothing is compared, or that is not known.
        echo_title: of that row; empty where nothing is compared.
        missing: why there is no truth, where there is none.
    """

    imagined: tuple[FilmCell, ...]
    real: tuple[FilmCell, ...]
    imagined_title: str
    real_title: str
    missing: str
    echo: tuple[FilmCell, ...] = ()
    echo_title: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """An episode as the timeline draws it; all arrays are (T,) float32, NaN where there is nothing.

    Attributes:
        values: predicted. rewards: received on arriving. realised: the discounted return that really came.
        surprises: in nats. outcome: how it ended, once it has.
        peaks: steps of surprises worth a mark. bookmarks: steps a person marked.
        played: first and last step of each stretch that a person played.
    """

    values: NDArray[np.float32]
    rewards: NDArray[np.float32]
    realised: NDArray[np.float32]
    surprises: NDArray[np.float32]
    outcome: Outcome | None = None
    peaks: tuple[int, ...] = ()
    bookmarks: tuple[int, ...] = ()
    played: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Beside:
    """How a second agent reads an episode that is drawn for both.

    Attributes:
        names: of the first agent and of the second; they differ. headings: over the panes of each.
        values, surprises: (T,) float32, the second agent's; NaN where there is nothing.
    """

    names: tuple[str, str]
    headings: tuple[str, str]
    values: NDArray[np.float32]
    surprises: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the status line.

    Attributes:
        name: in the code. widest: text it can have. hint: what it means.
        passing: it has no place while there is nothing to tell; such figures are the first ones.
    """

    name: str
    widest: str
    hint: str
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """Long work in hand.

    Attributes:
        kind: what the code calls it. text: what it is, in words. done, total: how far it is.
        cancellable: a person may give it up.
    """

    kind: str
    text: str
    done: int
    total: int
    cancellable: bool


@dataclass(frozen=True, slots=True, eq=False)
class EventRow:
    """One row of the list of events.

    Attributes:
        index: of the step. text: what happened. colour: a word of `theme.COLOURS`.
        frame: (64, 64, 3) uint8, what the agent saw there.
    """

    index: int
    text: str
    colour: str
    frame: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class EpisodeRow:
    """One row of the list of episodes.

    Attributes:
        number: of the episode. place: in the order they were lived.
        frame: (64, 64, 3) uint8, its first one.
        level_seed, split: of its level. total: its rewards so far. steps: so far.
        end: how it ended, in words. surprise: the mean in nats; None where there is none.
        horizon: frames that a dream along its actions holds on average; None where that is not known (yet).
    """

    number: int
    place: int
    frame: NDArray[np.uint8]
    level_seed: int
    split: str
    total: float
    steps: int
    end: str
    surprise: float | None
    horizon: float | None


@dataclass(frozen=True, slots=True, eq=False)
class BranchCard:
    """One action of a Moment and what it leads to.

    Attributes:
        branch: its place in the answer. glyph, name: of the action. likely: the agent is about to take it.
        imagined: (64, 64, 3) uint8, the last frame of the dream, or where it expects the end: laid over it is `doubt`.
        real: the last frame of the real branch; None where there is none. ending: how that ended, laid over it.
        dreamed, received: the returns in words. fate, real_fate: whether the episode lasts, in words.
        share, real_share: the returns as parts of the greatest of all, 0 to 1; None: there is none.
        best, really_best: it has the highest return, dreamed or real, and not all have.
        tip: everything in words.
    """

    branch: int
    glyph: str
    name: str
    likely: bool
    imagined: NDArray[np.uint8]
    doubt: str
    real: NDArray[np.uint8] | None
    ending: str
    dreamed: str
    received: str
    fate: str
    real_fate: str
    share: float
    real_share: float | None
    best: bool
    really_best: bool
    tip: str


@dataclass(frozen=True, slots=True, eq=False)
class DreamSheet:
    """Many futures of one Moment, the most promising one first.

    Attributes:
        frames: (N, H, 64, 64, 3) uint8. branches: N places in the answer, in the order of the frames.
        mean: (H, 64, 64, 3) uint8. disagreement: (H, 64, 64) float32 in levels of brightness.
        band: (3, H + 1) float32, the return they promise: its lower edge, middle and upper edge, from now on.
        returns: N, in words. ends: N steps, from 0, at which the end is expected; None where it is not.
        about: where they begin.
    """

    frames: NDArray[np.uint8]
    branches: tuple[int, ...]
    mean: NDArray[np.uint8]
    disagreement: NDArray[np.float32]
    band: NDArray[np.float32]
    returns: tuple[str, ...]
    ends: tuple[int | None, ...]
    about: str
