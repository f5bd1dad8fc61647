"""How soon the window answers: from a key pressed to the last paint that it asks for; part of `benchmark --ui`."""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from PyQt6.QtCore import QEvent, QEventLoop, QObject, Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from dream_viewer.main_window import MainWindow
from dream_viewer.messages.questions import ManyDreamsQuestion
from dream_viewer.playback import BASE_FPS
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from trainer.errors import UserError

PLAYING_SPEED = 2.0
"""Multiple of BASE_FPS at which playing is timed: 30 frames a second."""
SEEN = 100
"""Frames gone back to, and as many come to anew."""
SECONDS = 60.0
"""Of playing."""
BRANCHES, HORIZON = 16, 15
DREAMS = 5
_FEW = 3
_WAKE_MS = 5
_PATIENCE_S = 30.0


class Paints(QObject):
    """Which Moment each of some widgets was last painted at.

    Args:
        session: what is on show. widgets: those watched.

    Attributes:
        shown: (episode, seconds) of each time that the first of them was painted at another Moment than before.
    """

    def __init__(self, session: Session, widgets: list[QWidget]) -> None:
        super().__init__()
        self._session, self._widgets = session, widgets
        self._painted: dict[int, tuple[int, int]] = {}
        self.shown: list[tuple[int, float]] = []
        self._last: object = None
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Note a paint; it is over when the loop comes round again."""
        if a0 is not None and a1 is not None and a1.type() == QEvent.Type.Paint:
            now = self._painted[id(a0)] = self._now()
            if a0 is self._widgets[0] and now != self._last:
                self._last = now
                self.shown.append((now[0], time.perf_counter()))
        return False

    def show_now(self) -> bool:
        """All of them were painted at the Moment under the cursor, its picture included."""
        now = self._now()
        return (
            all(self._painted.get(id(part)) == now for part in self._widgets)
            and self._session.human_view.picture is not None
        )

    def forget(self) -> None:
        """What was painted before does not count."""
        self._painted.clear()

    def _now(self) -> tuple[int, int]:
        reel = self._session.playhead.reel
        return (-1 if reel is None else reel.number, self._session.playhead.index)


def measure(session: Session, window: MainWindow, seen: int = SEEN, seconds: float = SECONDS) -> dict[str, Any]:
    """Latencies of a window in which an agent plays and no training runs; it is at rest when this begins.

    Args:
        session, window: started, and shown.
        seen: frames to go back to, and as many to come to anew. seconds: of playing to watch.

    Returns:
        `seen_frame_ms_median`, `seen_frame_ms_p99`, `new_frame_ms_median`, `new_frame_ms_p99`: from a key pressed, at
        rest, to the end of the last paint of panes and timeline. `gap_ms_p99`: between turns of the window's thread,
        which asks for one every 5 ms, while the agent plays at 30 frames a second. `late_frames`: of `frames` painted
        then, how many came more than two intervals after the one before. `dreams_ms`: 16 dreams of 15 steps with their
        pictures, from the question to the answer.

    Raises:
        UserError: the window did not answer in half a minute.
    """
    session.dreaming.set_mode(DreamMode.BELIEF)
    session.human_view.set_visible(True)
    parts: list[QWidget] = [window.reality.canvas, window.dream.canvas, window.timeline.viewport(), window.lane]
    paints = Paints(session, parts)
    session.playhead.pause()
    forward = [_press(session, window, paints, Qt.Key.Key_Right) for _ in range(seen)]
    while session.playhead.index < _FEW:  # an episode that has just begun has nothing to go back to
        forward.append(_press(session, window, paints, Qt.Key.Key_Right))
    back = [_press(session, window, paints, key) for key in _to_and_fro(session, seen)]
    dreams = [_dream(session, step) for step in range(DREAMS)]
    gaps, frames, late = _play(session, paints, seconds)
    return {
        "seen_frame_ms_median": statistics.median(back),
        "seen_frame_ms_p99": share(back, 0.99),
        "new_frame_ms_median": statistics.median(forward),
        "new_frame_ms_p99": share(forward, 0.99),
        "gap_ms_p99": share(gaps, 0.99),
        "frames": frames,
        "late_frames": late,
        "dreams_ms": statistics.median(dreams),
    }


def share(values: list[float], portion: float) -> float:
    """The value below which this portion of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(portion * len(ordered)))]


def wait_for(done: Callable[[], bool], what: str) -> None:
    """Let the window live until something is true.

    Raises:
        UserError: that took longer than anybody waits.
    """
    end = time.monotonic() + _PATIENCE_S
    while not done():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.monotonic() > end:
            raise UserError(f"The window did not get to {what} within {_PATIENCE_S:.0f} s.")


def _press(session: Session, window: MainWindow, paints: Paints, key: Qt.Key) -> float:
    """Milliseconds from a key to the end of the last paint that shows where it led."""
    before = (session.playhead.reel, session.playhead.index)
    paints.forget()
    start = time.perf_counter()
    QTest.keyClick(window, key)  # type: ignore[call-overload]  # the stubs take it for a method
    wait_for(lambda: (session.playhead.reel, session.playhead.index) != before and paints.show_now(), "the next frame")
    return 1000 * (time.perf_counter() - start)


def _to_and_fro(session: Session, count: int) -> Iterator[Qt.Key]:
    """Keys that lead to frames seen before, back to the episode's first one and forth again."""
    heading = Qt.Key.Key_Left
    for _ in range(count):
        assert session.playhead.reel is not None
        if session.playhead.index == 0:
            heading = Qt.Key.Key_Right
        elif session.playhead.index == session.playhead.reel.last:
            heading = Qt.Key.Key_Left
        yield heading


def _dream(session: Session, step: int) -> float:
    """Milliseconds from a question about many dreams to its answer, once all else about the Moment is known."""
    session.playhead.seek(step)
    wait_for(lambda: _known(session), "the future")
    reel, moment = session.playhead.reel, session.playhead.moment
    assert reel is not None and moment is not None and moment.reading is not None
    number, generation = reel.number, moment.reading.generation
    question = ManyDreamsQuestion(number, session.playhead.index, generation, moment, reel.episode, HORIZON, BRANCHES)
    start = time.perf_counter()
    session.questions.ask(question)
    wait_for(lambda: session.questions.answer(question) is not None, "the dreams")
    return 1000 * (time.perf_counter() - start)


def _known(session: Session) -> bool:
    future = session.dreaming.future
    return future is not None and session.dreaming.fork(future.key) is not None and session.dreaming.fan is not None


def _play(session: Session, paints: Paints, seconds: float) -> tuple[list[float], int, int]:
    """Gaps between turns in milliseconds, frames painted, and how many of them came late."""
    turns: list[float] = []
    timer = QTimer()
    timer.setInterval(_WAKE_MS)
    timer.timeout.connect(lambda: turns.append(time.perf_counter()))
    session.playhead.set_speed(PLAYING_SPEED)
    session.playhead.follow()
    paints.shown.clear()
    timer.start()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    timer.stop()
    interval = 1 / (PLAYING_SPEED * BASE_FPS)
    pairs = itertools.pairwise(paints.shown)
    late = sum(one == other and after - before > 2 * interval for (one, before), (other, after) in pairs)
    return [1000 * (after - before) for before, after in itertools.pairwise(turns)], len(paints.shown), late
