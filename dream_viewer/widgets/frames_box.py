"""How many frames: from look to look of a dream along reality, or ahead of the cursor."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QSpinBox

LOOK, AHEAD = "look every ", " ahead"


class FramesBox(QSpinBox):
    """A number of frames, in words; it keeps its place while it is hidden.

    Args:
        least, most: what a person can choose.

    Signals:
        chosen: carries the number a person chose.
        left: the keyboard is free again.
    """

    chosen = pyqtSignal(int)
    left = pyqtSignal()

    def __init__(self, least: int, most: int) -> None:
        super().__init__()
        self.setRange(least, most)
        self.setKeyboardTracking(False)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.setProperty("role", "small")
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(f"{LOOK}{most}") + 14)
        policy = self.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.setSizePolicy(policy)
        self.editingFinished.connect(self.left)
        self.valueChanged.connect(self.chosen)

    def show_grounding(self, frames: int) -> None:
        """A look at reality every so many frames."""
        tip = (
            "The model looks at reality once every so many frames; in between it dreams blind, "
            "along the actions really taken (Ctrl+\u2191, Ctrl+\u2193)"
        )
        self._show_frames(frames, LOOK, "", tip)

    def show_horizon(self, frames: int) -> None:
        """So many frames ahead."""
        self._show_frames(frames, "", AHEAD, "How many frames it looks ahead (Ctrl+\u2191, Ctrl+\u2193)")

    def _show_frames(self, frames: int, before: str, after: str, tip: str) -> None:
        self.blockSignals(True)
        self.setPrefix(before)
        self.setSuffix(after)
        self.setToolTip(tip)
        self.setValue(frames)
        self.blockSignals(False)
