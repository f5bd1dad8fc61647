"""What comes of a comparison with a second agent."""

from __future__ import annotations

from dataclasses import dataclass

from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.futures import Future
from trainer.episode import Moment


@dataclass(frozen=True, slots=True)
class CompanionOpened:
    """Another agent reads along, to be compared with the one that plays."""

    agent: AgentInfo


@dataclass(frozen=True, slots=True)
class CompanionRefused:
    """A checkpoint to compare with could not be opened, for this reason; what was compared before stays."""

    reason: str


@dataclass(frozen=True, slots=True)
class CompanionRead:
    """Some Moments of an episode as the companion reads them.

    Attributes:
        number: of the episode. generation: of the companion's weights. start: index of the first Moment.
        ground_every: frames from look to look of its dream along reality; None: it is not made.
        moments: in order.
    """

    number: int
    generation: int
    ground_every: int | None
    start: int
    moments: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class CompanionDreamt:
    """A future that the companion imagines; its key names the companion's weights."""

    future: Future


CompanionRecord = CompanionOpened | CompanionRefused | CompanionRead | CompanionDreamt
"""What comes of a comparison."""
