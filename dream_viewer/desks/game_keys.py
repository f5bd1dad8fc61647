"""The game's own keys, while a person plays: what is held is an action."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QWidget

from trainer.envs.actions import action_for_keys

GAME_KEYS: dict[int, str] = {
    Qt.Key.Key_Left: "LEFT",
    Qt.Key.Key_Right: "RIGHT",
    Qt.Key.Key_Up: "UP",
    Qt.Key.Key_Down: "DOWN",
    **{getattr(Qt.Key, f"Key_{letter}"): letter for letter in "DAWSQE"},
}
"""Qt's keys, and what Procgen calls them."""

_ELSEWHERE = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier


class GameKeys(QObject):
    """Takes every key from a widget while a person plays, but for those with Ctrl, Alt or Meta.

    Keys are released when the widget loses the keyboard: their release would never be told.

    Args:
        field: has the keyboard while the person plays.

    Signals:
        held: (action): other keys are held now.
        left: Esc.
    """

    held = pyqtSignal(int)
    left = pyqtSignal()

    def __init__(self, field: QWidget) -> None:
        super().__init__(field)
        self._field = field
        self._pressed: set[str] = set()

    def begin(self) -> None:
        """Take the keyboard."""
        self._pressed.clear()
        self._field.installEventFilter(self)
        self._field.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # a click gives it back what another widget took
        self._field.setFocus()

    def end(self) -> None:
        """Leave the keyboard to others."""
        self._field.removeEventFilter(self)
        self._field.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Keep account of what is held."""
        if a1 is not None and a1.type() == QEvent.Type.FocusOut and self._pressed:
            self._pressed.clear()
            self._tell()
        if not isinstance(a1, QKeyEvent):
            return super().eventFilter(a0, a1)
        if a1.type() == QEvent.Type.ShortcutOverride:
            return False
        down = a1.type() == QEvent.Type.KeyPress
        if down and a1.modifiers() & _ELSEWHERE:
            return False
        name = GAME_KEYS.get(a1.key())
        if name is not None and not a1.isAutoRepeat():
            (self._pressed.add if down else self._pressed.discard)(name)
            self._tell()
        elif down and a1.key() == Qt.Key.Key_Escape:
            self.left.emit()
        return True

    def _tell(self) -> None:
        self.held.emit(action_for_keys(self._pressed))
