"""The `?` overlay: every key the window knows, over the dimmed window."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dream_viewer.look import theme

_COLUMNS = 3
_HEADING_ROWS = 2
"""Rows that a heading takes, the gap above it among them."""
_LEAST_ROWS = 3
"""Rows that are worth a heading of their own."""
Keys = Sequence[tuple[Sequence[str], str]]
Rows = Sequence[tuple[str, Keys]]
"""(heading, [(keys, what they do)]) for each part."""


class Shortcuts(QWidget):
    """Covers its parent while it is shown; Esc or a click anywhere closes it.

    Args:
        rows: what to list. parent: what it covers.

    Signals:
        toggled: it was shown (True) or closed (False).
    """

    toggled = pyqtSignal(bool)

    def __init__(self, rows: Rows, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Shortcuts")
        self.card = card = QFrame()
        card.setObjectName("shortcuts")
        title = QLabel("Shortcuts")
        title.setProperty("role", "title")
        hint = QLabel("Esc closes")
        hint.setProperty("role", "muted")
        top = QHBoxLayout()
        top.addWidget(title)
        top.addStretch(1)
        top.addWidget(hint)
        columns = QHBoxLayout()
        columns.setSpacing(30)
        for parts in _balanced(rows, _COLUMNS):
            columns.addLayout(_column(parts))
        inside = QVBoxLayout(card)
        inside.setContentsMargins(26, 20, 26, 22)
        inside.setSpacing(14)
        inside.addLayout(top)
        inside.addLayout(columns)
        layout = QGridLayout(self)
        layout.addWidget(card, 0, 0, Qt.AlignmentFlag.AlignCenter)
        parent.installEventFilter(self)
        self.hide()

    def toggle(self) -> None:
        """Show or close it."""
        if self.isVisible():
            self.close_overlay()
            return
        parent = self.parentWidget()
        if parent is not None:
            self.setGeometry(parent.rect())
        self.show()
        self.raise_()
        self.setFocus()
        self.toggled.emit(True)

    def close_overlay(self) -> None:
        """Close it and give the keyboard back."""
        if not self.isHidden():
            self.hide()
            self.toggled.emit(False)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Follow the size of what it covers."""
        parent = self.parentWidget()
        if a1 is not None and a1.type() == QEvent.Type.Resize and parent is not None:
            self.setGeometry(parent.rect())
        return super().eventFilter(a0, a1)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Close on Esc."""
        if a0 is not None and a0.key() == Qt.Key.Key_Escape:
            self.close_overlay()
        else:
            super().keyPressEvent(a0)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Close on a click."""
        self.close_overlay()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Dim what lies below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("veil", 190))
        painter.end()


def _balanced(rows: Rows, columns: int) -> list[list[tuple[str, Keys]]]:
    """The parts in columns of about the same height, in order; a part may go on in the next column."""
    total = sum(len(keys) + _HEADING_ROWS for _, keys in rows)
    room = -(-total // columns)
    filled: list[list[tuple[str, Keys]]] = [[]]
    height = 0
    for heading, keys in rows:
        rest = list(keys)
        while rest:
            here = room - height - _HEADING_ROWS
            if here < _LEAST_ROWS and len(filled) < columns:
                filled.append([])
                height, here = 0, room - _HEADING_ROWS
            taken = len(rest) if len(filled) == columns or len(rest) - here < _LEAST_ROWS else here
            filled[-1].append((heading, rest[:taken]))
            height += taken + _HEADING_ROWS
            rest = rest[taken:]
    return filled


def _column(parts: Rows) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(2)
    row = 0
    for heading, keys in parts:
        label = QLabel(heading)
        label.setProperty("role", "heading")
        if row:
            label.setContentsMargins(0, 9, 0, 0)
        grid.addWidget(label, row, 0, 1, 2)
        for names, text in keys:
            row += 1
            cap, what = _Caps(names), QLabel(text)
            cap.setProperty("role", "detail")
            what.setProperty("role", "detail")
            grid.addWidget(cap, row, 0)
            grid.addWidget(what, row, 1)
        row += 1
    grid.setRowStretch(row, 1)
    grid.setColumnStretch(1, 1)
    return grid


class _Caps(QLabel):
    """Keys as they stand on a keyboard."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self.setTextFormat(Qt.TextFormat.RichText)
        theme.LOOKS.changed.connect(self.restyle)
        self.restyle()

    @pyqtSlot()
    def restyle(self) -> None:
        self.setText(" ".join(_cap(name) for name in self._names))


def _cap(name: str) -> str:
    background, text = theme.COLOURS["hover"], theme.COLOURS["text"]
    return f'<span style="background:{background}; color:{text}">&nbsp;{escape(name)}&nbsp;</span>'
