"""A dream that a person plays, frame by frame. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from dream_viewer.messages.futures import Future, FutureKey
from dream_viewer.pictures.film import LIKELY_END
from trainer.episode import DreamtStep, dream_of

LONGEST = 1000
"""Frames after which a dream that a person plays is over: some 12 MB, and long past all likeness."""


@dataclass(slots=True)
class PlayedDream:
    """A dream that a person plays, or played.

    Attributes:
        key: its name while it grows; its horizon is 0. steps: so far.
    """

    key: FutureKey
    steps: list[DreamtStep] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """The model expects that the episode is over by now."""
        return bool(self.steps) and self.steps[-1].continues < LIKELY_END

    @property
    def future(self) -> Future:
        """The same as a future, to be shown beside its truth; there must be a step."""
        return Future(replace(self.key, horizon=len(self.steps)), dream_of(self.key.generation, self.steps))
