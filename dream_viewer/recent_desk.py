"""Between the session and what a person had open lately: a submenu of the newest, and the way back to last time."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QPoint, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMenu, QWidget

from dream_viewer import recent
from dream_viewer.link import Link
from dream_viewer.messages import LevelChoice
from dream_viewer.session import Session
from dream_viewer.settings import Settings


class RecentDesk(QObject):
    """Remembers what is opened, and opens it again.

    The window itself always begins with the bundled agent; last time's place is one command away.

    Args:
        session: what is on show. actions: `recent`, which gets the submenu, and `left_off`.
        settings: of last time. open_path: opens a file or folder. complain: takes one sentence of bad news.
        window: has the submenu.

    Attributes:
        paths: what was open lately, newest first.
    """

    def __init__(
        self,
        session: Session,
        actions: Mapping[str, QAction],
        settings: Settings,
        open_path: Callable[[str], None],
        complain: Callable[[str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._open_path, self._complain, self._window = session, open_path, complain, window
        self.paths = settings.recent[: recent.MOST_RECENT]
        self._kept = settings.left_off
        self._last = recent.left_off(settings.left_off)
        self.menu = QMenu(window)
        self.menu.setToolTipsVisible(True)
        self._recent, self._left_off = actions["recent"], actions["left_off"]
        self._recent.setMenu(self.menu)
        self._recent.triggered.connect(self._pop_up)
        self._left_off.setEnabled(self._last is not None)
        self._left_off.triggered.connect(self._go_back)
        session.casting.agent_changed.connect(self._on_agent)
        session.files.recalled.connect(lambda path, _: self._remember(path))
        self._fill()

    def left_off(self) -> dict[str, Any]:
        """Where things stand now, for the settings; as it was where there is nothing to come back to."""
        session, agent, reel = self._session, self._session.casting.agent, self._session.playhead.reel
        if agent is None or agent.source is None or reel is None:
            return self._kept
        link = Link.to(reel.episode, session.playhead.index, agent.fingerprint)
        return recent.LeftOff(agent.source.absolute(), link, session.casting.choice.level_seed is not None).remembered()

    @pyqtSlot()
    def _on_agent(self) -> None:
        agent = self._session.casting.agent
        if agent is not None and agent.source is not None and not agent.training:
            self._remember(agent.source)

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
            self._open_path(path)
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

    @pyqtSlot()
    def _go_back(self) -> None:
        last = self._last
        if last is None:
            return
        if not os.path.exists(last.path):
            self._left_off.setEnabled(False)
            self._complain(f"{last.path} is not there any more; open another checkpoint.")
            return
        link = last.link
        choice = LevelChoice(link.split, link.level_seed if last.again else None)
        self._session.casting.open_checkpoint(
            last.path, replace(choice, first=link.level_seed), link.difficulty, link.game
        )
