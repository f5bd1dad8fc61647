"""The episodes that are kept, within a budget of memory. No Qt here."""

from __future__ import annotations

from collections.abc import Iterator

from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.lived import Acted, Arrival, Blinds, Reread

BUDGET_BYTES = 2**30
"""What the Moments of all kept episodes may take, the oldest episodes go first: 20 of 1,000 Moments at preset 12m."""

LEAST_KEPT = 2
"""Episodes kept whatever they take: the one under the cursor and the one being lived."""


class Shelf:
    """Episodes, oldest first; the last one is the one being lived.

    Attributes:
        reels: the episodes.
    """

    def __init__(self) -> None:
        self.reels: list[Reel] = []

    def __iter__(self) -> Iterator[Reel]:
        return iter(self.reels)

    @property
    def live(self) -> Reel | None:
        """The episode being lived; None before the first Moment came."""
        return self.reels[-1] if self.reels else None

    def beside(self, reel: Reel, offset: int) -> Reel | None:
        """The episode so many places after this one (before it where negative); None where none is kept."""
        place = self.reels.index(reel) + offset
        return self.reels[place] if 0 <= place < len(self.reels) else None

    def add(self, arrival: Arrival, shown: Reel | None) -> Reel:
        """Take Moments that were lived; returns their episode.

        Args:
            arrival: the Moments. shown: the episode under the cursor, which stays.
        """
        live = self.live
        if live is not None and live.number == arrival.number:
            live.extend(arrival)
            return live
        reel = Reel(arrival)
        self.reels.append(reel)
        self._forget_oldest(shown)
        return reel

    def insert(self, whole: Arrival) -> Reel:
        """Take an episode that was not lived here, before the one that is; returns it."""
        reel = Reel(whole)
        self.reels.insert(len(self.reels) - 1, reel)
        self._forget_oldest(reel)
        return reel

    def revise(self, acted: Acted) -> None:
        """Take what a person did in place of the agent."""
        reel = self.numbered(acted.number)
        if reel is not None:
            reel.revise(acted)

    def reread(self, reread: Reread) -> Reel | None:
        """Take an episode as other weights read it; returns it, None where it is not kept any more."""
        reel = self.numbered(reread.number)
        if reel is not None:
            reel.replace_readings(reread)
        return reel

    def dreamt_along(self, blinds: Blinds) -> None:
        """Take the dream along reality of some Moments."""
        reel = self.numbered(blinds.number)
        if reel is not None:
            reel.replace_blinds(blinds)

    def numbered(self, number: int) -> Reel | None:
        """The episode of this number; None where it is not kept any more."""
        return next((reel for reel in self.reels if reel.number == number), None)

    def _forget_oldest(self, shown: Reel | None) -> None:
        while len(self.reels) > LEAST_KEPT and sum(reel.nbytes for reel in self.reels) > BUDGET_BYTES:
            self.reels.remove(next(reel for reel in self.reels if reel is not shown))
