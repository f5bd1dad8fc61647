"""A label that never cuts a word in the middle of a letter and never asks for more room than it is given."""

from __future__ import annotations

from PyQt6.QtCore import QRect, Qt
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
        self._lines = 1
        self.full = ""
        self._tip = ""
        self._shorter: tuple[str, ...] = ()
        self._mode = mode
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_text(self, text: str, tip: str = "", shorter: tuple[str, ...] = ()) -> None:
        """Show a text.

        Args:
            text: the whole. tip: its tooltip even where nothing is shortened. shorter: what may stand there instead
                where the whole has no room, the longest first; none of them: as much of the whole as has.
        """
        if (text, tip, shorter) != (self.full, self._tip, self._shorter):
            self.full, self._tip, self._shorter = text, tip, shorter
            self._fit()

    def set_lines(self, lines: int) -> None:
        """Let the text have so many lines."""
        self._lines = lines
        self.setWordWrap(lines > 1)
        self._fit()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """Shorten anew."""
        self._fit()
        super().resizeEvent(a0)

    def _fit(self) -> None:
        shown = self.full if self._has_room(self.full) else self._shortened()
        self.setText(shown)
        self.setToolTip(self._tip or (self.full if shown != self.full else ""))

    def _has_room(self, text: str) -> bool:
        metrics = self.fontMetrics()
        if self._lines == 1:
            return metrics.horizontalAdvance(text) <= self.width()
        room = QRect(0, 0, self.width(), self._lines * metrics.height())
        needed = metrics.boundingRect(room, Qt.TextFlag.TextWordWrap, text)
        return needed.height() <= room.height() and needed.width() <= room.width()

    def _shortened(self) -> str:
        """A shorter form, or else the longest part that has room with its ellipsis: whole words of several lines."""
        fitting = next(filter(self._has_room, self._shorter), "")
        if fitting:
            return fitting
        if self._lines == 1:
            return self.fontMetrics().elidedText(self.full, self._mode, self.width())
        words = self.full.split(" ")
        parts = (" ".join(words[:count]) + "\u2026" for count in range(len(words) - 1, 0, -1))
        return next((part for part in parts if self._has_room(part)), "\u2026")
