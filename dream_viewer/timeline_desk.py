"""Between the session and the widgets that show time: the timeline and the surprise lane beneath it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSlot

from dream_viewer.dreaming import DreamMode
from dream_viewer.landmarks import Kind
from dream_viewer.messages import Fan, Future
from dream_viewer.playback import State, Stretch
from dream_viewer.records import Course, EventRow
from dream_viewer.reel import Reel
from dream_viewer.returns import fan_band, realised_returns
from dream_viewer.session import Session
from dream_viewer.widgets.event_list import EventList
from dream_viewer.widgets.surprise_lane import SurpriseLane
from dream_viewer.widgets.timeline import Timeline

_COLOURS: dict[Kind, str] = {
    "reward": "reward",
    "end": "text",
    "value drop": "low",
    "value peak": "high",
    "surprise": "muted",
    "bookmark": "accent",
    "played": "played",
}


RESTING_MS = 200
"""Milliseconds from one drawing to the next while an agent is followed and a training runs: drawing is what a window
costs most, and it is taken from the updates."""


class TimelineDesk(QObject):
    """Shows the episode under the cursor over time.

    Args:
        session: what is on show. timeline, lane, events: the widgets.
    """

    def __init__(
        self,
        session: Session,
        timeline: Timeline,
        lane: SurpriseLane,
        events: EventList,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._timeline, self._lane, self._events = session, timeline, lane, events
        self._scaled_for = ""
        self._fan: Fan | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(RESTING_MS)
        self._rest.timeout.connect(self.show_episode)
        events.chosen.connect(session.playhead.seek)
        lane.show_span(*timeline.span)
        timeline.ranged.connect(lane.show_span)
        for widget in (timeline, lane):
            widget.scrubbed.connect(session.playhead.seek)
        for signal in (session.playhead.episode_changed, session.playhead.readings_changed):
            signal.connect(self.show_episode)
        session.playhead.episode_grew.connect(self._grew)
        session.playhead.episode_changed.connect(timeline.fit)
        session.playhead.bookmarks_changed.connect(self.show_episode)
        timeline.stretched.connect(
            lambda steps: session.playhead.set_stretch(None if steps is None else Stretch(*steps))
        )
        session.playhead.changed.connect(self._moved)
        session.playhead.playback_changed.connect(self._catch_up)
        session.playhead.playback_changed.connect(self.show_stretch)
        session.dreaming.fan_changed.connect(self.show_fan)
        session.casting.agent_changed.connect(self._show_agent)

    @pyqtSlot()
    def show_episode(self) -> None:
        """Another episode, or more of it, or other Readings of it."""
        reel = self._session.playhead.reel
        if reel is None:
            return
        course = self._course(reel)
        self._timeline.show_course(course)
        self._lane.show_course(course)
        self._rest.stop()
        self.show_events()
        self.show_stretch()
        self.show_cursor()

    @pyqtSlot()
    def _grew(self) -> None:
        if not self._rests():
            self.show_episode()

    @pyqtSlot()
    def _moved(self) -> None:
        if not self._rests():
            self.show_cursor()

    @pyqtSlot()
    def _catch_up(self) -> None:
        if self._rest.isActive() and self._session.playhead.playback.state is not State.FOLLOWING:
            self.show_episode()

    def _rests(self) -> bool:
        """This change may wait for those that come soon after it."""
        session = self._session
        if session.training.patience == 1 or session.playhead.playback.state is not State.FOLLOWING:
            return False
        if not self._rest.isActive():
            self._rest.start()
        return True

    @pyqtSlot()
    def show_events(self) -> None:
        """What happened in the episode, as a list, where anybody looks."""
        reel = self._session.playhead.reel
        if reel is not None and not self._events.isHidden():
            marks = self._session.playhead.landmarks
            rows = [EventRow(m.index, m.text, _COLOURS[m.kind], reel.moments[m.index].step.frame) for m in marks]
            self._events.show_rows(rows)

    @pyqtSlot()
    def show_stretch(self) -> None:
        """What a person marked to be looped, if anything."""
        reel = self._session.playhead.reel
        if reel is None or reel.stretch is None:
            self._timeline.show_stretch(None, False)
        else:
            first, last = reel.stretch
            self._timeline.show_stretch(
                (first, reel.last if last is None else last), self._session.playhead.playback.loop
            )

    @pyqtSlot()
    def show_cursor(self) -> None:
        """The cursor moved."""
        self._timeline.show_cursor(self._session.playhead.index)
        self._lane.show_cursor(self._session.playhead.index)
        self._events.show_cursor(self._session.playhead.index)
        self.show_fan()

    @pyqtSlot()
    def show_fan(self) -> None:
        """Another fan of futures, or none."""
        session = self._session
        fan = session.dreaming.fan if session.dreaming.fan_visible else None
        if fan is self._fan:
            return
        self._fan = fan
        if fan is None or session.casting.agent is None:
            self._timeline.show_fan(0, None)
        else:
            self._timeline.show_fan(fan.key.index, fan_band(fan.dream, session.casting.agent.discount))

    def show_future(self, future: Future | None) -> None:
        """The values of the future in the dream pane; None: it shows none."""
        session = self._session
        here = (
            future is not None
            and session.playhead.reel is not None
            and future.key.number == session.playhead.reel.number
        )
        if future is None or not here or session.dreaming.mode is not DreamMode.FUTURE:
            self._timeline.show_future(0, None)
        else:
            self._timeline.show_future(future.key.index, future.dream.values[0])

    @pyqtSlot()
    def _show_agent(self) -> None:
        agent = self._session.casting.agent
        if agent is not None and agent.name != self._scaled_for:
            self._scaled_for = agent.name
            self._timeline.forget_scale()

    def _course(self, reel: Reel) -> Course:
        session = self._session
        discount = 1.0 if session.casting.agent is None else session.casting.agent.discount
        return Course(
            values=reel.values,
            rewards=reel.rewards,
            realised=realised_returns(reel.rewards, reel.values, reel.outcome, discount),
            surprises=reel.surprises,
            outcome=reel.outcome,
            peaks=tuple(mark.index for mark in session.playhead.landmarks if mark.kind == "surprise"),
            bookmarks=tuple(sorted(reel.bookmarks)),
            played=tuple(reel.played),
        )
