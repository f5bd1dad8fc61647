"""The 512x512 view of what is under the cursor, drawn while somebody looks at it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.lived import Picture
from dream_viewer.pictures.packed import PictureCache
from dream_viewer.playback import State
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.taking_part import TakingPart
from dream_viewer.state.worker_protocols import PlayerWorkerLike


class HumanView(QObject):
    """Asks for the pictures that the cursor needs, and keeps them.

    Args:
        player: who draws. playhead: the cursor. part: what a person plays.

    Attributes:
        visible: somebody looks.

    Signals:
        changed: `picture` changed without the cursor moving.
    """

    changed = pyqtSignal()

    def __init__(
        self, player: PlayerWorkerLike, playhead: Playhead, part: TakingPart, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._player, self._playhead, self._part = player, playhead, part
        self._pictures = PictureCache()
        self._newest: tuple[int, int] | None = None
        self._picture_came = False
        self._before = 0
        self.visible = False
        playhead.steered.connect(self._want)
        playhead.changed.connect(self._want)

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(512, 512, 3) uint8, the view under the cursor; None where it is not there (yet).

        An end step shows its last frame. Following fast, not every Step is drawn: the newest one that was stands in.
        """
        reel, newest = self._playhead.reel, self._newest
        if reel is None:
            return None
        place = (reel.number, self._pictured())
        follows = self._playhead.playback.state is State.FOLLOWING
        if follows and place not in self._pictures and newest is not None and newest[0] == reel.number:
            place = newest
        return self._pictures.get(*place)

    @pyqtSlot(bool)
    def set_visible(self, visible: bool) -> None:
        """Say whether anybody looks: only then it is drawn."""
        self.visible = visible
        self._player.set_human_wanted(visible)
        self._want()

    def hear(self, picture: Picture) -> None:
        """Take a picture that was asked for, or was drawn as its Step was lived."""
        self._pictures.add(picture)
        self._newest = (picture.number, picture.index)
        self._picture_came = True

    def tell(self, repainted: bool) -> None:
        """Say whether a picture came since that was said last; nothing where the cursor had all repainted anyway."""
        if self._picture_came and not repainted:
            self.changed.emit()
        self._picture_came = False

    @pyqtSlot()
    def _want(self) -> None:
        reel = self._playhead.reel
        moves = self._playhead.playback.state is State.FOLLOWING and not self._part.waits
        if self.visible and reel is not None and not moves and (reel.number, self._pictured()) not in self._pictures:
            self._player.ask_picture(reel.number, self._pictured(), reel.episode)
        self._look_ahead()

    def _look_ahead(self) -> None:
        """Have the next picture unpacked that a cursor comes to which goes on the same way."""
        reel, index = self._playhead.reel, self._playhead.index
        if self.visible and reel is not None and index != self._before:
            self._pictures.expect(reel.number, self._pictured() + (1 if index > self._before else -1))
        self._before = index

    def _pictured(self) -> int:
        """Index of the Step whose picture stands for the Moment under the cursor."""
        moment, index = self._playhead.moment, self._playhead.index
        return index - 1 if moment is not None and moment.step.is_last else index
