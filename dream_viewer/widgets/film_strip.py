"""The film strip: the next frames as imagined, and beneath them what really happens under the same actions.

While a second agent is compared, what it imagines of the same actions stands between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPoint, QPointF, QRect, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFontMetrics, QImage, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PyQt6.QtWidgets import QWidget

from dream_viewer.imaging import to_qimage
from dream_viewer.look import theme
from dream_viewer.records import Film, FilmCell

TITLE = 18
"""Height of the line above the frames."""
NUMBERS = 15
"""Height of the line of errors below them."""
ROW_GAP = 3
GAP = 3
EDGE = 2
LEAST_SIDE = 36
"""Side of a frame below which the strip is not worth its place, in logical pixels."""
GOOD_SIDE = 64
MOST_SIDE = 96
ENLARGED = 192
"""Side of a frame under the mouse."""
_LEAST_WITH_UNIT = 44
_MARGIN = 10
_CAPTION = 22


_SQUARE, _BETWEEN = 13, 22
"""Room for the coloured square before a title, and between two titles."""
_HINTS = (
    "edge: value · below: error · hover to enlarge, click to look",
    "edge: value · below: error in %",
    "below: error in %",
)
"""What the signs mean, for less and less room."""


FRAMES = 15
"""Frames for which there is room beside each other; the sides of the frames do not depend on how many there are."""


def heights(width: int, rows: int = 2) -> tuple[int, int, int]:
    """The least, a good and the greatest height that a strip of this width and so many rows can make use of."""
    widest = min(max((width + GAP) // FRAMES - GAP, LEAST_SIDE), MOST_SIDE)
    return _height(LEAST_SIDE, rows), _height(min(widest, GOOD_SIDE), rows), _height(widest, rows)


def _height(side: int, rows: int) -> int:
    return TITLE + rows * (side + ROW_GAP) - ROW_GAP + NUMBERS


def _side(height: int, rows: int) -> int:
    return (height - TITLE - NUMBERS + ROW_GAP) // rows - ROW_GAP


@dataclass(slots=True)
class _Column:
    ahead: int
    place: QRect
    imagined: QImage | None
    echo: QImage | None
    real: QImage | None


class FilmStrip(QWidget):
    """Rows of frames; hover enlarges those of one time, a click asks for them in the panes.

    Where there is no room for every frame, evenly spaced ones are shown, the first and the last among them, and those
    of an end or a reward in place of their neighbours.

    Signals:
        chosen: a person asked for this frame of the future, counted from 0.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._film: Film | None = None
        self._message = ""
        self._ahead: int | None = None
        self._pinned = False
        self._hovered: int | None = None
        self._columns: list[_Column] = []
        self._magnifier = _Magnifier()
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Film strip")
        self.setFont(theme.base_font(11))

    @property
    def film(self) -> Film | None:
        """What is on show."""
        return self._film

    @property
    def magnified(self) -> int | None:
        """The frame under the mouse, enlarged; None where there is none."""
        return self._hovered if self._magnifier.isVisible() else None

    def show_film(self, film: Film | None, message: str = "") -> None:
        """Show a future and its truth; None: a message in their place."""
        if film is self._film and message == self._message:
            return
        self._film, self._message = film, message
        self._lay_out()
        self._magnify()
        self.update()

    def show_ahead(self, ahead: int | None, pinned: bool) -> None:
        """Pick out the frame that the dream pane shows, if it shows one; pinned: it stays there."""
        if (ahead, pinned) != (self._ahead, self._pinned):
            self._ahead, self._pinned = ahead, pinned
            self.update()

    def place_of(self, ahead: int) -> QRect | None:
        """Where a frame of the future is drawn; None where it is left out."""
        return next((column.place for column in self._columns if column.ahead == ahead), None)

    def resizeEvent(self, a0: object) -> None:
        """Place the frames anew."""
        self._lay_out()

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Enlarge what is under the mouse."""
        if a0 is not None:
            column = self._column_at(a0.pos())
            self._hover(None if column is None else column.ahead)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Ask for what is under the mouse."""
        column = None if a0 is None or a0.button() != Qt.MouseButton.LeftButton else self._column_at(a0.pos())
        if column is not None:
            self.chosen.emit(column.ahead)

    def leaveEvent(self, a0: QEvent | None) -> None:
        """Nothing is under the mouse any more."""
        self._hover(None)

    def hideEvent(self, a0: object) -> None:
        """Nor when the strip is gone."""
        self._hover(None)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw titles, frames, edges and marks."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("window"))
        if self._film is None:
            painter.setPen(theme.colour("muted"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self._message)
            painter.end()
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_titles(painter, self._film)
        for column in self._columns:
            self._paint_column(painter, self._film, column)
        if self._film.missing:
            self._paint_missing(painter, self._rows - 1, self._film.missing)
        if self._film.echo_title and not self._film.echo:
            self._paint_missing(painter, 1, "the second agent dreams…")
        painter.end()

    # Laying out

    @property
    def _rows(self) -> int:
        return 3 if self._film is not None and self._film.echo_title else 2

    def _lay_out(self) -> None:
        self._columns = []
        if self._film is None:
            return
        cells, side = len(self._film.imagined), _side(self.height(), self._rows)
        shown = min(cells, max(1, (self.width() + GAP) // (side + GAP)))
        left = (self.width() - shown * (side + GAP) + GAP) // 2
        for place in range(shown):
            ahead = self._most_telling(place, cells, shown)
            at = QRect(left + place * (side + GAP), TITLE, side, side)
            rows = self._film.imagined, self._film.echo, self._film.real
            self._columns.append(_Column(ahead, at, *(_image(row[ahead]) if row else None for row in rows)))

    def _most_telling(self, place: int, cells: int, shown: int) -> int:
        """The frame that stands at a place: evenly spaced, but for an end or reward that would be left out."""
        assert self._film is not None
        here = round(place * (cells - 1) / max(1, shown - 1))
        before = round((place - 1) * (cells - 1) / max(1, shown - 1))
        if 0 < place < shown - 1:
            for row in (self._film.real, self._film.imagined):
                for ahead in range(before + 1, here + 1):
                    if row and (row[ahead].word or row[ahead].reward):
                        return ahead
        return here

    def _column_at(self, place: QPoint) -> _Column | None:
        if place.y() < TITLE:
            return None
        return next((c for c in self._columns if c.place.left() <= place.x() <= c.place.right() + GAP), None)

    # Painting

    def _paint_titles(self, painter: QPainter, film: Film) -> None:
        """The rows' titles from where the frames begin, further left where they need it, and what the signs mean."""
        metrics = self.fontMetrics()
        rows = ((film.imagined_title, "imagined"), (film.echo_title, "companion"), (film.real_title, "forked"))
        titles = [row for row in rows if row[0]]
        needed = sum(_SQUARE + metrics.horizontalAdvance(title) for title, _ in titles) + (len(titles) - 1) * _BETWEEN
        end = self._columns[-1].place.right() if self._columns else self.width()
        x = max(1, min(self._columns[0].place.left() if self._columns else 1, self.width() - needed))
        for title, word in titles:
            painter.fillRect(QRect(x, 5, 8, 8), theme.colour(word))
            x += _SQUARE
            shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, self.width() - x)
            painter.setPen(theme.colour("muted"))
            painter.drawText(QPointF(x, 13), shown)
            x += metrics.horizontalAdvance(shown) + _BETWEEN
        hint = next((hint for hint in _HINTS if x + metrics.horizontalAdvance(hint) <= end), "")
        painter.drawText(QPointF(end - metrics.horizontalAdvance(hint), 13), hint)

    def _paint_column(self, painter: QPainter, film: Film, column: _Column) -> None:
        cell, place = film.imagined[column.ahead], column.place
        edge = theme.colour("line") if cell.tone is None else theme.value_colour(cell.tone)
        _paint_cell(painter, place, column.imagined, cell, edge)
        down = place.height() + ROW_GAP
        below = place.translated(0, down * (self._rows - 1))
        if film.echo:
            echo = film.echo[column.ahead]
            edge = theme.colour("line") if echo.tone is None else theme.value_colour(echo.tone)
            _paint_cell(painter, place.translated(0, down), column.echo, echo, edge)
        if film.real:
            real = film.real[column.ahead]
            _paint_cell(painter, below, column.real, real, theme.colour("forked" if column.real else "line"))
            if real.error is not None:
                painter.setPen(theme.colour("muted"))
                numbers = QRect(below.left(), below.bottom() + 1, below.width(), NUMBERS)
                unit = " %" if below.width() >= _LEAST_WITH_UNIT else ""
                painter.drawText(numbers, Qt.AlignmentFlag.AlignCenter, f"{real.error:.1f}{unit}")
        if column.ahead in (self._ahead, self._hovered):
            bright = column.ahead == self._ahead
            painter.setPen(theme.colour("text" if bright else "muted"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            around = QRect(place.topLeft(), below.bottomRight()).adjusted(-2, -2, 1, 1)
            painter.drawRect(around)
            if bright and self._pinned:
                painter.drawRect(around.adjusted(1, 1, -1, -1))

    def _paint_missing(self, painter: QPainter, row: int, text: str) -> None:
        if self._columns:
            side = self._columns[0].place.width()
            painter.setPen(theme.colour("muted"))
            place = QRect(0, TITLE + row * (side + ROW_GAP), self.width(), side)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    # The frame under the mouse

    def _hover(self, ahead: int | None) -> None:
        if ahead != self._hovered:
            self._hovered = ahead
            self._magnify()
            self.update()

    def _magnify(self) -> None:
        window = self.window()
        place = None if self._hovered is None else self.place_of(self._hovered)
        if self._film is None or place is None or self._hovered is None or window is None:
            self._magnifier.hide()
            return
        rows = ((self._film.imagined, "imagined"), (self._film.echo, "companion"), (self._film.real, "forked"))
        self._magnifier.setParent(window)
        self._magnifier.show_cells([(row[self._hovered], word) for row, word in rows if row])
        above = self.mapTo(window, QPoint(place.center().x(), 0))
        left = min(max(above.x() - self._magnifier.width() // 2, 4), window.width() - self._magnifier.width() - 4)
        self._magnifier.move(left, above.y() - self._magnifier.height() - 4)
        self._magnifier.show()
        self._magnifier.raise_()


class _Magnifier(QWidget):
    """The frames of one time, enlarged, over everything else; the mouse goes through it."""

    def __init__(self) -> None:
        super().__init__()
        self._cells: list[tuple[FilmCell, QImage | None, str]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFont(theme.base_font(12))
        self.hide()

    def show_cells(self, cells: Sequence[tuple[FilmCell, str]]) -> None:
        """Show these cells beside each other, each with the word of its edge's colour."""
        self._cells = [(cell, _image(cell), word) for cell, word in cells]
        width = max(len(cells) * (ENLARGED + _MARGIN), self._text_width() + _MARGIN)
        self.resize(width + _MARGIN, ENLARGED + 2 * _MARGIN + _CAPTION * len(cells))
        self.update()

    def _text_width(self) -> int:
        return max(QFontMetrics(self.font()).horizontalAdvance(cell.caption) for cell, _, _ in self._cells)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setPen(theme.colour("line"))
        painter.setBrush(theme.colour("window"))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), 8, 8)
        for place, (cell, image, word) in enumerate(self._cells):
            at = QRect(_MARGIN + place * (ENLARGED + _MARGIN), _MARGIN, ENLARGED, ENLARGED)
            _paint_cell(painter, at, image, cell, theme.colour(word if image else "line"), smooth=False)
            line = QRect(_MARGIN, _MARGIN + ENLARGED + _CAPTION * place, self.width() - _MARGIN, _CAPTION + 4)
            painter.setPen(theme.colour("text" if place == 0 else "muted"))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, cell.caption)
        painter.end()


def _image(cell: FilmCell | None) -> QImage | None:
    return None if cell is None or cell.frame is None else to_qimage(cell.frame)


def _paint_cell(
    painter: QPainter, place: QRect, image: QImage | None, cell: FilmCell, edge: QColor, smooth: bool = True
) -> None:
    """A frame with its edge, a mark for its reward and a word for its end."""
    painter.fillRect(place, edge)
    inner = place.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    painter.fillRect(inner, theme.colour("panel"))
    if image is not None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        painter.drawImage(inner, image)
    metrics = painter.fontMetrics()
    if cell.word:
        band = QRect(inner.left(), inner.center().y() - 9, inner.width(), 18)
        painter.fillRect(band, theme.colour("window", 215))
        painter.setPen(theme.colour("text"))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, metrics.elidedText(cell.word, _RIGHT, band.width()))
    if cell.reward:
        middle = QPointF(inner.right() - 8, inner.bottom() - 8)
        diamond = [middle + QPointF(x, y) for x, y in ((0, -6), (6, 0), (0, 6), (-6, 0))]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("window"))
        painter.setBrush(theme.colour("reward"))
        painter.drawPolygon(QPolygonF(diamond))
        painter.restore()


_RIGHT = Qt.TextElideMode.ElideRight
