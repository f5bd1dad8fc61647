"""Between the cursor and what moves it: the transport bar, and the actions of the same names."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.transport import TransportBar
from dream_viewer.words import wording

_DOING = {Role.WATCHING: "", Role.REALITY: "You play", Role.DREAM: "You dream", Role.DUEL: "Your duel"}
_NOTHING_YET = "No episode yet"


class TransportDesk(QObject):
    """Moves the cursor, and shows where it stands and what moves it.

    Args:
        session: what is on show. bar: the widget. actions: by id.
    """

    def __init__(
        self, session: Session, bar: TransportBar, actions: Mapping[str, QAction], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._playhead, self._bar, self._actions = session, session.playhead, bar, actions
        self._connect_actions()
        for signal in (self._playhead.changed, self._playhead.episode_changed, self._playhead.episode_grew):
            signal.connect(self.show_position)
        for signal in (self._playhead.playback_changed, session.part.changed):
            signal.connect(self.show_playback)
        self.show_playback()

    @pyqtSlot()
    def show_position(self) -> None:
        """Say which Moment is under the cursor, and whether there are newer ones."""
        playhead = self._playhead
        self._bar.show_position(*wording.position(playhead.reel, playhead.index))
        state, away = playhead.playback.state, playhead.reel is not None and not playhead.at_live_edge
        newer = playhead.newer if away else 0
        doing = _DOING[self._session.part.role]
        text = wording.follow(state, newer, doing) if playhead.reel is not None else _NOTHING_YET
        self._bar.show_follow(state is State.FOLLOWING and playhead.reel is not None, away, bool(doing), text)

    @pyqtSlot()
    def show_playback(self) -> None:
        """Say what moves the cursor."""
        playback = self._playhead.playback
        self._bar.show_playback(playback.state is not State.PAUSED, playback.speed)
        self._actions["follow"].setChecked(playback.state is State.FOLLOWING)
        self._actions["play_back"].setChecked(playback.state is State.PLAYING and playback.reverse)
        self._actions["loop"].setChecked(playback.loop)
        self._actions["every_frame"].setChecked(playback.every_frame)
        self.show_position()

    def _connect_actions(self) -> None:
        playhead = self._playhead
        for name, slot in {
            "play": playhead.toggle_play,
            "play_back": playhead.play_back,
            "stretch": playhead.mark_stretch,
            "first": playhead.go_first,
            "last": playhead.go_last,
            "slower": playhead.slower,
            "faster": playhead.faster,
            "bookmark": playhead.toggle_bookmark,
            "follow": playhead.follow,
        }.items():
            self._actions[name].triggered.connect(lambda _, slot=slot: slot())
        for move, amounts in (
            (playhead.step_by, {"back": -1, "forward": 1, "back_ten": -10, "forward_ten": 10}),
            (playhead.landmark_by, {"event_back": -1, "event_forward": 1}),
            (playhead.episode_by, {"episode_back": -1, "episode_forward": 1}),
        ):
            for name, amount in amounts.items():
                self._actions[name].triggered.connect(lambda _, move=move, amount=amount: move(amount))
        self._actions["loop"].triggered.connect(playhead.set_loop)
        self._actions["every_frame"].triggered.connect(playhead.set_every_frame)
