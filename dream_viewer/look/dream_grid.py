"""Every one of many dreams at one frame ahead."""

from __future__ import annotations

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QImage, QPainter, QPaintEvent

from dream_viewer.imaging import to_qimage
from dream_viewer.look import theme
from dream_viewer.look.tiles import EDGE, Tiles, paint_picture
from dream_viewer.records import DreamSheet

LEAST_CELL = 76
MOST_CELL = 148
"""Side of a picture, at least and at most."""
GAP = 6
LETTERS = 11


class DreamGrid(Tiles):
    """Every dream at one frame ahead, as many side by side as there is room for."""

    def __init__(self) -> None:
        super().__init__(LETTERS)
        self._sheet: DreamSheet | None = None
        self._ahead = 0
        self._images: list[QImage] = []

    def show_sheet(self, sheet: DreamSheet | None) -> None:
        """Show these dreams; None: none."""
        self._sheet, self._images = sheet, []
        self.branches = () if sheet is None else sheet.branches
        self.fit()
        self.update()

    def show_ahead(self, ahead: int) -> None:
        """Show this frame ahead, from 0."""
        self._ahead, self._images = ahead, []
        self.update()

    def place_of(self, place: int) -> QRect:
        """Where a dream is, by its place in the order."""
        columns, side = self._columns()
        row, column = divmod(place, columns)
        return QRect(column * (side + GAP), row * (side + self.line_height + GAP), side, side)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Paint every dream."""
        sheet = self._sheet
        if sheet is None:
            return
        if not self._images:
            self._images = [to_qimage(frame) for frame in sheet.frames[:, self._ahead]]
        painter = QPainter(self)
        painter.setOpacity(self.opacity)
        for place, image in enumerate(self._images):
            at = self.place_of(place)
            bright = self.branches[place] == self.picked
            over = sheet.ends[place]
            paint_picture(painter, at, image, "text" if bright else "imagined", "panel")
            if over is not None and self._ahead >= over:
                band = QRect(at.left() + EDGE, at.bottom() - 17, at.width() - 2 * EDGE, 16)
                painter.fillRect(band, theme.colour("window", 215))
                painter.setPen(theme.colour("text"))
                painter.drawText(band, Qt.AlignmentFlag.AlignCenter, "end?")
            painter.setPen(theme.colour("text" if bright or place == self.hovered else "muted"))
            below = QRect(at.left(), at.bottom() + 1, at.width(), self.line_height)
            words = f"return {sheet.returns[place]}"
            fits = self.fontMetrics().horizontalAdvance(words) <= at.width()
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, words if fits else sheet.returns[place])
        painter.end()

    def _columns(self) -> tuple[int, int]:
        """How many side by side, and the side of each: as large as all fit at once, or else as small as they get."""
        count = 1 if self._sheet is None else len(self._sheet.branches)
        room, view = self.width() + GAP, self.parentWidget()
        high = (0 if view is None else view.height()) + GAP
        most = max(1, min(count, room // (LEAST_CELL + GAP)))
        for columns in range(1, most + 1):
            side = min(MOST_CELL, room // columns - GAP)
            if -(-count // columns) * (side + self.line_height + GAP) <= high:
                return columns, side
        return most, max(1, min(MOST_CELL, room // most - GAP))

    def fit(self) -> None:
        """Take the height that all dreams need."""
        if self._sheet is None:
            self.setMinimumHeight(0)
            return
        columns, side = self._columns()
        rows = -(-len(self._sheet.branches) // columns)
        self.setMinimumHeight(rows * (side + self.line_height + GAP) - GAP)
