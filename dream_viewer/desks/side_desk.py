"""What stands below the read-outs: the policy, the events, or the training panel, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.widgets.readouts import Readouts
from dream_viewer.widgets.side_column import SideColumn


class SideDesk(QObject):
    """Arranges the column at the right as the actions `training` and `events` say.

    Args:
        side: the column. readouts: at its top. graphs_wanted: there are curves of training to see. actions: by id.
    """

    def __init__(
        self,
        side: SideColumn,
        readouts: Readouts,
        graphs_wanted: Callable[[], bool],
        actions: Mapping[str, QAction],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._side, self._readouts, self._graphs_wanted = side, readouts, graphs_wanted
        self._training, self._events = actions["training"], actions["events"]
        for chosen, other in ((self._training, self._events), (self._events, self._training)):
            chosen.toggled.connect(lambda shown, other=other: self._show(shown, other))
        self.arrange()

    @pyqtSlot()
    def arrange(self) -> None:
        """Show what is chosen."""
        training, events = self._training.isChecked(), self._events.isChecked()
        if training:
            self._readouts.arrange(2, close=True)
        self._side.arrange(training, events, self._graphs_wanted())
        if not training:  # last: while both stand there the window would have to grow, and would stay so
            self._readouts.arrange(1, close=events)

    def _show(self, shown: bool, other: QAction) -> None:
        if shown:
            other.setChecked(False)
        self.arrange()
