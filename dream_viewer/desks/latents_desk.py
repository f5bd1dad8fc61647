"""Between the session and the latent panel: what is asked about the state at the cursor, and what was set by hand."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.desks.inquiry import Inquiry
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.questions import InsightQuestion, TouchQuestion
from dream_viewer.session import Session
from dream_viewer.widgets.latent_panel import LatentPanel
from dream_viewer.words import wording
from dream_viewer.words.numerals import decimal
from trainer.episode import Insight, Moment, Touched

LISTED = 2
"""Classes set by hand that are told one by one."""
_ON_ITS_WAY = "on its way…"
_HOW_TO = "A row is a latent, a column one of its classes; framed: drawn. Click a class to set it."


class LatentsDesk(QObject):
    """Asks what the panel shows, while anybody looks at it, and keeps the classes that a person set.

    What was set stays set as the cursor moves, until it is undone or another agent is on show, whose classes mean other
    things.

    Args:
        session: what is on show. panel: the widget. undo, reset: take back the last class that was set, and all.
    """

    def __init__(
        self, session: Session, panel: LatentPanel, undo: QAction, reset: QAction, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._undo, self._reset = undo, reset
        self._history: list[dict[int, int]] = [{}]
        self._agent = ""
        self._inside: Inquiry[InsightQuestion] = Inquiry(
            session, self._wanted, self._ask_inside, self._show_inside, self
        )
        self._touch: Inquiry[TouchQuestion] = Inquiry(session, self._wanted, self._ask_touch, self._show_touch, self)
        panel.set_asked.connect(self.set_class)
        undo.triggered.connect(self.undo)
        reset.triggered.connect(self.reset)
        session.casting.agent_changed.connect(self._on_agent)
        self._history_changed()

    @property
    def touches(self) -> tuple[tuple[int, int], ...]:
        """(latent, class) of each class that is set, in order of the latents."""
        return tuple(sorted(self._history[-1].items()))

    @pyqtSlot()
    def show(self) -> None:
        """The panel was shown or hidden."""
        self._inside.renew()
        self._touch.renew()

    @pyqtSlot(int, int)
    def set_class(self, latent: int, index: int) -> None:
        """Set a latent's class; the one that is set already is given back."""
        touches = dict(self._history[-1])
        if touches.get(latent) == index:
            del touches[latent]
        else:
            touches[latent] = index
        self._history.append(touches)
        self._history_changed()

    @pyqtSlot()
    def undo(self) -> None:
        """Take back what was set last."""
        if len(self._history) > 1:
            self._history.pop()
            self._history_changed()

    @pyqtSlot()
    def reset(self) -> None:
        """Take back everything that was set; that can be undone as well."""
        if self._history[-1]:
            self._history.append({})
            self._history_changed()

    def _history_changed(self) -> None:
        self._undo.setEnabled(len(self._history) > 1)
        self._reset.setEnabled(bool(self._history[-1]))
        self._touch.renew()

    @pyqtSlot()
    def _on_agent(self) -> None:
        agent = self._session.casting.agent
        if agent is not None and not (agent.handed_over and agent.name == self._agent):
            self._agent = agent.name
            self._history = [{}]
            self._history_changed()

    def _wanted(self) -> bool:
        return not self._panel.isHidden()

    def _ask_inside(self, reel: Reel, index: int, moment: Moment) -> InsightQuestion:
        before = reel.moments[index - 1] if index else None
        known = before is not None and before.reading is not None and before.reading.generation == reel.generation
        return InsightQuestion(reel.number, index, reel.generation, moment, reel.episode, before if known else None)

    def _ask_touch(self, reel: Reel, index: int, moment: Moment) -> TouchQuestion | None:
        if not self.touches:
            return None
        return TouchQuestion(reel.number, index, reel.generation, moment, reel.episode, self.touches)

    def _show_inside(self, question: InsightQuestion | None, inside: Insight | None) -> None:
        if question is None:
            self._panel.show_inside(None, None, wording.nothing_to_ask(self._session.playhead.moment, wording.END))
        else:
            reading = question.moment.reading
            self._panel.show_inside(inside, None if reading is None else reading.belief, _ON_ITS_WAY)

    def _show_touch(self, question: TouchQuestion | None, touched: Touched | None) -> None:
        reading = None if question is None else question.moment.reading
        if question is not None and question.touches != self.touches:
            touched = None  # while the cursor moves an earlier answer is shown, of what was set before
        frame = None if touched is None else touched.frame
        words = _HOW_TO if reading is None else _outcome(reading.value, touched, self.touches)
        self._panel.show_touched(frame, self.touches, words)


def _outcome(value: float, touched: Touched | None, touches: Sequence[tuple[int, int]]) -> str:
    becomes = "…" if touched is None else decimal(touched.value)
    listed = ", ".join(f"latent {latent} to class {index}" for latent, index in touches[:LISTED])
    more = f" and {len(touches) - LISTED} more" if len(touches) > LISTED else ""
    return f"Value {decimal(value)} \u2192 {becomes}. Set by hand: {listed}{more}"
