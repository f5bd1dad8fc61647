"""Whose hands are on the game: the agent's, or those of a person who plays, in reality or inside the dream."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.futures import Dreamt, FutureKey
from dream_viewer.messages.lived import DuelBegun
from dream_viewer.pictures.played_dream import LONGEST, PlayedDream
from dream_viewer.playback import State
from dream_viewer.state.worker_protocols import PlayerWorkerLike
from dream_viewer.words.duel import Duel
from trainer.envs.actions import NO_OP
from trainer.episode import Moment


class Role(Enum):
    """What a person does.

    Attributes:
        WATCHING: the agent plays.
        REALITY: the person plays the episode being lived.
        DREAM: the person plays inside the dream; reality rests.
        DUEL: the person plays on from a past Moment, in the episode being lived, and the agent does for itself.
    """

    WATCHING = "watching"
    REALITY = "reality"
    DREAM = "dream"
    DUEL = "duel"


class TakingPart(QObject):
    """What a person plays, and what is known of it.

    Args:
        player: where it is played.

    Attributes:
        role: what the person does.
        dream: the newest dream that was played; None before the first.
        waits: the game rests until the first key.
        duel: the one whose result is not told yet, if any.

    Signals:
        changed: `role` or `waits` changed.
        dreamt: `dream` grew (at most once a GUI tick).
    """

    changed = pyqtSignal()
    dreamt = pyqtSignal()

    def __init__(self, player: PlayerWorkerLike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._dreams = 0
        self._dreamt = False
        self.role = Role.WATCHING
        self.waits = False
        self.dream: PlayedDream | None = None
        self.duel: Duel | None = None

    def play(self) -> None:
        """The person plays on in the episode being lived, holding no key yet."""
        if self.role is not Role.REALITY:
            self.stop()
            self._player.hold(NO_OP)
            self._enter(Role.REALITY)

    def enter_dream(self, key: FutureKey, moment: Moment) -> None:
        """The person plays inside the dream, from a Moment on; it waits for their first key.

        Args:
            key: of the Moment's futures. moment: read by the weights that play.
        """
        self.stop()
        self._dreams += 1
        self.dream = PlayedDream(replace(key, horizon=0, branch=self._dreams, kind="played"))
        self._player.enter_dream(self.dream.key, moment)
        self.waits = True
        self._enter(Role.DREAM)

    def challenge(self, duel: Duel) -> None:
        """A duel is asked for."""
        self.stop()
        self.duel = duel

    def fight(self, begun: DuelBegun) -> None:
        """The game stands where the duel begins; it waits for the person's first key."""
        if self.duel is not None:
            self.duel.mine, self.duel.rival = begun.number, begun.rival
            self.waits = True
            self._enter(Role.DUEL)

    def hear(self, record: Dreamt) -> None:
        """Take a frame, if it belongs to the dream being played; `tell` says afterwards that this grew."""
        dream = self.dream
        if self.role is not Role.DREAM or dream is None or (record.key, record.ahead) != (dream.key, len(dream.steps)):
            return
        dream.steps.append(record.step)
        self._dreamt = True
        if dream.ended or len(dream.steps) == LONGEST:
            self.stop()

    def tell(self) -> None:
        """Say whether the dream grew since that was said last."""
        if self._dreamt:
            self._dreamt = False
            self.dreamt.emit()

    def hold(self, action: int) -> None:
        """The person holds the keys of this action."""
        if self.role is Role.WATCHING:
            return
        self._player.hold(action)
        if self.waits and action != NO_OP:
            self.waits = False
            self._player.set_running(True)
            self.changed.emit()

    @pyqtSlot()
    def leave_dream(self) -> None:
        """Hand back, if the person plays inside the dream."""
        if self.role is Role.DREAM:
            self.stop()

    def stop(self) -> None:
        """Hand back: the agent plays on from where things stand, in reality."""
        if self.role is not Role.WATCHING:
            if self.role is Role.DREAM:
                self._player.set_running(False)  # first, or reality would go on by a step
            self._player.hold(None)
            self._enter(Role.WATCHING)

    def suit(self, state: State) -> None:
        """The cursor moves in another way now; a game that nobody follows is handed back, a dream is left."""
        fitting = {Role.REALITY: State.FOLLOWING, Role.DREAM: State.PAUSED, Role.DUEL: State.FOLLOWING}
        if state is not fitting.get(self.role, state):
            self.stop()

    def _enter(self, role: Role) -> None:
        self.role = role
        self.waits = self.waits and role in (Role.DREAM, Role.DUEL)
        self.changed.emit()
