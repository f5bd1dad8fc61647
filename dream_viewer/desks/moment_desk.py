"""Between the session and the words about it: who plays, what is under the cursor, and what the policy would do."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer.session import Session
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.policy_bars import PolicyBars
from dream_viewer.widgets.readouts import Readouts
from dream_viewer.words import wording


class MomentDesk(QObject):
    """Writes what is under the cursor.

    Args:
        session: what is on show. readouts, policy: the widgets.
    """

    def __init__(self, session: Session, readouts: Readouts, policy: PolicyBars, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._readouts, self._policy = session, readouts, policy
        session.playhead.changed.connect(self._show_moment)
        for signal in (session.casting.agent_changed, session.casting.opening_changed):
            signal.connect(self._show_agent)
        self._show_agent()
        self._show_moment()

    @pyqtSlot()
    def _show_moment(self) -> None:
        session, playhead = self._session, self._session.playhead
        played = session.part.role in (Role.REALITY, Role.DUEL) and playhead.at_live_edge
        moment = playhead.moment
        self._readouts.show_stats(wording.stats(playhead.reel, playhead.index, moment, played))
        self._policy.show_policy(
            None if moment is None or moment.reading is None else moment.reading.policy,
            None if moment is None else moment.step.action,
            moment is not None and moment.step.by_person,
        )

    @pyqtSlot()
    def _show_agent(self) -> None:
        casting = self._session.casting
        agent = casting.agent
        title, line = wording.agent_lines(agent, casting.opening)
        self._readouts.show_agent(title, line, wording.agent_hint(agent))
