"""What the desks of panels with branches share: asking about the Moment under the cursor, and playing a branch."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from PyQt6.QtCore import QObject, pyqtBoundSignal, pyqtSlot

from dream_viewer.desks.inquiry import Inquiry
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.futures import Forked, Future, FutureKey, FutureKind
from dream_viewer.messages.questions import Question
from dream_viewer.session import Session
from dream_viewer.words import wording
from trainer.episode import Moment

Q = TypeVar("Q", bound=Question)
A = TypeVar("A")


class BranchPanel(Protocol):
    """A panel that shows the branches of an answer."""

    @property
    def chosen(self) -> pyqtBoundSignal:
        """Carries the branch that a person asked for, by its place in the answer."""

    @property
    def branches(self) -> tuple[int, ...]:
        """Those on show, in their order."""

    def isHidden(self) -> bool:
        """Nobody looks."""

    def show_waiting(self, text: str, over: bool) -> None:
        """Say why there is nothing to show (yet), and whether anything will come."""

    def show_chosen(self, branch: int | None) -> None:
        """Pick out a branch."""


class BranchDesk(QObject, Generic[Q, A]):
    """Asks for the branches of the Moment under the cursor while their panel is open, and plays one in the panes.

    Whoever derives from it says what to ask, how to show the answer, and what a branch of it is.

    Args:
        session: what is on show. panel: the widget. kind: of the futures that the branches are.
        waiting: said while the answer is on its way. over: said where the episode has ended.

    Attributes:
        inquiry: asks.
        question, answer: on show; None while there is none.
    """

    def __init__(
        self,
        session: Session,
        panel: BranchPanel,
        kind: FutureKind,
        waiting: str,
        over: str,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._branches, self._kind = session, panel, kind
        self._waiting, self._over = waiting, over
        self.question: Q | None = None
        self.answer: A | None = None
        self.inquiry = Inquiry[Q](session, lambda: not panel.isHidden(), self._ask, self._show, self)
        panel.chosen.connect(self.play)
        session.dreaming.mode_changed.connect(self.inquiry.renew)
        for signal in (session.dreaming.future_changed, session.playhead.changed):
            signal.connect(self._show_chosen)

    # What derived desks say

    def _ask(self, reel: Reel, index: int, moment: Moment) -> Q:
        """The question about a Moment."""
        raise NotImplementedError

    def _show_answer(self, question: Q, answer: A) -> None:
        """Fill the panel."""
        raise NotImplementedError

    def _branch(self, question: Q, answer: A, place: int) -> tuple[Future, Forked | None]:
        """A branch of the answer by its place, as the panes show it, and its truth where that is known."""
        raise NotImplementedError

    def _place(self, answer: A, key: FutureKey) -> int | None:
        """Where in the answer the future of this key is; None: nowhere."""
        raise NotImplementedError

    # What they all do

    @property
    def chosen(self) -> int | None:
        """The branch that the panes show, by its place in the answer; None where they show something else."""
        key, answer = self._session.dreaming.future_key, self.answer
        if key is None or answer is None or key.kind != self._kind or not self._starts_here(key):
            return None
        return self._place(answer, key)

    @pyqtSlot(int)
    def play(self, place: int) -> None:
        """Play a branch in panes and film strip.

        Args:
            place: of the branch in the answer.
        """
        if self.question is not None and self.answer is not None:
            self._session.dreaming.show_branch(*self._branch(self.question, self.answer, place))

    def play_beside(self, offset: int) -> None:
        """Play the branch that stands so many after that on show in the panel; the first one where none is."""
        order, chosen = self._branches.branches, self.chosen
        if self.answer is not None and order:
            self.play(order[0] if chosen is None else order[(order.index(chosen) + offset) % len(order)])

    def _starts_here(self, key: FutureKey) -> bool:
        """A future starts from the Moment that was asked about."""
        asked = self.question
        return asked is not None and (key.number, key.index, key.generation) == (
            asked.number,
            asked.index,
            asked.generation,
        )

    def _show(self, question: Q | None, answer: A | None) -> None:
        self.question, self.answer = question, answer
        if question is None:
            self._branches.show_waiting(wording.nothing_to_ask(self._session.playhead.moment, self._over), over=True)
        elif answer is None:
            self._branches.show_waiting(self._waiting, over=False)
        else:
            self._show_answer(question, answer)
        self._show_chosen()

    @pyqtSlot()
    def _show_chosen(self) -> None:
        self._branches.show_chosen(self.chosen)
