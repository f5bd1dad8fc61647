"""Which stretch of an episode a timeline shows: all of it, or less when a person zooms in. No Qt here."""

from __future__ import annotations

from dream_viewer.pictures.scales import steps_shown

LEAST_SPAN = 12
"""Steps shown at the deepest zoom."""
ZOOM = 1.25
"""Factor of one notch of the wheel."""
_AHEAD = 0.2
"""Part of what is shown that lies before the cursor after it was brought back into sight."""


class Span:
    """First and last step on show, fractions of steps too.

    Attributes:
        length: how many steps the episode has.
    """

    def __init__(self) -> None:
        self.length = 0
        self._zoomed: tuple[float, float] | None = None

    @property
    def edges(self) -> tuple[float, float]:
        """First and last step on show."""
        return self._zoomed or self._whole()

    def fit(self) -> None:
        """Show the whole episode, and go on with it as it grows."""
        self._zoomed = None

    def zoom_to(self, first: float, width: float) -> None:
        """Show a stretch of this width from there on, within the episode."""
        low, high = self._whole()
        if width >= high - low:
            self._zoomed = None
        else:
            first = min(max(first, low), high - width)
            self._zoomed = (first, first + width)

    def zoom_around(self, place: float, notches: float) -> None:
        """Show less (above 0) or more of the episode, with the step at `place` where it is."""
        first, last = self.edges
        width = max((last - first) / ZOOM**notches, LEAST_SPAN)
        self.zoom_to(place - (place - first) * width / (last - first), width)

    def move_by(self, steps: float) -> None:
        """Show what lies so many steps on."""
        first, last = self.edges
        self.zoom_to(first + steps, last - first)

    def keep_in_sight(self, index: int) -> bool:
        """Zoomed in, move along with a step that would be lost from sight; says whether that was needed."""
        if self._zoomed is None or self._zoomed[0] <= index <= self._zoomed[1]:
            return False
        width = self._zoomed[1] - self._zoomed[0]
        self.zoom_to(index - _AHEAD * width, width)
        return True

    def _whole(self) -> tuple[float, float]:
        return -0.5, steps_shown(self.length) + 0.5
