"""Between the session and a person who plays: keys, who has the keyboard, and what came of a dream."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QMainWindow, QWidget

from dream_viewer.desks.game_keys import GameKeys
from dream_viewer.pictures.played_dream import PlayedDream
from dream_viewer.session import Session
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.notice import Notice
from dream_viewer.widgets.pane import Pane
from dream_viewer.words.numerals import count


class PlayDesk(QObject):
    """Lets a person play.

    Args:
        session: what is on show. reality: the pane that a click takes over. field: has the keyboard meanwhile.
        notice: tells what can be done with a dream that is over. actions: by id. window: of all this.

    Signals:
        keyboard_changed: `has_keyboard` changed.
    """

    keyboard_changed = pyqtSignal()

    def __init__(
        self,
        session: Session,
        reality: Pane,
        field: QWidget,
        notice: Notice,
        actions: Mapping[str, QAction],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._session, self._part = session, session.part
        self._field, self._notice, self._window = field, notice, window
        self._before = Role.WATCHING
        self._choices = {
            Role.REALITY: actions["take_over"],
            Role.DREAM: actions["play_dream"],
            Role.DUEL: actions["duel"],
        }
        self._really = actions["really"]
        self._really.setEnabled(False)
        self._really.triggered.connect(self.show_what_really_happens)
        self._keys = GameKeys(field)
        self._keys.held.connect(self._part.hold)
        self._keys.left.connect(self._leave)
        begins = {Role.REALITY: session.play_game, Role.DREAM: session.play_dream, Role.DUEL: session.begin_duel}
        for role, begin in begins.items():
            self._choices[role].triggered.connect(lambda wanted, begin=begin: self._choose(wanted, begin))
        reality.clicked.connect(session.play_game)
        self._part.changed.connect(self._show_role)

    @property
    def has_keyboard(self) -> bool:
        """The game's keys are taken: the review keys rest."""
        return self._part.role is not Role.WATCHING

    @pyqtSlot()
    def show_what_really_happens(self) -> None:
        """Show the dream that was played last beside reality under the same keys."""
        dream = self._part.dream
        if dream is None or not dream.steps:
            return
        if dream.key.number in (reel.number for reel in self._session.playhead.reels):
            self._notice.hide()
            self._session.dreaming.show_branch(dream.future)
        else:
            self._notice.show_text("The episode of this dream is no longer kept; play another one.")

    def _choose(self, wanted: bool, begin: Callable[[], None]) -> None:
        if wanted:
            begin()
        else:
            self._leave()
        self._show_choices()

    @pyqtSlot()
    def _leave(self) -> None:
        """Hand back to the agent; a duel is given up where it stands."""
        if self._part.role is Role.DUEL:
            self._session.playhead.pause()
        else:
            self._part.stop()

    @pyqtSlot()
    def _show_role(self) -> None:
        before, self._before = self._before, self._part.role
        if before is self._part.role:
            return
        self._show_choices()
        # Whoever gives the keyboard back to the window gives it to the game.
        self._window.setFocusProxy(self._field if self.has_keyboard else None)
        if self.has_keyboard:
            self._notice.hide()
            self._keys.begin()
        else:
            self._keys.end()
            self._window.setFocus()
        self.keyboard_changed.emit()
        dream = self._part.dream
        if dream is not None and before is Role.DREAM and dream.steps:
            self._notice.show_text(
                _epilogue(dream), "good", "Show what would really have happened", self.show_what_really_happens
            )

    def _show_choices(self) -> None:
        for role, action in self._choices.items():
            action.setChecked(self._part.role is role)
        dream = self._part.dream
        self._really.setEnabled(not self.has_keyboard and dream is not None and bool(dream.steps))


def _epilogue(dream: PlayedDream) -> str:
    frames = "1 frame" if len(dream.steps) == 1 else f"{count(len(dream.steps))} frames"
    ending = " It expects the end here." if dream.ended else ""
    return f"You played {frames} blind.{ending}"
