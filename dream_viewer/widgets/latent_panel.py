"""The model's state at the cursor: what it expected, what it believes, what changed, and a class set by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from dream_viewer.imaging import to_qimage
from dream_viewer.look import theme
from dream_viewer.look.elided import ElidedLabel
from dream_viewer.pictures.difference import DREAM_BRIGHTER, TRUTH_BRIGHTER
from dream_viewer.pictures.heat import Rgb, likely_picture, signed_picture
from dream_viewer.words.numerals import MINUS
from trainer.episode import Insight

FULL_CHANGE = 0.5
"""Change of a cell of h at which its colour is full; h itself lies between -1 and 1."""
_FRAME = 64
_THUMBNAIL = 3 * _FRAME
_BORDER = 2
_LEAST_ROW = 8
_STRIP_ROW = 7
_TITLES = ("Prior: expected", "Posterior: after the look", "Posterior less prior")
_POSTERIOR = 1
_MOVES: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)

Cell = tuple[int, int]
Marks = Sequence[tuple[int, int, str]]


class LatentPanel(QWidget):
    """z as pictures of latents by classes, h as a strip of its cells, and the decoded frame as it is and as touched.

    The mouse over a class tells its numbers, a click sets it. With the keyboard Tab leads to the posterior, arrows move
    over it, and Enter sets.

    Args:
        actions: what can be done about classes that were set, each with the word on its button.

    Attributes:
        posterior: the picture in the middle.

    Signals:
        set_asked: (latent, class) is to be set, or given back if it was.
    """

    set_asked = pyqtSignal(int, int)

    def __init__(self, actions: Sequence[tuple[QAction, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._inside: Insight | None = None
        self._touches: Sequence[Cell] = ()
        self._line = ""
        self._grids = tuple(_Cells(True) for _ in _TITLES)
        self.posterior = self._grids[_POSTERIOR]
        self._strip = _Cells(False)
        self._strip.setFixedHeight(8 * _STRIP_ROW)
        self._strip.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._as_it_is, self._as_touched = _Thumbnail(), _Thumbnail()
        self._strip_title = _label("Change of h")
        self._words = ElidedLabel("detail")
        self._arrange(actions)
        self.posterior.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.posterior.setAccessibleName("Posterior of the latent state")
        for grid in self._grids:
            grid.setMinimumHeight(32 * _LEAST_ROW)
            grid.pointed.connect(self._point)
            grid.chosen.connect(self.set_asked)
        self._strip.pointed.connect(self._point_at_h)
        theme.LOOKS.changed.connect(self.restyle)

    @pyqtSlot()
    def restyle(self) -> None:
        """Colour the numbers anew."""
        if self._inside is not None:
            self._show_z(self._inside)
            self._show_h(self._inside)

    def _arrange(self, actions: Sequence[tuple[QAction, str]]) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(3)
        for column, (title, cells) in enumerate(zip(_TITLES, self._grids, strict=True)):
            grid.addWidget(_label(title), 0, column)
            grid.addWidget(cells, 1, column)
            grid.setColumnStretch(column, 1)
        pictures = QVBoxLayout()
        pictures.setSpacing(3)
        pictures.addWidget(self._as_it_is)
        pictures.addSpacing(5)
        pictures.addWidget(_label("Decoded with your classes"))
        pictures.addWidget(self._as_touched)
        pictures.addStretch(1)
        grid.addWidget(_label("Decoded as it is"), 0, 3)
        grid.addLayout(pictures, 1, 3)
        grid.setRowStretch(1, 1)
        footer = QHBoxLayout()
        footer.setSpacing(0)
        footer.addWidget(self._words, 1)
        footer.addSpacing(10)
        for place, (action, word) in enumerate(actions):
            action.setIconText(word)
            button = QToolButton()
            button.setDefaultAction(action)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setProperty("role", "segment")
            button.setProperty("place", {0: "left", len(actions) - 1: "right"}.get(place, "middle"))
            footer.addWidget(button, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 8)
        layout.setSpacing(3)
        layout.addLayout(grid, 1)
        layout.addSpacing(5)
        layout.addWidget(self._strip_title)
        layout.addWidget(self._strip)
        layout.addSpacing(5)
        layout.addLayout(footer)

    def sizeHint(self) -> QSize:
        """Cells large enough to point at."""
        return QSize(800, 580)

    @property
    def words(self) -> str:
        """The line at the bottom."""
        return self._words.full

    @property
    def strip_title(self) -> str:
        """The line above the change of h."""
        return self._strip_title.full

    @property
    def frames(self) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
        """The pictures as it is and as touched."""
        return self._as_it_is.frame, self._as_touched.frame

    def messages(self) -> list[str]:
        """What lies over prior, posterior and difference where there is nothing to show."""
        return [grid.message for grid in self._grids]

    def show_inside(self, inside: Insight | None, belief: NDArray[np.uint8] | None, message: str) -> None:
        """Show a state.

        Args:
            inside: the state; None: there is none, or not yet. belief: (64, 64, 3) uint8, its decoded frame.
            message: in place of a state.
        """
        self._inside = inside
        self._as_it_is.show_frame(belief, "observed", "")
        self._show_marks()
        if inside is None:
            for cells in (*self._grids, self._strip):
                cells.show_picture(None, message)
            self._strip_title.show_text("Change of h")
        else:
            self._show_z(inside)
            self._show_h(inside)

    def show_touched(self, frame: NDArray[np.uint8] | None, touches: Sequence[Cell], words: str) -> None:
        """Show what was set by hand, and what came of it.

        Args:
            frame: (64, 64, 3) uint8, decoded with it; None: nothing is set, or the picture is on its way.
            touches: (latent, class) of each that is set. words: about it, at the bottom.
        """
        self._as_touched.show_frame(frame, "imagined", "on its way…" if touches else "Click a class to set it.")
        self._touches, self._line = touches, words
        self._show_marks()
        self._words.show_text(words)

    def _show_z(self, inside: Insight) -> None:
        prior, posterior, difference = self._grids
        ground, full = _rgb("control"), _rgb("text")
        posterior.show_picture(likely_picture(inside.posterior, ground, full))
        if inside.prior is None:
            for cells in (prior, difference):
                cells.show_picture(None, "First frame of the episode: nothing was expected, so there is no prior.")
        else:
            prior.show_picture(likely_picture(inside.prior, ground, full))
            change = inside.posterior - inside.prior
            difference.show_picture(signed_picture(change, 1.0, ground, TRUTH_BRIGHTER, DREAM_BRIGHTER))

    def _show_h(self, inside: Insight) -> None:
        if inside.change is None:
            self._strip.show_picture(None, "First frame of the episode: there is no h before it.")
            self._strip_title.show_text("Change of h")
            return
        picture = signed_picture(inside.change, FULL_CHANGE, _rgb("control"), TRUTH_BRIGHTER, DREAM_BRIGHTER)
        self._strip.show_picture(picture)
        blocks, each = inside.change.shape
        self._strip_title.show_text(
            f"Change of h since the frame before: {blocks} blocks of {each} cells, orange up, blue down; "
            f"{np.abs(inside.change).mean():.3f} on average"
        )

    def _show_marks(self) -> None:
        drawn = () if self._inside is None else tuple(enumerate(self._inside.drawn.tolist()))
        touched = [(*cell, "imagined") for cell in self._touches]
        for place, cells in enumerate(self._grids):
            cells.show_marks([(*cell, "accent") for cell in drawn] + touched if place == _POSTERIOR else touched)

    def _point(self, cell: Cell | None) -> None:
        for cells in self._grids:
            cells.show_pointed(cell)
        self._words.show_text(self._line if cell is None or self._inside is None else self._about(self._inside, *cell))

    def _about(self, inside: Insight, latent: int, index: int) -> str:
        seen = f"seen {_percent(inside.posterior[latent, index])}"
        expected = "" if inside.prior is None else f"expected {_percent(inside.prior[latent, index])}, "
        drawn = ", drawn" if inside.drawn[latent] == index else ""
        return f"latent {latent}, class {index}: {expected}{seen}{drawn}"

    def _point_at_h(self, cell: Cell | None) -> None:
        if cell is None or self._inside is None or self._inside.change is None:
            self._words.show_text(self._line)
        else:
            change = float(self._inside.change[cell])
            self._words.show_text(f"h, block {cell[0]}, cell {cell[1]}: {change:+.3f}".replace("-", MINUS))


class _Cells(QWidget):
    """A picture of large cells, each a whole number of pixels, with marks around some."""

    pointed = pyqtSignal(object)
    chosen = pyqtSignal(int, int)

    def __init__(self, choosable: bool) -> None:
        super().__init__()
        self.message = ""
        self._image: QImage | None = None
        self._marks: Marks = ()
        self._pointed: Cell | None = None
        self._choosable = choosable
        self.setMouseTracking(True)
        self.setMinimumSize(96, 8 * _STRIP_ROW)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        if choosable:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_picture(self, picture: NDArray[np.uint8] | None, message: str = "") -> None:
        self._image, self.message = None if picture is None else to_qimage(picture), message
        self.update()

    def show_marks(self, marks: Marks) -> None:
        self._marks = marks
        self.update()

    def show_pointed(self, cell: Cell | None) -> None:
        if cell != self._pointed:
            self._pointed = cell
            self.update()

    def rect_of(self, row: int, column: int) -> QRect:
        """Where a cell stands."""
        place, size = self._places()
        return QRect(place + QPoint(column * size.width(), row * size.height()), size)

    def _places(self) -> tuple[QPoint, QSize]:
        """Where the first cell stands, and the size of each."""
        assert self._image is not None
        rows, columns = self._image.height(), self._image.width()
        size = QSize(max(1, self.width() // columns), max(1, self.height() // rows))
        return QPoint(0, 0), size

    def _cell_at(self, point: QPoint) -> Cell | None:
        if self._image is None:
            return None
        place, size = self._places()
        row, column = (point.y() - place.y()) // size.height(), (point.x() - place.x()) // size.width()
        return (row, column) if 0 <= row < self._image.height() and 0 <= column < self._image.width() else None

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            self.pointed.emit(self._cell_at(a0.pos()))

    def leaveEvent(self, a0: QEvent | None) -> None:
        self.pointed.emit(None)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        cell = None if a0 is None or a0.button() != Qt.MouseButton.LeftButton else self._cell_at(a0.pos())
        if cell is not None and self._choosable:
            self.chosen.emit(*cell)

    def event(self, a0: QEvent | None) -> bool:
        """With the keyboard on it, the arrows move here and not through time."""
        if (
            isinstance(a0, QKeyEvent)
            and a0.type() == QEvent.Type.ShortcutOverride
            and a0.key() in (*_MOVES, *_TAKES)
            and not a0.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            a0.accept()
            return True
        return super().event(a0)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is None or self._image is None:
            return
        key = a0.key()
        if key in _MOVES:
            row, column = self._pointed or (0, 0)
            down, across = _MOVES[key] if self._pointed is not None else (0, 0)
            last = (self._image.height() - 1, self._image.width() - 1)
            self.pointed.emit((min(max(row + down, 0), last[0]), min(max(column + across, 0), last[1])))
        elif key in _TAKES and self._pointed is not None:
            self.chosen.emit(*self._pointed)
        else:
            super().keyPressEvent(a0)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), theme.colour("panel"))
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()).adjusted(10, 4, -10, -4), flags, self.message)
            painter.end()
            return
        whole = self.rect_of(0, 0).united(self.rect_of(self._image.height() - 1, self._image.width() - 1))
        painter.drawImage(whole, self._image)
        for row, column, word in self._marks:
            self._paint_mark(painter, row, column, word)
        if self._pointed is not None:
            self._paint_mark(painter, *self._pointed, "reward")
        painter.end()

    def _paint_mark(self, painter: QPainter, row: int, column: int, word: str) -> None:
        assert self._image is not None
        if row < self._image.height() and column < self._image.width():
            painter.setPen(theme.colour(word))
            painter.drawRect(self.rect_of(row, column).adjusted(0, 0, -1, -1))


class _Thumbnail(QWidget):
    """A decoded frame with a border, by whole factors of its pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: NDArray[np.uint8] | None = None
        self._word, self._message = "line", ""
        self._image: QImage | None = None
        self.setFixedWidth(_THUMBNAIL + 2 * _BORDER)
        self.setMinimumHeight(2 * _FRAME + 2 * _BORDER)
        self.setMaximumHeight(_THUMBNAIL + 2 * _BORDER)

    def sizeHint(self) -> QSize:
        return QSize(self.width(), self.maximumHeight())

    def show_frame(self, frame: NDArray[np.uint8] | None, word: str, message: str) -> None:
        self._word, self._message = word, message
        if frame is not self.frame:
            self.frame, self._image = frame, None if frame is None else to_qimage(frame)
        self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        side = _FRAME * ((min(self.width(), self.height()) - 2 * _BORDER) // _FRAME)
        inner = QRect(_BORDER, _BORDER, side, side)
        whole = inner.adjusted(-_BORDER, -_BORDER, _BORDER, _BORDER)
        painter.fillRect(whole, theme.colour("line" if self._image is None else self._word))
        painter.fillRect(inner, theme.colour("panel"))
        if self._image is not None:
            painter.drawImage(inner, self._image)
        else:
            painter.setPen(theme.colour("muted"))
            painter.drawText(inner, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self._message)
        painter.end()


def _label(text: str) -> ElidedLabel:
    label = ElidedLabel("label")
    label.show_text(text)
    return label


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _rgb(word: str) -> Rgb:
    colour = theme.colour(word)
    return colour.red(), colour.green(), colour.blue()
