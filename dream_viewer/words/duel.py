"""A duel: from one Moment a person and the agent each play on, and what came of it in words. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dream_viewer.episodes.reel import Reel
from dream_viewer.records import DuelSide, Stat
from dream_viewer.words.numerals import count, decimal, signed
from dream_viewer.words.wording import outcome_word

SOONER = 0.005
"""Difference of discounted returns from which on, of two equal returns, one counts as earned sooner."""


@dataclass(slots=True)
class Duel:
    """A duel whose result is not told yet.

    Attributes:
        index: of the Moment from which both play on. value: what the agent expected there. discount: of one step.
        mine, rival: numbers of the two episodes, which begin the same; None until it has begun.
        played: what came of the person's part; None until that is over.
    """

    index: int
    value: float
    discount: float
    mine: int | None = None
    rival: int | None = None
    played: Part | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What came of one side of a duel.

    Attributes:
        total: rewards after the Moment. discounted: the same, worth less the later they came, as a value counts them.
        steps: taken. end: how it ended, in words. frame: (64, 64, 3) uint8, the last one.
    """

    total: float
    discounted: float
    steps: int
    end: str
    frame: NDArray[np.uint8]


def part_of(reel: Reel, index: int, discount: float) -> Part:
    """What came after a Moment of an episode, as far as it went.

    Args:
        reel: the episode. index: of the Moment. discount: of one step; the first reward after the Moment counts whole.
    """
    rewards = reel.rewards[index + 1 :].astype(np.float64)
    worth = discount ** np.arange(len(rewards))
    end = "given up" if reel.outcome is None else outcome_word(reel.outcome)
    return Part(float(rewards.sum()), float((rewards * worth).sum()), len(rewards), end, reel.moments[-1].step.frame)


def side(name: str, part: Part) -> DuelSide:
    """One side as it is shown."""
    rows = (
        Stat("Return", signed(part.total)),
        Stat("Discounted return", decimal(part.discounted)),
        Stat("Steps", count(part.steps)),
        Stat("End", part.end),
    )
    return DuelSide(name, part.frame, rows)


def verdict(mine: Part, theirs: Part) -> str:
    """Who won, in a few words: the higher return, or the same return sooner."""
    if mine.total != theirs.total:
        winner = "You win" if mine.total > theirs.total else "The agent wins"
        return f"{winner}: {signed(max(mine.total, theirs.total))} against {signed(min(mine.total, theirs.total))}"
    lead = mine.discounted - theirs.discounted
    if abs(lead) < SOONER:
        return f"A draw: {signed(mine.total)} each"
    return f"{'You win' if lead > 0 else 'The agent wins'}: {signed(mine.total)} each, but sooner"


def expectation(value: float, discount: float, mine: Part, theirs: Part) -> str:
    """What the agent had expected, beside what came."""
    return (
        f"At the moment where both began, the agent expected a return of {decimal(value)}, with each reward worth "
        f"{100 * (1 - discount):.1f} % less a step later. Counted like that, it got {decimal(theirs.discounted)} "
        f"and you got {decimal(mine.discounted)}."
    )
