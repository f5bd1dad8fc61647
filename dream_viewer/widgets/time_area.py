"""The room below the pictures: the timeline, and beneath it the surprise lane."""

from __future__ import annotations

from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QVBoxLayout, QWidget

LEAST_WITH_LANE = 100
"""Height below which the timeline needs all the room for itself."""


class TimeArea(QWidget):
    """The timeline with the surprise lane beneath it, where there is room for both.

    Args:
        timeline, lane: the parts.
    """

    def __init__(self, timeline: QWidget, lane: QWidget) -> None:
        super().__init__()
        self._lane = lane
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(timeline, 1)
        layout.addWidget(lane)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Leave the lane out where it is too low."""
        self._lane.setVisible(self.height() >= LEAST_WITH_LANE)
