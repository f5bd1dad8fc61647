"""How likely the agent is to take each action at the cursor: one bar an action, always in the same place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent
from PyQt6.QtWidgets import QSizePolicy, QWidget

from dream_viewer import theme

ROW = 18
_HEADER = 20
_GAP = 6


class PolicyBars(QWidget):
    """A bar for each action, the one about to be taken picked out. Where there is no room for all, nothing is drawn.

    Args:
        names: of the actions, in order.
    """

    def __init__(self, names: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names = tuple(names)
        self._policy: NDArray[np.float32] | None = None
        self._taken: int | None = None
        self.setFont(theme.base_font(11))
        self._name_width = max(self.fontMetrics().horizontalAdvance(name) for name in self._names)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Policy")

    def sizeHint(self) -> QSize:
        """All of it."""
        return QSize(160, _HEADER + ROW * len(self._names))

    def minimumSizeHint(self) -> QSize:
        """Nothing: other things in the column go first."""
        return QSize(0, 0)

    def show_policy(self, policy: NDArray[np.float32] | None, taken: int | None) -> None:
        """Show the probabilities (A,) of the actions and which one is about to be taken; None: there are none."""
        if policy is not self._policy or taken != self._taken:
            self._policy, self._taken = policy, taken
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw header and bars."""
        if self.height() < self.sizeHint().height():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("muted"))
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(0, 0, self.width(), _HEADER - 4), flags, "Policy")
        for index, name in enumerate(self._names):
            share = 0.0 if self._policy is None else float(self._policy[index])
            self._paint_row(painter, _HEADER + index * ROW, name, share, index == self._taken)
        painter.end()

    def _paint_row(self, painter: QPainter, top: float, name: str, share: float, taken: bool) -> None:
        number_width = self.fontMetrics().horizontalAdvance("100 %")
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.colour("text" if taken else "muted"))
        painter.drawText(QRectF(0, top, self._name_width, ROW), middle | Qt.AlignmentFlag.AlignLeft, name)
        number = QRectF(self.width() - number_width, top, number_width, ROW)
        if self._policy is not None:
            painter.drawText(number, middle | Qt.AlignmentFlag.AlignRight, f"{100 * share:.0f} %")
        left = self._name_width + _GAP
        room = number.left() - _GAP - left
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("control"))
        painter.drawRoundedRect(QRectF(left, top + 6, room, ROW - 12), 3, 3)
        painter.setBrush(theme.colour("accent" if taken else "faint"))
        if share * room >= 1:
            painter.drawRoundedRect(QRectF(left, top + 6, share * room, ROW - 12), 3, 3)
