"""A message that lies over the window, moves nothing, and stays until it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from PyQt6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from dream_viewer.look import theme

Kind = Literal["bad", "good"]
_MOST_WIDTH = 760
_MARGIN = 12
_GAP = 4
_MOVES = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.Hide)


class Notice(QWidget):
    """One message at a time, with a button to close it and perhaps one to act on it.

    Args:
        parent: what it lies over. above: it stands in the middle, above the first of these that is shown, or else at
            the lower edge.
    """

    def __init__(self, parent: QWidget, above: Sequence[QWidget]) -> None:
        super().__init__(parent)
        self._above = tuple(above)
        self.setObjectName("notice")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._act: Callable[[], None] | None = None
        self._dismissed: Callable[[], None] | None = None
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = QPushButton()
        self._button.clicked.connect(self._acted)
        close = QToolButton()
        close.setIcon(theme.icon("close"))
        close.setToolTip("Close this message")
        close.setAccessibleName("Close this message")
        close.clicked.connect(self._closed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 8, 8)
        layout.setSpacing(10)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._button)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        for part in (parent, *self._above):
            part.installEventFilter(self)
        self.hide()

    @property
    def text(self) -> str:
        """The message."""
        return self._text.text()

    def show_text(
        self,
        text: str,
        kind: Kind = "bad",
        action: str = "",
        act: Callable[[], None] | None = None,
        dismissed: Callable[[], None] | None = None,
    ) -> None:
        """Show a message in place of the present one.

        Args:
            text: the message. kind: its colour. action: text of the button that acts on it, empty for none.
            act: called when that button is pressed. dismissed: called when a person closes the message instead.
        """
        self._text.setText(text)
        self._act, self._dismissed = act, dismissed
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self.setProperty("kind", kind)
        style = self.style()
        if style is not None:
            style.polish(self)
        self._place()
        self.show()
        self.raise_()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Follow what it lies over and what it stands above."""
        if a1 is not None and a1.type() in _MOVES:
            self._place()
        return super().eventFilter(a0, a1)

    def _acted(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _closed(self) -> None:
        self.hide()
        if self._dismissed is not None:
            self._dismissed()

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(_MOST_WIDTH, parent.width() - 2 * _MARGIN)
        layout = self.layout()
        height = layout.heightForWidth(width) if layout is not None and layout.hasHeightForWidth() else 0
        size = QSize(width, max(height, self.minimumSizeHint().height()))
        edges = (part.mapTo(parent, QPoint(0, 0)).y() for part in self._above if not part.isHidden())
        top = next(edges, parent.height()) - _GAP - size.height()
        self.setGeometry((parent.width() - width) // 2, top, size.width(), size.height())
