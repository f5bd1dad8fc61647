"""A label that never cuts a word in the middle of a letter and never asks for more room than it is given."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget


class ElidedLabel(QLabel):
    """Shortens what is too wide with an ellipsis, and tells the whole in its tooltip then.

    Args:
        role: of the style sheet. mode: where the ellipsis goes.

    Attributes:
        full: the whole text.
    """

    def __init__(
        self, role: str, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.full = ""
        self._tip = ""
        self._mode = mode
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, tip: str = "") -> None:
        """Show a text; `tip` is its tooltip even where nothing is shortened."""
        if text != self.full or tip != self._tip:
            self.full, self._tip = text, tip
            self._fit()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Shorten anew."""
        self._fit()
        super().resizeEvent(a0)

    def _fit(self) -> None:
        shown = self.fontMetrics().elidedText(self.full, self._mode, self.width())
        self.setText(shown)
        self.setToolTip(self._tip or (self.full if shown != self.full else ""))
