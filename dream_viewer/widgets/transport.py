"""The transport bar: buttons for time, where the cursor stands, and speed."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QAction, QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from dream_viewer.look import theme
from dream_viewer.look.elided import ElidedLabel

HEIGHT = 38
LEAST_WIDTH = 475
"""Width of the bar at least: playing backwards and the loop, which have keys, leave it where there is little room."""
_WIDEST_FOLLOW = "Back to live +8888"
_ICON = QSize(18, 18)
_POSITION = 60
"""Room for where the cursor stands, shortened."""


class TransportBar(QWidget):
    """Buttons made from actions, and texts whose places do not depend on what they hold.

    Args:
        actions: by id; those named in the bar's own order are shown.
    """

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(LEAST_WIDTH)
        self._play = actions["play"]
        self._icons = {playing: theme.icon("pause" if playing else "play") for playing in (True, False)}
        self._follow = _FollowButton(actions["follow"])
        self._position = ElidedLabel("detail", Qt.TextElideMode.ElideLeft)
        self._position.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._speed = QLabel()
        self._speed.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._speed.setFixedWidth(self.fontMetrics().horizontalAdvance("0.25\u00d7") + 4)
        self._speed.setToolTip("Speed, as a multiple of the game's own 15 frames per second")

        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 2, 0, 0)
        layout.setSpacing(2)
        self._spared = (_button(actions["play_back"]), _button(actions["loop"]))
        back, loop = self._spared
        for name in ("first", "back", "play_back", "play", "forward", "last"):
            button = _button(actions[name], role="play" if name == "play" else None) if name != "play_back" else back
            layout.addWidget(button)
        layout.addSpacing(10)
        layout.addWidget(self._follow)
        layout.addSpacing(4)
        layout.addWidget(loop)
        layout.addSpacing(10)
        layout.addWidget(self._position, 1)
        layout.addSpacing(8)
        layout.addWidget(_button(actions["slower"]))
        layout.addWidget(self._speed)
        layout.addWidget(_button(actions["faster"]))
        self._whole_width = layout.sizeHint().width() + _POSITION

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Leave out what there is no room for."""
        for button in self._spared:
            button.setVisible(self.width() >= self._whole_width)

    def show_playback(self, playing: bool, speed: float) -> None:
        """Show whether time goes on, and how fast."""
        self._play.setIcon(self._icons[playing])
        self._speed.setText(f"{speed:g}\u00d7")

    def show_follow(self, following: bool, away: bool, played: bool, text: str) -> None:
        """Say whether the cursor goes with what is lived.

        Args:
            following: it does. away: newer Moments or another episode lie ahead. played: a person lives it.
            text: the same in words.
        """
        self._follow.show_place(following, away, played, text)

    def show_position(self, text: str, *shorter: str) -> None:
        """Say where the cursor stands, in a shorter form where there is little room."""
        self._position.show_text(text, shorter=shorter)


class _FollowButton(QToolButton):
    """Says whether the cursor goes with the agent, and leads back where it does not; its width never changes."""

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self.setProperty("role", "follow")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setToolTip(action.toolTip())
        self.setAccessibleName(action.toolTip())
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(True)
        self.setFixedWidth(QFontMetrics(theme.base_font(12)).horizontalAdvance(_WIDEST_FOLLOW) + 18)
        self.clicked.connect(action.trigger)

    def show_place(self, following: bool, away: bool, played: bool, text: str) -> None:
        self.setChecked(following)
        self.setText(text)
        if (self.property("away"), self.property("played")) != (away, played):
            self.setProperty("away", away)
            self.setProperty("played", played)
            style = self.style()
            if style is not None:
                style.polish(self)


def _button(action: QAction, role: str | None = None) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setIconSize(_ICON)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(action.toolTip())
    if role is not None:
        button.setProperty("role", role)
    return button
