"""Where the session stands: an episode, and a Moment in it. No Qt here."""

from __future__ import annotations

from dream_viewer.episodes.reel import Reel
from trainer.episode import Moment


class Cursor:
    """A place in an episode.

    Attributes:
        reel: the episode; None before the first Moment came.
        index: of the Moment.
        awaiting: steps a person asked for at the live edge that were not lived yet.
    """

    def __init__(self) -> None:
        self.reel: Reel | None = None
        self.index = 0
        self.awaiting = 0

    @property
    def moment(self) -> Moment | None:
        """The Moment it stands at."""
        return None if self.reel is None else self.reel.moments[self.index]

    def clamped(self, index: int) -> int:
        """The nearest index that the episode has."""
        return 0 if self.reel is None else min(max(index, 0), self.reel.last)

    def put(self, reel: Reel, index: int) -> None:
        """Stand there."""
        self.reel, self.index = reel, index

    def go_on_to(self, reel: Reel) -> None:
        """Move by the steps that are awaited, and no further, in the episode being lived."""
        index = self.index if reel is self.reel else -1
        steps = min(self.awaiting, reel.last - index)
        self.awaiting -= steps
        self.put(reel, index + steps)
