"""The read-outs at the cursor: labels, values and a few words each, in places that never move."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from dream_viewer.look.elided import ElidedLabel
from dream_viewer.records import Stat

_ROW_GAP, _CLOSE_GAP = 16, 7


class Readouts(QWidget):
    """A title, a line below it, and a grid of read-outs in one or two columns.

    Args:
        count: how many read-outs there are; always the same number.
    """

    def __init__(self, count: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._subtitle = ElidedLabel("heading", Qt.TextElideMode.ElideMiddle), ElidedLabel("detail")
        self._cells = [_Cell() for _ in range(count)]
        self._columns = 0
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self._title)
        layout.addWidget(self._subtitle)
        layout.addSpacing(11)
        layout.addLayout(self._grid)
        self.arrange(1, close=False)

    def show_agent(self, title: str, subtitle: str, tip: str = "") -> None:
        """Say which agent is on show."""
        self._title.show_text(title, tip)
        self._subtitle.show_text(subtitle)

    def show_stats(self, stats: Sequence[Stat]) -> None:
        """Show the read-outs, in the order of their places.

        Raises:
            ValueError: not as many as there are places.
        """
        for cell, stat in zip(self._cells, stats, strict=True):
            cell.show_stat(stat)

    def texts(self) -> dict[str, tuple[str, str]]:
        """Label to (value, detail), as they stand there."""
        return {cell.label.full: (cell.value.full, cell.detail.full) for cell in self._cells}

    def arrange(self, columns: int, close: bool) -> None:
        """Stand in so many columns; close: with little room between the rows."""
        self._grid.setVerticalSpacing(_CLOSE_GAP if close else _ROW_GAP)
        if columns == self._columns:
            return
        self._columns = columns
        for place, cell in enumerate(self._cells):
            self._grid.addWidget(cell, place // columns, place % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, columns - 1)


class _Cell(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.label, self.value, self.detail = ElidedLabel("label"), ElidedLabel("value"), ElidedLabel("detail")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.label, self.value, self.detail):
            layout.addWidget(part)

    def show_stat(self, stat: Stat) -> None:
        self.label.show_text(stat.label)
        self.value.show_text(stat.value)
        self.detail.show_text(stat.detail)
