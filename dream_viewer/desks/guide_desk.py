"""Between the texts that explain the window and the widgets that show them."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from dream_viewer.session import Session
from dream_viewer.widgets.tour import Sight, Tour
from dream_viewer.words.guide import TOUR, hint


class GuideDesk(QObject):
    """Lets each panel explain itself, and leads a newcomer around.

    Args:
        session: what is on show. panels: by the ids of `guide.PANELS`. training: opens and closes the training panel,
            which the tour needs for its last step. window: what the tour covers.

    Attributes:
        tour: the overlay. seen: it was shown, now or in the past.
    """

    def __init__(
        self, session: Session, panels: Mapping[str, QWidget], training: QAction, seen: bool, window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._training = session, training
        self._training_before: bool | None = None
        self.seen = seen
        for name, panel in panels.items():
            panel.setToolTip(hint(name))
        self.tour = Tour([Sight(panels[stop.panel], stop.title, stop.text) for stop in TOUR], window)
        self.tour.arrived.connect(self._on_arrived)
        self.tour.toggled.connect(self._on_toggled)

    def welcome(self) -> None:
        """Begin the tour once there is something to see, unless it was shown before."""
        if not self.seen:
            self._session.playhead.changed.connect(self._begin)

    @pyqtSlot()
    def _begin(self) -> None:
        self._session.playhead.changed.disconnect(self._begin)
        if not self.seen:
            self.tour.begin()

    @pyqtSlot(int)
    def _on_arrived(self, index: int) -> None:
        if TOUR[index].panel == "training":
            if self._training_before is None:
                self._training_before = self._training.isChecked()
            self._training.setChecked(True)
        else:
            self._give_training_back()

    @pyqtSlot(bool)
    def _on_toggled(self, shown: bool) -> None:
        if shown:
            self.seen = True
        else:
            self._give_training_back()

    def _give_training_back(self) -> None:
        if self._training_before is not None:
            self._training.setChecked(self._training_before)
            self._training_before = None
