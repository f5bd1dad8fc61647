"""The column at the right: below the read-outs the policy, or the events, or the training panel with its curves."""

from __future__ import annotations

from PyQt6.QtWidgets import QFrame, QVBoxLayout, QWidget

WIDTH = 204
WIDTH_TRAINING = 320
"""Width of the column without and with the training panel; chosen with the sizes in `stage`."""


class SideColumn(QFrame):
    """Shows the read-outs, and one thing below them.

    Args:
        readouts, policy, events, training, curves: the parts, from top to bottom.
    """

    def __init__(self, readouts: QWidget, policy: QWidget, events: QWidget, training: QWidget, curves: QWidget) -> None:
        super().__init__()
        self.setObjectName("side")
        self._policy, self._events, self._training, self._curves = policy, events, training, curves
        self._rule = QFrame()
        self._rule.setFixedHeight(1)
        self._rule.setObjectName("rule")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 10)
        column.setSpacing(11)
        column.addWidget(readouts)
        column.addWidget(policy, 1)
        column.addWidget(events, 1)
        column.addWidget(self._rule)
        column.addWidget(training)
        column.addWidget(curves, 1)
        column.addStretch(0)

    def arrange(self, training: bool, events: bool, curves: bool) -> None:
        """Show some of the parts.

        Args:
            training, events: which stands below the read-outs; neither: the policy. curves: there are any of training.
        """
        self.setFixedWidth(WIDTH_TRAINING if training else WIDTH)
        shown = {
            self._policy: not training and not events,
            self._events: events,
            self._rule: training,
            self._training: training,
            self._curves: training and curves,
        }
        for part in sorted(shown, key=shown.__getitem__):  # first what goes: both would not have room
            part.setVisible(shown[part])
