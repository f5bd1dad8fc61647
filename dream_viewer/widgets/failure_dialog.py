"""The dialog that tells of a failure: what happened, every detail, and a button that copies both."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFontDatabase, QGuiApplication
from PyQt6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget


class FailureDialog(QDialog):
    """Shown without blocking: the window behind it lives on.

    Args:
        title: where it happened. line: the error in one line. details: a traceback, or empty.
        consequence: what still works, and what to do.

    Attributes:
        line: the error in one line.
    """

    def __init__(self, title: str, line: str, details: str, consequence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = line
        self.setObjectName("failure")
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._text = "\n\n".join(part for part in (title, line, details) if part)
        heading = _label(title, "heading")
        message = _label(line, None)
        message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        after = _label(consequence, "muted")
        self.copy = QPushButton("Copy text")
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self.copy_text)
        close = QPushButton("Close")
        close.setProperty("role", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(10)
        layout.addWidget(heading)
        layout.addWidget(message)
        layout.addWidget(after)
        if details:
            box = QPlainTextEdit(details)
            box.setReadOnly(True)
            box.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
            box.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
            box.setAccessibleName("Details")
            layout.addWidget(box, 1)
        layout.addLayout(buttons)
        self.resize(660, 420 if details else 180)

    def copy_text(self) -> None:
        """Put everything on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._text)
        self.copy.setText("Copied")


def _label(text: str, role: str | None) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if role is not None:
        label.setProperty("role", role)
    return label
