"""Whose hands are on the game: the agent's, or those of a person who plays."""

from __future__ import annotations

from enum import Enum

from PyQt6.QtCore import QObject, pyqtSignal

from dream_viewer.playback import State
from dream_viewer.worker_protocols import PlayerWorkerLike
from trainer.envs.actions import NO_OP


class Role(Enum):
    """What a person does.

    Attributes:
        WATCHING: the agent plays.
        REALITY: the person plays the episode being lived.
    """

    WATCHING = "watching"
    REALITY = "reality"


class TakingPart(QObject):
    """What a person plays, and what is known of it.

    Args:
        player: where it is played.

    Attributes:
        role: what the person does.

    Signals:
        changed: `role` changed.
    """

    changed = pyqtSignal()

    def __init__(self, player: PlayerWorkerLike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self.role = Role.WATCHING

    def play(self) -> None:
        """The person plays on in the episode being lived, holding no key yet."""
        if self.role is not Role.REALITY:
            self._player.hold(NO_OP)
            self._enter(Role.REALITY)

    def hold(self, action: int) -> None:
        """The person holds the keys of this action."""
        if self.role is not Role.WATCHING:
            self._player.hold(action)

    def stop(self) -> None:
        """Hand back: the agent plays on from where things stand."""
        if self.role is not Role.WATCHING:
            self._player.hold(None)
            self._enter(Role.WATCHING)

    def suit(self, state: State) -> None:
        """The cursor moves in another way now; a game that nobody follows is handed back."""
        if self.role is Role.REALITY and state is not State.FOLLOWING:
            self.stop()

    def _enter(self, role: Role) -> None:
        self.role = role
        self.changed.emit()
