"""Between the session and the panel that shows what each action would lead to."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from dream_viewer.desks.branch_desk import BranchDesk
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.futures import Forked, Future, FutureKey
from dream_viewer.messages.questions import WhatIfQuestion
from dream_viewer.pictures import branch_cards
from dream_viewer.session import Session
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from dream_viewer.words.numerals import count
from trainer.branches import WhatIf
from trainer.envs.protocol import NUM_ACTIONS
from trainer.episode import Moment

WAITING = "Trying each action…"
OVER = "The episode is over: there is nothing left to try."
NO_TRUTH = "this game does not repeat itself, so it cannot be forked"


class WhatIfDesk(BranchDesk[WhatIfQuestion, WhatIf]):
    """Asks what if for the Moment under the cursor; its branches are played with their truth.

    Args:
        session: what is on show. panel: the widget.
    """

    def __init__(self, session: Session, panel: WhatIfPanel, parent: QObject | None = None) -> None:
        super().__init__(session, panel, "what if", WAITING, OVER, parent)
        self._panel = panel

    def _ask(self, reel: Reel, index: int, moment: Moment) -> WhatIfQuestion:
        steps = branch_cards.steps_of(self._session.dreaming.horizon, NUM_ACTIONS)
        return WhatIfQuestion(reel.number, index, reel.generation, moment, reel.episode, steps)

    def _show_answer(self, question: WhatIfQuestion, answer: WhatIf) -> None:
        cards = branch_cards.cards(answer, question.moment.step.action)
        where = f"Step {count(question.index)}, {question.horizon} steps on"
        note = "highest dreamed return first" if answer.forks is not None else NO_TRUTH
        self._panel.show_cards(cards, branch_cards.verdict(cards), (f"{where}; {note}", where))

    def _branch(self, question: WhatIfQuestion, answer: WhatIf, place: int) -> tuple[Future, Forked | None]:
        future = branch_cards.branch_of(question, answer.dream, place, "what if", answer.actions[place])
        return future, branch_cards.truth_of(future, answer, place)

    def _place(self, answer: WhatIf, key: FutureKey) -> int | None:
        return answer.actions.index(key.branch) if key.branch in answer.actions else None
