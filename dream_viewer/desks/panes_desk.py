"""Which pictures stand on the stage: the panes side by side, one of them enlarged, and the film strip."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.desks.picture_desk import PictureDesk
from dream_viewer.session import Session
from dream_viewer.widgets.pane import Pane
from dream_viewer.widgets.stage import Stage


class Panes(NamedTuple):
    """All the panes, in the order in which they stand."""

    reality: Pane
    dream: Pane
    compared: Pane
    difference: Pane


class PanesDesk(QObject):
    """Shows and hides panes and film strip, and lets only be made what somebody looks at.

    Args:
        session: what is on show. stage: where they stand. panes: the panes. pictures: fills them. actions: by id.
    """

    def __init__(
        self,
        session: Session,
        stage: Stage,
        panes: Panes,
        pictures: PictureDesk,
        actions: Mapping[str, QAction],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._stage, self._panes, self._pictures = session, stage, panes, pictures
        self._film, self._difference, self._presentation = (
            actions[name] for name in ("film", "difference", "presentation")
        )
        for pane in panes:
            pane.enlarge_asked.connect(lambda pane=pane: stage.enlarge(pane))
            stage.narrowed.connect(pane.set_narrow)
        actions["enlarge"].triggered.connect(lambda _: stage.enlarge(panes.dream))
        for name, human in {"human": True, "agent": False}.items():
            actions[name].triggered.connect(lambda _, human=human: self.show_human(human))
        self._film.toggled.connect(self.show_film)
        self._difference.toggled.connect(self.arrange)

    def show_human(self, human: bool) -> None:
        """Show reality as a person sees it, or else as the agent does."""
        self._session.human_view.set_visible(human)
        self._pictures.take_future()

    @pyqtSlot()
    def show_film(self) -> None:
        """Show the film strip, or not; before an audience it has no place."""
        shown = self._film.isChecked()
        self._stage.show_film(shown)
        self._session.dreaming.set_film_visible(shown and not self._presentation.isChecked())
        self._pictures.wanted_changed()

    @pyqtSlot()
    def arrange(self) -> None:
        """Beside reality and dream the second agent's dream while it is compared, else the difference, if wanted."""
        panes, comparing = self._panes, self._session.comparison.agent is not None
        third = (panes.compared,) if comparing else (panes.difference,) if self._difference.isChecked() else ()
        self._difference.setEnabled(not comparing)
        self._stage.show_panes((panes.reality, panes.dream, *third))
        self._pictures.take_future()
