"""How the cursor moves by itself: paused, playing what was recorded, or following what is live.

A plain state machine without Qt, without a clock of its own: whoever has a timer tells it how much time passed.
"""

from __future__ import annotations

from enum import Enum

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


class Playback:
    """State, speed and loop.

    Attributes:
        state: what moves the cursor.
        speed: multiple of BASE_FPS, one of SPEEDS.
        loop: playing starts again at the first frame when it reaches the last one.
    """

    def __init__(self) -> None:
        self.state = State.FOLLOWING
        self.speed = 1.0
        self.loop = False
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

    def play(self, cursor: int, last: int, live: bool) -> int:
        """Move on from the cursor.

        Args:
            cursor: where it stands. last: index of the episode's last Moment.
            live: the episode is the one being lived, so that its end is where the agent plays on.

        Returns:
            The cursor: at the first Moment where it stood at the end of something that does not go on.
        """
        if cursor < last:
            self._enter(State.PLAYING)
            return cursor
        if live and not self.loop:
            self._enter(State.FOLLOWING)
            return last
        self._enter(State.PLAYING)
        return 0

    def advance(self, elapsed: float, cursor: int, last: int, live: bool) -> int:
        """The cursor after some time of playing; call it as often as is convenient.

        Args:
            elapsed: seconds since the last call. cursor, last, live: as in `play`.

        Returns:
            Where the cursor stands now. At the end it starts again (loop), follows (live), or pauses.
        """
        if self.state is not State.PLAYING:
            return cursor
        self._owed += elapsed * self.fps
        frames = int(self._owed)
        self._owed -= frames
        target = cursor + frames
        if target < last or frames == 0:
            return min(target, last)
        if self.loop:
            return target % (last + 1)
        self._enter(State.FOLLOWING if live else State.PAUSED)
        return last

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

    def _enter(self, state: State) -> None:
        self.state = state
        self._owed = 0.0
