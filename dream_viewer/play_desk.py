"""Between the session and a person who plays: keys, and who has the keyboard."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow

from dream_viewer.game_keys import GameKeys
from dream_viewer.session import Session
from dream_viewer.taking_part import Role
from dream_viewer.widgets.pane import Pane


class PlayDesk(QObject):
    """Lets a person play.

    Args:
        session: what is on show. reality: the pane that a click takes over, and that has the keyboard meanwhile.
        actions: by id. window: of all this.

    Signals:
        keyboard_changed: `has_keyboard` changed.
    """

    keyboard_changed = pyqtSignal()

    def __init__(self, session: Session, reality: Pane, actions: Mapping[str, QAction], window: QMainWindow) -> None:
        super().__init__(window)
        self._session, self._part = session, session.part
        self._reality, self._window = reality, window
        self._play = actions["take_over"]
        self._keys = GameKeys(reality)
        self._keys.held.connect(self._part.hold)
        self._keys.left.connect(self._part.stop)
        self._play.triggered.connect(self._choose)
        reality.clicked.connect(session.play_game)
        self._part.changed.connect(self._show_role)

    @property
    def has_keyboard(self) -> bool:
        """The game's keys are taken: the review keys rest."""
        return self._part.role is not Role.WATCHING

    @pyqtSlot(bool)
    def _choose(self, wanted: bool) -> None:
        if wanted:
            self._session.play_game()
        else:
            self._part.stop()
        self._show_role()

    @pyqtSlot()
    def _show_role(self) -> None:
        self._play.setChecked(self._part.role is Role.REALITY)
        # Whoever gives the keyboard back to the window gives it to the game.
        self._window.setFocusProxy(self._reality if self.has_keyboard else None)
        if self.has_keyboard:
            self._keys.begin()
        else:
            self._keys.end()
            self._window.setFocus()
        self.keyboard_changed.emit()
