"""The keys that play one branch after the other, of whichever panel shows branches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.desks.branch_desk import BranchDesk


class BranchKeys(QObject):
    """Gives the keys to the panel whose branch is on show, or else to the one that is open.

    Args:
        desks: of the panels with branches, by the id of the action that opens them. actions: by id; of the table:
            branch_forward and branch_back beside those.
    """

    def __init__(
        self, desks: Mapping[str, BranchDesk[Any, Any]], actions: Mapping[str, QAction], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._desks, self._actions = desks, actions
        self._keys = {actions["branch_forward"]: 1, actions["branch_back"]: -1}
        for key, offset in self._keys.items():
            key.triggered.connect(lambda _, offset=offset: self._play_beside(offset))
        for name, desk in desks.items():
            actions[name].toggled.connect(desk.inquiry.renew)
            actions[name].toggled.connect(self._show_keys)
        self._show_keys()

    @property
    def _open(self) -> list[BranchDesk[Any, Any]]:
        return [desk for name, desk in self._desks.items() if self._actions[name].isChecked()]

    def _play_beside(self, offset: int) -> None:
        shown = self._open
        next((desk for desk in shown if desk.chosen is not None), shown[0]).play_beside(offset)

    @pyqtSlot()
    def _show_keys(self) -> None:
        for key in self._keys:
            key.setEnabled(bool(self._open))
