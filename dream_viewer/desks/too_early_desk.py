"""Says what has to be first, where a person presses a key whose action cannot be asked for now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PyQt6.QtCore import QEvent, QObject, Qt
from PyQt6.QtGui import QAction, QKeyEvent, QKeySequence
from PyQt6.QtWidgets import QWidget

from dream_viewer.actions import TABLE, Entry


class TooEarlyDesk(QObject):
    """Hears the keys that nobody else wanted.

    Args:
        actions: by id. tell: shows a sentence. window: where the keys come to.
    """

    def __init__(self, actions: Mapping[str, QAction], tell: Callable[[str], None], window: QWidget) -> None:
        super().__init__(window)
        self._actions, self._tell = actions, tell
        self._by_keys = {QKeySequence(keys): entry for entry in TABLE if entry.first for keys in entry.shortcuts}
        window.installEventFilter(self)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Tell about a key that would do something at another time."""
        if isinstance(a1, QKeyEvent) and a1.type() == QEvent.Type.KeyPress and not a1.isAutoRepeat():
            entry = self._by_keys.get(QKeySequence(a1.keyCombination()))
            if entry is not None and self._is_early(entry):
                self._tell(f"{entry.name}: {entry.first}.")
        return super().eventFilter(a0, a1)

    def _is_early(self, entry: Entry) -> bool:
        """It cannot be asked for, but not because somebody else has the keyboard."""
        action = self._actions[entry.id]
        return not action.isEnabled() and action.shortcutContext() == Qt.ShortcutContext.WindowShortcut
