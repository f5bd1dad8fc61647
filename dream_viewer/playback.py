"""How the cursor moves by itself: paused, playing what was recorded, or following what is live.

A plain state machine without Qt, without a clock of its own: whoever has a timer tells it how much time passed.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

BASE_FPS = 15.0
"""Frames per second at speed 1, the pace Procgen is played at."""

SPEEDS: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Speeds a person can choose, as multiples of BASE_FPS."""


class State(Enum):
    """What moves the cursor.

    Attributes:
        PAUSED: nothing; it stays where it is whatever arrives.
        PLAYING: time, through what is recorded already.
        FOLLOWING: each new Moment; the agent plays.
    """

    PAUSED = "paused"
    PLAYING = "playing"
    FOLLOWING = "following"


class Stretch(NamedTuple):
    """A part of an episode that a person marked, to be played again and again.

    Attributes:
        first: index of its first Moment. last: of its last one; None: it goes to the episode's end.
    """

    first: int
    last: int | None = None


class Track(NamedTuple):
    """What is played.

    Attributes:
        last: index of the episode's last Moment.
        live: the episode is the one being lived, so that its end is where the agent plays on.
        stretch: what a loop keeps to; None: the whole episode.
    """

    last: int
    live: bool
    stretch: Stretch | None = None


class Playback:
    """State, speed, direction and loop.

    Attributes:
        state: what moves the cursor.
        speed: multiple of BASE_FPS, one of SPEEDS.
        reverse: playing goes back in time.
        loop: playing starts again where it began when it reaches the end: of the marked stretch, or of the episode.
        every_frame: each Moment is shown, however long that takes; otherwise those are left out that come too fast.
    """

    def __init__(self) -> None:
        self.state = State.FOLLOWING
        self.speed = 1.0
        self.reverse = False
        self.loop = False
        self.every_frame = False
        self._owed = 0.0

    @property
    def fps(self) -> float:
        """Frames per second at the present speed."""
        return BASE_FPS * self.speed

    def pause(self) -> None:
        """Freeze the cursor."""
        self._enter(State.PAUSED)

    def follow(self) -> None:
        """Go with what is live."""
        self._enter(State.FOLLOWING)

    def play(self, cursor: int, track: Track, reverse: bool = False) -> int:
        """Move on from the cursor.

        Args:
            cursor: where it stands. track: what is played. reverse: back in time.

        Returns:
            The cursor: where playing begins when it stood at the end of something that does not go on.
        """
        self.reverse = reverse
        first, last = self._bounds(track)
        start, end = (last, first) if reverse else (first, last)
        if cursor == track.last and not reverse and track.live and not self.loop:
            self._enter(State.FOLLOWING)
            return cursor
        self._enter(State.PLAYING)
        return cursor if first <= cursor <= last and cursor != end else start

    def advance(self, elapsed: float, cursor: int, track: Track) -> int:
        """The cursor after some time of playing; call it as often as is convenient.

        Args:
            elapsed: seconds since the last call. cursor: where it stood. track: what is played.

        Returns:
            Where the cursor stands now. At the end it starts again (loop), follows (live), or pauses.
        """
        if self.state is not State.PLAYING:
            return cursor
        self._owed += elapsed * self.fps
        frames = int(self._owed)
        self._owed -= frames
        if frames == 0:
            return cursor
        target = cursor + (min(frames, 1) if self.every_frame else frames) * (-1 if self.reverse else 1)
        first, last = self._bounds(track)
        if self.loop:
            return first + (target - first) % (last - first + 1)
        if self.reverse and target <= first:
            return self._arrive(first, State.PAUSED)
        if not self.reverse and target >= last:
            return self._arrive(last, State.FOLLOWING if track.live else State.PAUSED)
        return target

    def set_speed(self, speed: float) -> None:
        """Choose one of SPEEDS.

        Raises:
            ValueError: another number.
        """
        if speed not in SPEEDS:
            raise ValueError(f"speed must be one of {SPEEDS}, not {speed}")
        self.speed = speed

    def faster(self) -> None:
        """The next higher speed, if there is one."""
        self.speed = SPEEDS[min(SPEEDS.index(self.speed) + 1, len(SPEEDS) - 1)]

    def slower(self) -> None:
        """The next lower speed, if there is one."""
        self.speed = SPEEDS[max(SPEEDS.index(self.speed) - 1, 0)]

    def _bounds(self, track: Track) -> tuple[int, int]:
        """First and last index that playing keeps to."""
        if not self.loop or track.stretch is None:
            return 0, track.last
        first = min(track.stretch.first, track.last)
        last = track.last if track.stretch.last is None else min(track.stretch.last, track.last)
        return first, max(first, last)

    def _arrive(self, end: int, state: State) -> int:
        self._enter(state)
        return end

    def _enter(self, state: State) -> None:
        self.state = state
        self._owed = 0.0
