"""Between the session and the reality pane: where value and choice come from, laid over the frame."""

from __future__ import annotations

from collections.abc import Callable

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.desks.inquiry import Inquiry
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.questions import SaliencyQuestion
from dream_viewer.pictures.saliency_view import Origins, saliency_view
from dream_viewer.records import View
from dream_viewer.session import Session
from trainer.episode import Moment
from trainer.saliency import Saliency


class SaliencyDesk(QObject):
    """Asks for the map while one of two actions is checked, and lays it over reality.

    Args:
        session: what is on show. lay_over: shows this in place of reality; None: reality itself.
        value, choice: the actions; they exclude each other.

    Attributes:
        origins: which map is wanted; None: none.
    """

    def __init__(
        self,
        session: Session,
        lay_over: Callable[[View | None], None],
        value: QAction,
        choice: QAction,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._lay = session, lay_over
        self._actions: dict[Origins, QAction] = {"value": value, "choice": choice}
        self.origins: Origins | None = None
        self._shown: tuple[SaliencyQuestion, Saliency | None] | None = None
        self._inquiry = Inquiry(session, lambda: self.origins is not None, _question, self._show, self)
        session.playhead.changed.connect(self._lay_over)
        for origins, action in self._actions.items():
            action.toggled.connect(lambda checked, origins=origins: self._choose(origins, checked))

    def _choose(self, origins: Origins, checked: bool) -> None:
        if not checked and self.origins != origins:
            return  # it gave way to the other one
        self.origins = origins if checked else None
        for other, action in self._actions.items():
            action.setChecked(other == self.origins)
        self._inquiry.renew()
        self._lay_over()

    def _show(self, question: SaliencyQuestion | None, found: Saliency | None) -> None:
        self._shown = None if question is None else (question, found)
        self._lay_over()

    @pyqtSlot()
    def _lay_over(self) -> None:
        if self._shown is None or self.origins is None:
            self._lay(None)
            return
        question, found = self._shown
        ago = self._session.playhead.index - question.index
        self._lay(saliency_view(question.moment, found, self.origins, ago))


def _question(reel: Reel, index: int, moment: Moment) -> SaliencyQuestion | None:
    action = moment.step.action
    if action is None:
        return None
    return SaliencyQuestion(reel.number, index, reel.generation, moment, reel.episode, action)
