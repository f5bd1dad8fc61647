"""Between the session and the widgets that show time: the timeline and the surprise lane beneath it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSlot

from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.returns import fan_band, realised_returns
from dream_viewer.messages.futures import Fan, Future
from dream_viewer.playback import State, Stretch
from dream_viewer.records import Course, EventRow
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.widgets.event_list import EventList
from dream_viewer.widgets.surprise_lane import SurpriseLane
from dream_viewer.widgets.timeline import Timeline
from dream_viewer.words.landmarks import Kind

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
        self._session, self._playhead, self._dreaming = session, session.playhead, session.dreaming
        self._timeline, self._lane, self._events = timeline, lane, events
        self._scaled_for = ""
        self._fan: Fan | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(RESTING_MS)
        self._rest.timeout.connect(self.show_episode)
        events.chosen.connect(self._playhead.seek)
        lane.show_span(*timeline.span)
        timeline.ranged.connect(lane.show_span)
        for widget in (timeline, lane):
            widget.scrubbed.connect(self._playhead.seek)
        for signal in (self._playhead.episode_changed, self._playhead.readings_changed):
            signal.connect(self.show_episode)
        self._playhead.episode_grew.connect(self._grew)
        self._playhead.episode_changed.connect(timeline.fit)
        self._playhead.bookmarks_changed.connect(self.show_episode)
        timeline.stretched.connect(lambda steps: self._playhead.set_stretch(None if steps is None else Stretch(*steps)))
        self._playhead.changed.connect(self._moved)
        self._playhead.playback_changed.connect(self._catch_up)
        self._playhead.playback_changed.connect(self.show_stretch)
        self._dreaming.fan_changed.connect(self.show_fan)
        session.casting.agent_changed.connect(self._show_agent)

    @pyqtSlot()
    def show_episode(self) -> None:
        """Another episode, or more of it, or other Readings of it."""
        reel = self._playhead.reel
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
        if self._rest.isActive() and self._playhead.playback.state is not State.FOLLOWING:
            self.show_episode()

    def _rests(self) -> bool:
        """This change may wait for those that come soon after it."""
        if self._session.training.patience == 1 or self._playhead.playback.state is not State.FOLLOWING:
            return False
        if not self._rest.isActive():
            self._rest.start()
        return True

    @pyqtSlot()
    def show_events(self) -> None:
        """What happened in the episode, as a list, where anybody looks."""
        reel = self._playhead.reel
        if reel is not None and not self._events.isHidden():
            marks = self._playhead.landmarks
            rows = [EventRow(m.index, m.text, _COLOURS[m.kind], reel.moments[m.index].step.frame) for m in marks]
            self._events.show_rows(rows)

    @pyqtSlot()
    def show_stretch(self) -> None:
        """What a person marked to be looped, if anything."""
        reel = self._playhead.reel
        if reel is None or reel.stretch is None:
            self._timeline.show_stretch(None, False)
        else:
            first, last = reel.stretch
            self._timeline.show_stretch((first, reel.last if last is None else last), self._playhead.playback.loop)

    @pyqtSlot()
    def show_cursor(self) -> None:
        """The cursor moved."""
        self._timeline.show_cursor(self._playhead.index)
        self._lane.show_cursor(self._playhead.index)
        self._events.show_cursor(self._playhead.index)
        self.show_fan()

    @pyqtSlot()
    def show_fan(self) -> None:
        """Another fan of futures, or none."""
        agent, fan = self._session.casting.agent, self._dreaming.fan if self._dreaming.fan_visible else None
        if fan is self._fan:
            return
        self._fan = fan
        if fan is None or agent is None:
            self._timeline.show_fan(0, None)
        else:
            self._timeline.show_fan(fan.key.index, fan_band(fan.dream, agent.discount))

    def show_future(self, future: Future | None) -> None:
        """The values of the future in the dream pane; None: it shows none."""
        reel = self._playhead.reel
        here = future is not None and reel is not None and future.key.number == reel.number
        if future is None or not here or self._dreaming.mode is not DreamMode.FUTURE:
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
        agent = self._session.casting.agent
        discount = 1.0 if agent is None else agent.discount
        return Course(
            values=reel.values,
            rewards=reel.rewards,
            realised=realised_returns(reel.rewards, reel.values, reel.outcome, discount),
            surprises=reel.surprises,
            outcome=reel.outcome,
            peaks=tuple(mark.index for mark in self._playhead.landmarks if mark.kind == "surprise"),
            bookmarks=tuple(sorted(reel.bookmarks)),
            played=tuple(reel.played),
        )
