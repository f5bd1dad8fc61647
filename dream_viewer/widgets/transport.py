"""The transport bar: buttons for time, where the cursor stands, and speed."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from dream_viewer import theme
from dream_viewer.elided import ElidedLabel

HEIGHT = 44
_WIDEST_STATE = "You play, 888 fps"


class TransportBar(QWidget):
    """Buttons made from actions, and two texts whose places do not depend on what they hold.

    Args:
        actions: by id; those named in the bar's own order are shown.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._play = actions["play"]
        self._icons = {playing: theme.icon("pause" if playing else "play") for playing in (True, False)}
        self._state = QLabel()
        self._state.setProperty("role", "muted")
        self._state.setMinimumWidth(self.fontMetrics().horizontalAdvance(_WIDEST_STATE))
        self._position = ElidedLabel("", Qt.TextElideMode.ElideLeft)
        self._position.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._speed = QLabel()
        self._speed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._speed.setFixedWidth(self.fontMetrics().horizontalAdvance("0.25\u00d7") + 4)
        self._speed.setToolTip("Speed, as a multiple of the game's own 15 frames per second")

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 0)
        layout.setSpacing(2)
        for name in ("first", "back", "play", "forward", "last"):
            layout.addWidget(_button(actions[name], role="play" if name == "play" else None))
        layout.addSpacing(10)
        layout.addWidget(_button(actions["follow"], role="follow"))
        layout.addWidget(_button(actions["loop"]))
        layout.addSpacing(10)
        layout.addWidget(self._state)
        layout.addWidget(self._position, 1)
        layout.addSpacing(14)
        layout.addWidget(_button(actions["slower"]))
        layout.addWidget(self._speed)
        layout.addWidget(_button(actions["faster"]))

    def show_playback(self, playing: bool, state: str, speed: float) -> None:
        """Show whether time goes on, what moves it in words, and how fast."""
        self._play.setIcon(self._icons[playing])
        self._state.setText(state)
        self._speed.setText(f"{speed:g}\u00d7")

    def show_position(self, text: str) -> None:
        """Say where the cursor stands."""
        self._position.show_text(text)


def _button(action: QAction, role: str | None = None) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(QSize(18, 18))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.toolTip())
    if role is not None:
        button.setProperty("role", role)
    return button
