"""Between the session and a duel's result: sees when both sides are done, and shows what came of it."""

from __future__ import annotations

from PyQt6.QtCore import QObject, Qt, pyqtSlot
from PyQt6.QtWidgets import QWidget

from dream_viewer.episodes.reel import Reel
from dream_viewer.session import Session
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.duel_result import DuelResult
from dream_viewer.widgets.notice import Notice
from dream_viewer.words.duel import Duel, Part, expectation, part_of, side, verdict

WAITING = "Your part of the duel is over; the agent still plays its own."
OFF = "The duel is off: another agent plays now."


class DuelDesk(QObject):
    """Brings a duel to its end.

    Args:
        session: what is on show. notice: tells of a result that is on its way. window: owns the dialog.
    """

    def __init__(self, session: Session, notice: Notice, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._part = session, session.part
        self._notice, self._window = notice, window
        session.playhead.episode_grew.connect(self._look)
        session.playhead.episode_changed.connect(self._look)
        session.playhead.kept_changed.connect(self._tell)
        session.casting.agent_changed.connect(self._on_agent)
        self._part.changed.connect(self._on_role)

    @pyqtSlot()
    def _look(self) -> None:
        """The person's part is over with its episode, or when another one is on show."""
        duel = self._part.duel
        if duel is None or self._part.role is not Role.DUEL:
            return
        mine = self._numbered(duel.mine)
        if mine is not None and mine.outcome is not None:
            self._session.playhead.visit(mine, mine.last)
        elif mine is not self._session.playhead.reel:
            self._part.stop()

    @pyqtSlot()
    def _on_role(self) -> None:
        duel = self._part.duel
        mine = None if duel is None else self._numbered(duel.mine)
        if duel is not None and mine is not None and self._part.role is not Role.DUEL and duel.played is None:
            duel.played = part_of(mine, duel.index, duel.discount)
            if self._numbered(duel.rival) is None:
                self._notice.show_text(WAITING, "good")
            self._tell()

    @pyqtSlot()
    def _tell(self) -> None:
        duel = self._part.duel
        rival = None if duel is None else self._numbered(duel.rival)
        if duel is not None and duel.played is not None and rival is not None:
            self._part.duel = None
            self._notice.hide()
            self._show(duel, duel.played, rival)

    def _show(self, duel: Duel, mine: Part, rival: Reel) -> None:
        theirs = part_of(rival, duel.index, duel.discount)
        result = DuelResult(
            verdict(mine, theirs),
            (side("You", mine), side("The agent", theirs)),
            expectation(duel.value, duel.discount, mine, theirs),
            self._window,
        )
        numbers = (duel.mine, duel.rival)
        result.watch_asked.connect(lambda place: self._watch(numbers[place], duel.index))
        if self._part.role is not Role.WATCHING:
            result.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)  # the keys are those of a game
        result.show()

    def _watch(self, number: int | None, index: int) -> None:
        reel = self._numbered(number)
        if reel is None:
            self._notice.show_text("This episode is no longer kept.")
        else:
            self._session.playhead.visit(reel, index)
            self._session.playhead.toggle_play()

    @pyqtSlot()
    def _on_agent(self) -> None:
        agent, duel = self._session.casting.agent, self._part.duel
        if duel is not None and agent is not None and not agent.handed_over:
            self._part.stop()
            if self._part.duel is not None and self._numbered(duel.rival) is None:
                self._part.duel = None
                if duel.mine is not None:  # else it was asked for, and refused
                    self._notice.show_text(OFF)

    def _numbered(self, number: int | None) -> Reel | None:
        return next((reel for reel in self._session.playhead.reels if reel.number == number), None)
