"""What panels of many branches are painted of: parts that fade while they wait, and tiles to choose among."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QMouseEvent, QPainter, QPen
from PyQt6.QtWidgets import QScrollArea, QWidget

from dream_viewer.look import theme

LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
EDGE = 2
"""Width of a picture's frame."""


class Fading(QWidget):
    """Something painted that becomes faint while another answer is on its way.

    Args:
        letters: their size, before an audience makes them larger.
    """

    def __init__(self, letters: int) -> None:
        super().__init__()
        self._letters = letters
        self._faint = False
        self.setFont(theme.base_font(letters))
        theme.LOOKS.changed.connect(self.restyle)

    def set_faint(self, faint: bool) -> None:
        """Wait, or be up to date."""
        if faint != self._faint:
            self._faint = faint
            self.update()

    def restyle(self) -> None:
        """Take the letters anew from the theme."""
        self.setFont(theme.base_font(self._letters))
        self.updateGeometry()

    @property
    def line_height(self) -> int:
        """Of a line of words."""
        return self.fontMetrics().height() + 2

    @property
    def opacity(self) -> float:
        """What to paint with."""
        return 0.35 if self._faint else 1.0

    def cut(self, text: str, width: int) -> str:
        """As much of a text as fits."""
        return self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)


class Tiles(Fading):
    """Branches side by side, in rows; each is a tile, and a click chooses it.

    Whoever derives from it says where the tiles are (`place_of`), how high they stand (`fit`) and paints them.

    Attributes:
        branches: those on show, in their order: each by its place in the answer.
        picked: the branch that the panes show. hovered: the place of the tile under the mouse.

    Signals:
        chosen: a person asked for this branch.
    """

    chosen = pyqtSignal(int)

    def __init__(self, letters: int) -> None:
        super().__init__(letters)
        self.branches: tuple[int, ...] = ()
        self.picked: int | None = None
        self.hovered: int | None = None
        self.setMouseTracking(True)

    def place_of(self, place: int) -> QRect:
        """Where a tile is, by its place in the order."""
        raise NotImplementedError

    def fit(self) -> None:
        """Take the height that all tiles need."""
        raise NotImplementedError

    def show_chosen(self, branch: int | None) -> None:
        """Pick out the branch that the panes show; None: they show something else."""
        if branch != self.picked:
            self.picked = branch
            self.update()

    def in_scroll_area(self) -> QScrollArea:
        """An area in which the rows are scrolled when they are too many."""
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self)
        return area

    def restyle(self) -> None:
        """Take the letters anew from the theme; the tiles stand otherwise then."""
        super().restyle()
        self.fit()

    def resizeEvent(self, a0: object) -> None:
        """Stand otherwise."""
        self.fit()

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        """Say which tile a click would choose."""
        self._hover(None if a0 is None else self.tile_at(a0.pos()))

    def leaveEvent(self, a0: QEvent | None) -> None:
        """No tile is under the mouse."""
        self._hover(None)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Choose."""
        place = None if a0 is None or a0.button() != Qt.MouseButton.LeftButton else self.tile_at(a0.pos())
        if place is not None:
            self.chosen.emit(self.branches[place])

    def tile_at(self, where: QPoint) -> int | None:
        """The place of the tile there; None where there is none."""
        return next((place for place in range(len(self.branches)) if self.place_of(place).contains(where)), None)

    def _hover(self, place: int | None) -> None:
        if place != self.hovered:
            self.hovered = place
            if place is None:
                self.unsetCursor()
            else:
                self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.update()


def paint_picture(painter: QPainter, at: QRect, image: QImage | None, edge: str, ground: str) -> QRect:
    """Paint a picture in a frame; returns the place within the frame.

    Args:
        painter: to paint with. at: where, the frame included. image: None leaves the ground.
        edge, ground: colours by their words in the theme.
    """
    inner = at.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    painter.setPen(QPen(theme.colour(edge), EDGE, join=Qt.PenJoinStyle.MiterJoin))
    painter.setBrush(Qt.BrushStyle.NoBrush)  # a faint picture would let it shine through
    painter.drawRect(at.adjusted(EDGE // 2, EDGE // 2, -EDGE // 2, -EDGE // 2))
    if image is None:
        painter.fillRect(inner, theme.colour(ground))
    else:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(inner, image)
    return inner
