"""Between the session and the panel that shows many futures of one Moment."""

from __future__ import annotations

import numpy as np
from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer.desks.branch_desk import BranchDesk
from dream_viewer.desks.picture_desk import PictureDesk
from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.returns import fan_band
from dream_viewer.messages.futures import Forked, Future, FutureKey
from dream_viewer.messages.questions import ManyDreamsQuestion
from dream_viewer.pictures import branch_cards
from dream_viewer.records import DreamSheet
from dream_viewer.session import Session
from dream_viewer.widgets.many_dreams_panel import ManyDreamsPanel
from dream_viewer.words.numerals import count, decimal
from trainer.branches import ManyDreams
from trainer.episode import Moment

WAITING = "Dreaming…"
OVER = "The episode is over: there is nothing to dream of."


class ManyDreamsDesk(BranchDesk[ManyDreamsQuestion, ManyDreams]):
    """Asks for many dreams of the Moment under the cursor, and goes with the frame that panes and film strip show.

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
        super().__init__(session, panel, "many", WAITING, OVER, parent)
        self._pictures, self._panel = pictures, panel
        self.branches = branches
        panel.show_count(branches)
        panel.count_chosen.connect(self._choose_count)
        panel.looked.connect(self._look)
        pictures.ahead_changed.connect(self._follow)

    def _ask(self, reel: Reel, index: int, moment: Moment) -> ManyDreamsQuestion:
        steps = branch_cards.steps_of(self._session.dreaming.horizon, self.branches)
        return ManyDreamsQuestion(reel.number, index, reel.generation, moment, reel.episode, steps, self.branches)

    def _show_answer(self, question: ManyDreamsQuestion, answer: ManyDreams) -> None:
        agent = self._session.casting.agent
        self._panel.show_sheet(sheet(question, answer, 1.0 if agent is None else agent.discount))
        self._follow()

    def _branch(self, question: ManyDreamsQuestion, answer: ManyDreams, place: int) -> tuple[Future, Forked | None]:
        return branch_cards.branch_of(question, answer.dream, place, "many", place), None

    def _place(self, answer: ManyDreams, key: FutureKey) -> int | None:
        return key.branch if key.among == len(answer.dream.values) else None

    @pyqtSlot()
    def _follow(self) -> None:
        """The panes or the strip show another frame of a future of this Moment: show all dreams there."""
        future = self._pictures.future
        if self.answer is not None and future is not None and self._starts_here(future.key):
            self._panel.show_ahead(min(self._pictures.ahead, self.answer.disagreement.shape[0] - 1))

    @pyqtSlot(int)
    def _look(self, ahead: int) -> None:
        """A person asked for a frame ahead: the panes show it, too, where they show a future of this Moment."""
        future = self._pictures.future
        if future is not None and self._starts_here(future.key) and ahead < future.dream.frames.shape[1]:
            self._pictures.hold(ahead)

    @pyqtSlot(int)
    def _choose_count(self, branches: int) -> None:
        self.branches = branches
        self.inquiry.renew()


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
