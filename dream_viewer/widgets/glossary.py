"""The glossary: every word the window uses, in plain English, and a field that finds them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSlot
from PyQt6.QtWidgets import QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget


class Glossary(QWidget):
    """Words with what they mean.

    Args:
        words: (word, meaning), in the order they are listed.
    """

    def __init__(self, words: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.typed = QLineEdit()
        self.typed.setPlaceholderText("Find a word")
        self.typed.setAccessibleName("Find a word")
        self.typed.setClearButtonEnabled(True)
        self.typed.textChanged.connect(self._search)
        self._rows: list[tuple[str, QWidget]] = []
        inside = QWidget()
        inside.setObjectName("words")
        column = QVBoxLayout(inside)
        column.setContentsMargins(4, 2, 8, 8)
        column.setSpacing(11)
        for word, meaning in words:
            row = _Row(word, meaning)
            self._rows.append((f"{word} {meaning}".lower(), row))
            column.addWidget(row)
        self._nothing = QLabel("No such word here.")
        self._nothing.setProperty("role", "muted")
        self._nothing.hide()
        column.addWidget(self._nothing)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("words")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 6)
        layout.setSpacing(10)
        layout.addWidget(self.typed)
        layout.addWidget(area, 1)
        self.setFocusProxy(self.typed)

    def shown(self) -> list[str]:
        """The words that are listed."""
        return [row.word for _, row in self._rows if isinstance(row, _Row) and not row.isHidden()]

    @pyqtSlot(str)
    def _search(self, text: str) -> None:
        wanted = text.lower().split()
        for known, row in self._rows:
            row.setVisible(all(word in known for word in wanted))
        self._nothing.setVisible(not self.shown())


class _Row(QWidget):
    """One word and what it means."""

    def __init__(self, word: str, meaning: str) -> None:
        super().__init__()
        self.word = word
        heading, text = QLabel(word), QLabel(meaning)
        heading.setProperty("role", "heading")
        text.setProperty("role", "muted")
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(heading)
        layout.addWidget(text)
