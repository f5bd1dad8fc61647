"""Between the session and what a person had open lately: a submenu of the newest."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from PyQt6.QtCore import QObject, QPoint, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from dream_viewer.desks import recent
from dream_viewer.session import Session


class RecentDesk(QObject):
    """Remembers what is opened, and opens it again.

    Args:
        session: what is on show. action: gets the submenu. paths: of last time, newest first.
        keepsake: a recording that nobody chose to open, and that is not listed; None: there is none.
        open_path: opens a file or folder. complain: takes one sentence of bad news. window: has the submenu.

    Attributes:
        paths: what was open lately, newest first.
    """

    def __init__(
        self,
        session: Session,
        action: QAction,
        paths: Sequence[str],
        keepsake: Path | None,
        open_path: Callable[[Path], None],
        complain: Callable[[str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._open_path, self._complain, self._window = session, open_path, complain, window
        self._keepsake = keepsake
        self.paths = list(paths[: recent.MOST_RECENT])
        self.menu = QMenu(window)
        self.menu.setToolTipsVisible(True)
        self._recent = action
        self._recent.setMenu(self.menu)
        self._recent.triggered.connect(self._pop_up)
        session.casting.agent_changed.connect(self._on_agent)
        session.files.recalled.connect(self._on_recalled)
        self._fill()

    @pyqtSlot()
    def _on_agent(self) -> None:
        agent = self._session.casting.agent
        if agent is not None and agent.source is not None and not agent.training:
            self._remember(agent.source)

    @pyqtSlot(object, str)
    def _on_recalled(self, path: Path, differs: str) -> None:
        if path != self._keepsake:
            self._remember(path)

    def _remember(self, path: Path) -> None:
        paths = recent.with_newest(self.paths, str(path.absolute()))
        if paths != self.paths:
            self.paths = paths
            self._fill()

    def _fill(self) -> None:
        self.menu.clear()
        self._recent.setEnabled(bool(self.paths))
        for number, path in enumerate(self.paths, 1):
            name = recent.label(path).replace("&", "&&")
            mnemonic = f"&{number}" if number < 10 else "1&0"
            action = self.menu.addAction(f"{mnemonic}  {name}")
            assert action is not None
            action.setToolTip(path)
            action.triggered.connect(lambda _, path=path: self._open(path))

    def _open(self, path: str) -> None:
        if os.path.exists(path):
            self._open_path(Path(path))
        else:
            self.paths = [other for other in self.paths if other != path]
            self._fill()
            self._complain(f"{path} is not there any more, so it is taken off the list.")

    @pyqtSlot()
    def _pop_up(self) -> None:
        """Show the submenu by itself, as a key or the palette asks for it."""
        middle = self._window.mapToGlobal(self._window.rect().center())
        size = self.menu.sizeHint()
        self.menu.popup(middle - QPoint(size.width() // 2, size.height() // 2))
        self.menu.setActiveAction(next(iter(self.menu.actions()), None))
