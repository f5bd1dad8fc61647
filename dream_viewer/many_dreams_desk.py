"""Between the session and the panel that shows many futures of one Moment."""

from __future__ import annotations

from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer import branch_cards
from dream_viewer.inquiry import Inquiry
from dream_viewer.messages import FutureKey
from dream_viewer.picture_desk import PictureDesk
from dream_viewer.questions import ManyDreamsQuestion
from dream_viewer.records import DreamSheet
from dream_viewer.reel import Reel
from dream_viewer.returns import fan_band
from dream_viewer.session import Session
from dream_viewer.widgets.many_dreams_panel import ManyDreamsPanel
from dream_viewer.wording import count, decimal
from trainer.branches import ManyDreams
from trainer.episode import Moment

WAITING = "Dreaming…"
OVER = "The episode is over: there is nothing to dream of."
UNREAD = "The agent on show has not read this moment."


class ManyDreamsDesk(QObject):
    """Asks for many dreams of the Moment under the cursor while the panel is open, and plays one of them in the panes.

    Args:
        session: what is on show. pictures: the panes and the film strip, whose frame the panel follows.
        panel: the widget. branches: how many dreams to ask for at first.

    Attributes:
        branches: how many are asked for.
    """

    def __init__(
        self,
        session: Session,
        pictures: PictureDesk,
        panel: ManyDreamsPanel,
        branches: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._pictures, self._panel = session, pictures, panel
        self.branches = branches
        self._question: ManyDreamsQuestion | None = None
        self._answer: ManyDreams | None = None
        self.inquiry = Inquiry(session, lambda: not panel.isHidden(), self._ask, self._show, self)
        panel.show_count(branches)
        panel.count_chosen.connect(self._choose_count)
        panel.chosen.connect(self.play)
        panel.looked.connect(self._look)
        session.dreaming.mode_changed.connect(self.inquiry.renew)
        pictures.ahead_changed.connect(self._follow)
        for signal in (session.dreaming.future_changed, session.playhead.changed):
            signal.connect(self._show_chosen)

    @property
    def chosen(self) -> int | None:
        """The dream that the panes show, by its place in the answer; None where they show something else."""
        key = self._session.dreaming.future_key
        return key.branch if key is not None and key.kind == "many" and self._starts_here(key) else None

    @pyqtSlot(int)
    def play(self, place: int) -> None:
        """Play a dream in panes and film strip.

        Args:
            place: of the dream in the answer.
        """
        if self._question is not None and self._answer is not None:
            self._session.dreaming.show_branch(
                branch_cards.branch_of(self._question, self._answer.dream, place, "many", place)
            )

    def play_beside(self, offset: int) -> None:
        """Play the dream that comes so many after that on show; the first one where none is."""
        sheet = self._panel.sheet
        if self._answer is not None and sheet is not None:
            chosen, order = self.chosen, sheet.branches
            self.play(order[0] if chosen is None else order[(order.index(chosen) + offset) % len(order)])

    def _ask(self, reel: Reel, index: int, moment: Moment) -> ManyDreamsQuestion:
        steps = branch_cards.steps_of(self._session.dreaming.horizon, self.branches)
        return ManyDreamsQuestion(reel.number, index, reel.generation, moment, reel.episode, steps, self.branches)

    def _show(self, question: ManyDreamsQuestion | None, answer: ManyDreams | None) -> None:
        self._question, self._answer = question, answer
        if question is None:
            moment = self._session.playhead.moment
            self._panel.show_waiting(OVER if moment is not None and moment.step.is_last else UNREAD, over=True)
        elif answer is None:
            self._panel.show_waiting(WAITING, over=False)
        else:
            discount = 1.0 if self._session.casting.agent is None else self._session.casting.agent.discount
            self._panel.show_sheet(sheet(question, answer, discount))
            self._follow()
        self._show_chosen()

    @pyqtSlot()
    def _follow(self) -> None:
        """The panes or the strip show another frame of a future of this Moment: show all dreams there."""
        future = self._pictures.future
        if self._answer is not None and future is not None and self._starts_here(future.key):
            self._panel.show_ahead(min(self._pictures.ahead, self._answer.disagreement.shape[0] - 1))

    @pyqtSlot(int)
    def _look(self, ahead: int) -> None:
        """A person asked for a frame ahead: the panes show it, too, where they show a future of this Moment."""
        future = self._pictures.future
        if future is not None and self._starts_here(future.key) and ahead < future.dream.frames.shape[1]:
            self._pictures.hold(ahead)

    def _starts_here(self, key: FutureKey) -> bool:
        asked: Any = self._question
        return asked is not None and (key.number, key.index, key.generation) == (
            asked.number,
            asked.index,
            asked.generation,
        )

    @pyqtSlot(int)
    def _choose_count(self, branches: int) -> None:
        self.branches = branches
        self.inquiry.renew()

    @pyqtSlot()
    def _show_chosen(self) -> None:
        self._panel.show_chosen(self.chosen)


def sheet(question: ManyDreamsQuestion, answer: ManyDreams, discount: float) -> DreamSheet:
    """What the panel shows of an answer, the most promising dream first.

    Args:
        question: that was answered. answer: the dreams. discount: of one step.
    """
    dream = answer.dream
    promised = dream.returns(discount)[:, 0]
    order = np.argsort(-promised, kind="stable")
    return DreamSheet(
        frames=dream.frames[order],
        branches=tuple(order.tolist()),
        mean=answer.mean,
        disagreement=answer.disagreement,
        band=fan_band(dream, discount),
        returns=tuple(decimal(float(promised[place])) for place in order),
        ends=tuple(branch_cards.expected_end(dream.continues[place]) for place in order),
        about=f"{question.branches} dreams from step {count(question.index)}",
    )
