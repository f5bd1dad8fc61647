"""Between the session and the panel that shows what each action would lead to."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer import branch_cards
from dream_viewer.inquiry import Inquiry
from dream_viewer.questions import WhatIfQuestion
from dream_viewer.reel import Reel
from dream_viewer.session import Session
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from dream_viewer.wording import count
from trainer.branches import WhatIf
from trainer.envs.protocol import NUM_ACTIONS
from trainer.episode import Moment

WAITING = "Trying each action…"
OVER = "The episode is over: there is nothing left to try."
UNREAD = "The agent on show has not read this moment."
NO_TRUTH = "this game does not repeat itself, so it cannot be forked"


class WhatIfDesk(QObject):
    """Asks what if for the Moment under the cursor, while the panel is open, and plays its branches in the panes.

    Args:
        session: what is on show. panel: the widget.
    """

    def __init__(self, session: Session, panel: WhatIfPanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._panel = session, panel
        self._question: WhatIfQuestion | None = None
        self._answer: WhatIf | None = None
        self.inquiry = Inquiry(session, lambda: not panel.isHidden(), self._ask, self._show, self)
        panel.chosen.connect(self.play)
        session.dreaming.mode_changed.connect(self.inquiry.renew)
        for signal in (session.dreaming.future_changed, session.playhead.changed):
            signal.connect(self._show_chosen)

    @property
    def chosen(self) -> int | None:
        """The branch that the panes show, by its place in the answer; None where they show something else."""
        key, asked, answer = self._session.dreaming.future_key, self._question, self._answer
        if key is None or asked is None or answer is None or key.kind != "what if":
            return None
        same = (key.number, key.index, key.generation) == (asked.number, asked.index, asked.generation)
        return answer.actions.index(key.branch) if same and key.branch in answer.actions else None

    @pyqtSlot(int)
    def play(self, place: int) -> None:
        """Play a branch in panes and film strip, with its truth.

        Args:
            place: of the branch in the answer.
        """
        if self._question is not None and self._answer is not None:
            answer = self._answer
            future = branch_cards.branch_of(self._question, answer.dream, place, "what if", answer.actions[place])
            self._session.dreaming.show_branch(future, branch_cards.truth_of(future, answer, place))

    def play_beside(self, offset: int) -> None:
        """Play the branch whose card comes so many after that on show; the first one where none is."""
        order = [card.branch for card in self._panel.cards]
        if self._answer is not None and order:
            chosen = self.chosen
            self.play(order[0] if chosen is None else order[(order.index(chosen) + offset) % len(order)])

    def _ask(self, reel: Reel, index: int, moment: Moment) -> WhatIfQuestion:
        steps = branch_cards.steps_of(self._session.dreaming.horizon, NUM_ACTIONS)
        return WhatIfQuestion(reel.number, index, reel.generation, moment, reel.episode, steps)

    def _show(self, question: WhatIfQuestion | None, answer: WhatIf | None) -> None:
        self._question, self._answer = question, answer
        if question is None:
            moment = self._session.playhead.moment
            self._panel.show_waiting(OVER if moment is not None and moment.step.is_last else UNREAD, over=True)
        elif answer is None:
            self._panel.show_waiting(WAITING, over=False)
        else:
            cards = branch_cards.cards(answer, question.moment.step.action)
            where = f"Step {count(question.index)}, {question.horizon} steps on"
            note = "highest dreamed return first" if answer.forks is not None else NO_TRUTH
            self._panel.show_cards(cards, branch_cards.verdict(cards), f"{where}; {note}")
        self._show_chosen()

    @pyqtSlot()
    def _show_chosen(self) -> None:
        self._panel.show_chosen(self.chosen)
