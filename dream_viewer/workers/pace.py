"""When the live lane takes its next step, and how many it took in the last second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median

from dream_viewer.playback import BASE_FPS

PICTURES_PER_SECOND = 30.0
"""Human views drawn at most, however fast the agent lives: more are not seen."""

_EARLY = 0.25 / PICTURES_PER_SECOND
"""Seconds that a step may come before its picture is due: at this very rate no step comes to the microsecond, and of
two that come a little too close the second one must not stay undrawn."""

RATE_WINDOW = 1.0
"""Seconds over which frames per second are counted."""

LOOKS = 15
"""Newest frames of which the agent's time is told."""

END_FRAMES = 8
"""Frames for which the end of an episode stays on show before the next level begins."""


class Pace:
    """The live lane's clock.

    Args:
        clock: seconds; tests bring their own.

    Attributes:
        running: steps follow each other by themselves.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.running = False
        self._period = 1 / BASE_FPS
        self._due = 0.0
        self._picture_due = 0.0
        self._lived_at: deque[float] = deque()
        self._looking: deque[float] = deque(maxlen=LOOKS)

    def set_running(self, running: bool) -> None:
        """Let steps follow each other, or rest."""
        if running and not self.running:
            self.begin()
        self.running = running
        self._lived_at.clear()

    def set_fps(self, fps: float) -> None:
        """Frames per second."""
        self._period = 1 / fps
        self._due = min(self._due, self._clock() + self._period)

    def begin(self) -> None:
        """Something new is on show: the next step comes a whole period from now."""
        self._due = self._clock() + self._period

    def linger(self) -> None:
        """The end of an episode is on show: let it stay."""
        self._due += END_FRAMES * self._period

    def take_turn(self) -> bool:
        """Whether a step is due now; the next one is due a period later."""
        now = self._clock()
        if not self.running or now < self._due:
            return False
        self._due = max(self._due + self._period, now)
        return True

    def rest(self) -> float | None:
        """Seconds until a step is due; None while none will be."""
        return self._due - self._clock() if self.running else None

    def lived(self, looking: float) -> None:
        """A step was taken, and the agent looked at it for so many seconds."""
        self._lived_at.append(self._clock())
        self._looking.append(looking)

    def model_ms(self) -> float | None:
        """Milliseconds that the agent took for a frame lately: a median; None before the first one."""
        return 1000 * median(self._looking) if self._looking else None

    def wants_picture(self) -> bool:
        """Whether the step just taken is to be drawn for people; at rest each one is."""
        now = self._clock()
        if self.running and now < self._picture_due - _EARLY:
            return False
        due = self._picture_due if self.running else now
        self._picture_due = max(due + 1 / PICTURES_PER_SECOND, now)
        return True

    def rate(self) -> float | None:
        """Frames per second now; None at rest."""
        if not self.running:
            return None
        horizon = self._clock() - RATE_WINDOW
        while self._lived_at and self._lived_at[0] < horizon:
            self._lived_at.popleft()
        return len(self._lived_at) / RATE_WINDOW
