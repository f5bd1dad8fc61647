"""The `?` overlay: every key the window knows, over the dimmed window."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dream_viewer import theme

_KEYS_WIDTH = 140
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
        card = QFrame()
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
        columns.setSpacing(40)
        for parts in _balanced(rows):
            column = QVBoxLayout()
            column.setSpacing(16)
            for heading, keys in parts:
                column.addWidget(_part(heading, keys))
            column.addStretch(1)
            columns.addLayout(column)
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


def _balanced(rows: Rows) -> tuple[Rows, Rows]:
    """The parts in two columns of about the same height, in order."""
    half = sum(len(keys) + 2 for _, keys in rows) / 2
    left: list[tuple[str, Keys]] = []
    right: list[tuple[str, Keys]] = []
    height = 0
    for heading, keys in rows:
        (left if height < half * 0.9 else right).append((heading, keys))
        height += len(keys) + 2
    return left, right


def _part(heading: str, keys: Keys) -> QWidget:
    part = QWidget()
    grid = QGridLayout(part)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(5)
    label = QLabel(heading)
    label.setProperty("role", "heading")
    grid.addWidget(label, 0, 0, 1, 2)
    for row, (names, text) in enumerate(keys, 1):
        what = QLabel(text)
        what.setProperty("role", "muted")
        grid.addWidget(_Caps(names), row, 0)
        grid.addWidget(what, row, 1)
    grid.setColumnMinimumWidth(0, _KEYS_WIDTH)
    grid.setColumnStretch(1, 1)
    return part


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
