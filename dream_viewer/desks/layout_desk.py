"""Which parts of the window are there: all of them, or panes and timeline alone before an audience."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from dream_viewer.desks.docks import Docks
from dream_viewer.desks.look_desk import LookDesk
from dream_viewer.widgets.notice import Notice
from dream_viewer.widgets.stage import Stage

HINT_MS = 4000
"""Milliseconds for which an audience sees how the presentation ends."""
WAY_BACK = "Esc or F5 brings everything back."
_LEFT = ("presentation", "full_screen")
"""What Esc ends, in this order."""
_FIRST = {"film": True, "difference": False, "fan": True, "events": False}
"""Parts that have an action of their own, as they are in a window that nobody changed."""


class LayoutDesk(QObject):
    """Gives the window to an audience and back, and puts everything where it was at first.

    Args:
        actions: by id; of the table: presentation, reset_layout, full_screen, leave, and those of the parts.
        stage, docks, look: what they change. others: hidden from an audience. notice: tells the way back.

    Signals:
        presented: an audience looks (True), or does not any more.
    """

    presented = pyqtSignal(bool)

    def __init__(
        self,
        actions: Mapping[str, QAction],
        stage: Stage,
        docks: Docks,
        look: LookDesk,
        others: Sequence[QWidget],
        notice: Notice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._actions, self._stage, self._docks, self._look = actions, stage, docks, look
        self._others, self._notice = tuple(others), notice
        self._hint = QTimer(self)
        self._hint.setSingleShot(True)
        self._hint.setInterval(HINT_MS)
        self._hint.timeout.connect(self._clear_hint)
        actions["presentation"].toggled.connect(self._present)
        actions["reset_layout"].triggered.connect(self.reset)
        actions["leave"].triggered.connect(self.leave)
        for name in _LEFT:
            actions[name].toggled.connect(self._show_way_back)
        self._show_way_back()

    @pyqtSlot()
    def leave(self) -> None:
        """End the presentation; without one, full screen."""
        layout = next((self._actions[name] for name in _LEFT if self._actions[name].isChecked()), None)
        if layout is not None:
            layout.trigger()

    @pyqtSlot()
    def _show_way_back(self) -> None:
        # Where there is nothing to leave, Esc belongs to others.
        self._actions["leave"].setEnabled(any(self._actions[name].isChecked() for name in _LEFT))

    @pyqtSlot()
    def reset(self) -> None:
        """Put every part where it is in a window that nobody changed."""
        self._actions["presentation"].setChecked(False)
        self._stage.enlarge(None)
        self._docks.reset()
        for name, shown in _FIRST.items():
            self._actions[name].setChecked(shown)

    @pyqtSlot(bool)
    def _present(self, on: bool) -> None:
        if not on:
            self._look.set_large(False)  # before anything comes back: large letters would make the window grow
        for part in self._others:
            part.setVisible(not on)
        if on:
            self._docks.leave()
            self._look.set_large(True)
        self._stage.present(on)
        if on:
            self._notice.show_text(WAY_BACK, "good")
            self._hint.start()
        else:
            self._clear_hint()
            self._docks.come_back()
        self.presented.emit(on)

    @pyqtSlot()
    def _clear_hint(self) -> None:
        self._hint.stop()
        if self._notice.text == WAY_BACK:
            self._notice.hide()
