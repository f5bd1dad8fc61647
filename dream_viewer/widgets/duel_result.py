"""The result of a duel: who won, both sides beside each other, and what the agent had expected."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QPixmap
from PyQt6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from dream_viewer.imaging import to_qimage
from dream_viewer.records import DuelSide

SIDE = 192
"""Side of the last frames, in logical pixels: three times an agent's frame."""


class DuelResult(QDialog):
    """Shown without blocking: the window behind it lives on.

    Args:
        title: who won. sides: the person's, and the agent's. comment: a sentence below them.

    Signals:
        watch_asked: (0 or 1): this side is to be watched.
    """

    watch_asked = pyqtSignal(int)

    def __init__(
        self, title: str, sides: tuple[DuelSide, DuelSide], comment: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("duel")
        self.setWindowTitle("Duel")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.title, self.comment = _label(title, "title"), _label(comment, "muted")
        self.comment.setWordWrap(True)
        both = QHBoxLayout()
        both.setSpacing(28)
        self.watch: list[QPushButton] = []
        for place, one in enumerate(sides):
            both.addLayout(self._column(place, one))
        close = QPushButton("Close")
        close.setProperty("role", "primary")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(16)
        layout.addWidget(self.title)
        layout.addLayout(both)
        layout.addWidget(self.comment)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    def _column(self, place: int, one: DuelSide) -> QVBoxLayout:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap.fromImage(to_qimage(one.frame)).scaledToWidth(round(SIDE * ratio))
        pixmap.setDevicePixelRatio(ratio)
        picture = QLabel()
        picture.setPixmap(pixmap)
        picture.setFixedSize(SIDE, SIDE)
        picture.setAccessibleName(f"Last frame: {one.name}")
        watch = QPushButton("Watch")
        watch.setAutoDefault(False)
        watch.clicked.connect(lambda: self.watch_asked.emit(place))
        self.watch.append(watch)
        rows = QGridLayout()
        rows.setVerticalSpacing(5)
        rows.setColumnStretch(0, 1)
        for row, stat in enumerate(one.rows):
            rows.addWidget(_label(stat.label, "muted"), row, 0)
            rows.addWidget(_label(stat.value, "heading"), row, 1, Qt.AlignmentFlag.AlignRight)
        column = QVBoxLayout()
        column.setSpacing(9)
        column.addWidget(_label(one.name, "heading"))
        column.addWidget(picture)
        column.addLayout(rows)
        column.addWidget(watch)
        return column


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setProperty("role", role)
    return label
