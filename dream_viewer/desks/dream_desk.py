"""Between the session and the choice of what the dream pane shows, and over how many frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QObject, pyqtSlot
from PyQt6.QtGui import QAction

from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.widgets.frames_box import FramesBox


class DreamDesk(QObject):
    """Chooses belief, dream or future, how often it looks, how far ahead it goes, and the luck of another future.

    Args:
        session: what is on show. box: how many frames. actions: by id.
        wanted_changed: told when the pane wants other pictures.
    """

    def __init__(
        self,
        session: Session,
        box: FramesBox,
        actions: Mapping[str, QAction],
        wanted_changed: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._dreaming, self._box, self._actions = session.dreaming, box, actions
        self._wanted_changed = wanted_changed
        for mode in DreamMode:
            actions[mode.value].triggered.connect(lambda _, mode=mode: self._dreaming.set_mode(mode))
        actions["again"].triggered.connect(lambda _: self._dreaming.another_future())
        for name, frames in {"longer": 1, "shorter": -1}.items():
            actions[name].triggered.connect(lambda _, frames=frames: box.setValue(box.value() + frames))
        box.chosen.connect(self._choose_frames)
        self._dreaming.mode_changed.connect(self.show_mode)
        self.show_mode()

    @pyqtSlot()
    def show_mode(self) -> None:
        """Say what the dream pane shows."""
        mode, box = self._dreaming.mode, self._box
        self._actions[mode.value].setChecked(True)
        self._actions["again"].setEnabled(mode is DreamMode.FUTURE)
        for name in ("longer", "shorter"):
            self._actions[name].setEnabled(mode is not DreamMode.BELIEF)
        if mode is DreamMode.FUTURE:
            box.show_horizon(self._dreaming.horizon)
        else:
            box.show_grounding(self._dreaming.ground_every)
        box.setVisible(mode is not DreamMode.BELIEF)
        self._wanted_changed()

    @pyqtSlot(int)
    def _choose_frames(self, frames: int) -> None:
        if self._dreaming.mode is DreamMode.FUTURE:
            self._dreaming.set_horizon(frames)
        else:
            self._dreaming.set_ground_every(frames)
