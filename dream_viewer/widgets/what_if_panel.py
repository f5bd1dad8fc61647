"""What each action leads to: a card an action, imagined and real side by side, the highest dreamed return first."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QHelpEvent, QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QToolTip, QVBoxLayout, QWidget

from dream_viewer.imaging import to_qimage
from dream_viewer.look import theme
from dream_viewer.look.elided import ElidedLabel
from dream_viewer.look.tiles import LEFT, RIGHT, Tiles, paint_picture
from dream_viewer.records import BranchCard

LEAST_CARD = 196
"""Width of a card below which there are fewer in a row."""
MOST_SIDE = 160
"""Side of a picture, at most."""
GAP = 8
_PAD = 9
_BAR = 4
_LETTERS = 12
_WIDE, _HIGH = 640, 560
_LIKELY = "about to"
_EXPLAINED = (
    "Each action is taken once, in the dream and in the real game; after it the agent goes on as it would in its dream."
    " The return is what it collects, and what it still expects at the end."
)


class WhatIfPanel(QWidget):
    """A sentence, a legend, and the cards.

    Signals:
        chosen: a person asked for the branch at this place of the answer.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = ElidedLabel("heading")
        self._about = ElidedLabel("detail")
        self._cards = _Cards()
        self._cards.chosen.connect(self.chosen)
        legend = QHBoxLayout()
        legend.setSpacing(14)
        legend.addWidget(self._about, 1)
        for word, text in (("imagined", "imagined"), ("forked", "real")):
            legend.addWidget(_Key(word, text))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        layout.setSpacing(4)
        layout.addWidget(self._verdict)
        layout.addLayout(legend)
        layout.addSpacing(4)
        layout.addWidget(self._cards.in_scroll_area(), 1)
        self.setMinimumSize(LEAST_CARD + 26, 240)
        self.setToolTip(_EXPLAINED)
        self.setAccessibleName("What if")

    def sizeHint(self) -> QSize:
        """Nine cards."""
        return QSize(_WIDE, _HIGH)

    @property
    def verdict(self) -> str:
        """The sentence."""
        return self._verdict.full

    @property
    def branches(self) -> tuple[int, ...]:
        """The branches of the cards on show, in their order."""
        return self._cards.branches

    @property
    def about(self) -> str:
        """The words about where the branches begin."""
        return self._about.full

    @property
    def cards(self) -> tuple[BranchCard, ...]:
        """Those on show, the first one first."""
        return self._cards.cards

    def show_cards(self, cards: Sequence[BranchCard], verdict: tuple[str, str], about: tuple[str, str]) -> None:
        """Show the cards in this order, a sentence about them, and a few words about where they begin.

        Args:
            cards: the first one first. verdict, about: each in whole, and shorter for less room.
        """
        self._verdict.show_text(verdict[0], shorter=verdict[1:])
        self._about.show_text(about[0], shorter=about[1:])
        self._cards.show_cards(tuple(cards))

    def show_waiting(self, text: str, over: bool) -> None:
        """Say why there is nothing to show (yet).

        Args:
            text: why. over: nothing will come, so the cards there are go; otherwise they stay until others come.
        """
        self._verdict.show_text(text)
        self._about.show_text("")
        if over:
            self._cards.show_cards(())
        self._cards.set_faint(True)

    def show_chosen(self, branch: int | None) -> None:
        """Pick out the branch that the panes show; None: they show something else."""
        self._cards.show_chosen(branch)

    def place_of(self, branch: int) -> QRect:
        """Where its card is, in the coordinates of `surface`."""
        return self._cards.place_of(self._cards.branches.index(branch))

    @property
    def surface(self) -> QWidget:
        """What the cards are drawn on."""
        return self._cards


class _Key(QLabel):
    """A legend's entry: a coloured square, in the colours as they are chosen, and a word."""

    def __init__(self, word: str, text: str) -> None:
        super().__init__(text)
        self._word = word
        self.setProperty("role", "detail")
        self.setContentsMargins(13, 0, 0, 0)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        painter = QPainter(self)
        painter.fillRect(QRect(0, self.height() // 2 - 4, 8, 8), theme.colour(self._word))
        painter.end()


class _Cards(Tiles):
    """The cards in rows, as many side by side as there is room for."""

    def __init__(self) -> None:
        super().__init__(_LETTERS)
        self.cards: tuple[BranchCard, ...] = ()
        self._pictures: list[tuple[QImage, QImage | None]] = []

    def show_cards(self, cards: tuple[BranchCard, ...]) -> None:
        self.cards, self.branches = cards, tuple(card.branch for card in cards)
        self._pictures = [
            (to_qimage(card.imagined), None if card.real is None else to_qimage(card.real)) for card in cards
        ]
        self.set_faint(False)
        self.fit()
        self.update()

    def place_of(self, place: int) -> QRect:
        columns, width = self._columns()
        row, column = divmod(place, columns)
        return QRect(column * (width + GAP), row * (self._height(width) + GAP), width, self._height(width))

    def event(self, a0: QEvent | None) -> bool:
        if isinstance(a0, QHelpEvent) and a0.type() == QEvent.Type.ToolTip:
            place = self.tile_at(a0.pos())
            if place is not None:
                QToolTip.showText(a0.globalPos(), self.cards[place].tip, self)
                return True
        return super().event(a0)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setOpacity(self.opacity)
        for place, card in enumerate(self.cards):
            self._paint_card(painter, place, card)
        painter.end()

    # Laying out

    def _columns(self) -> tuple[int, int]:
        """How many side by side, and how wide each is."""
        most = max(1, len(self.cards))
        columns = min(most, max(1, (self.width() + GAP) // (LEAST_CARD + GAP)))
        widest = 2 * MOST_SIDE + 3 * _PAD
        return columns, min(widest, (self.width() + GAP) // columns - GAP)

    def _side(self, width: int) -> int:
        return (width - 3 * _PAD) // 2

    def _height(self, width: int) -> int:
        return self._header() + self._side(width) + 5 + _BAR + 3 + 2 * self.line_height + _PAD

    def _header(self) -> int:
        return self.line_height + 8

    def fit(self) -> None:
        columns, width = self._columns()
        rows = -(-len(self.cards) // columns)
        self.setMinimumHeight(max(0, rows * (self._height(width) + GAP) - GAP))

    # Painting

    def _paint_card(self, painter: QPainter, place: int, card: BranchCard) -> None:
        at = self.place_of(place)
        shown = card.branch == self.picked
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.colour("text" if shown else "line"))
        painter.setBrush(theme.colour("hover" if place == self.hovered else "panel"))
        painter.drawRoundedRect(at.adjusted(0, 0, -1, -1), 7, 7)
        self._paint_header(painter, QRect(at.left() + _PAD, at.top() + 2, at.width() - 2 * _PAD, self._header()), card)
        side, top = self._side(at.width()), at.top() + self._header()
        imagined, real = self._pictures[place]
        left = QRect(at.left() + _PAD, top, side, side)
        right = left.translated(side + _PAD, 0)
        self._paint_picture(painter, left, imagined, "imagined", card.doubt)
        self._paint_picture(painter, right, real, "forked", card.ending or ("" if real else "no truth"))
        below = top + side + 5
        for column, share, number, fate, best, word in (
            (left, card.share, card.dreamed, card.fate, card.best, "imagined"),
            (right, card.real_share, card.received, card.real_fate, card.really_best, "forked"),
        ):
            if share is None:
                continue
            bar = QRect(column.left(), below, side, _BAR)
            painter.fillRect(bar, theme.colour("control"))
            painter.fillRect(QRect(bar.left(), bar.top(), round(side * share), _BAR), theme.colour(word))
            line = QRect(column.left(), below + _BAR + 3, side, self.line_height)
            self._paint_words(painter, line, "return", number, best)
            painter.setPen(theme.colour("muted"))
            painter.drawText(line.translated(0, self.line_height), LEFT, self.cut(fate, side))

    def _paint_header(self, painter: QPainter, at: QRect, card: BranchCard) -> None:
        bold = theme.base_font(15)
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(theme.colour("text"))
        painter.drawText(QRect(at.left(), at.top(), 20, at.height()), Qt.AlignmentFlag.AlignCenter, card.glyph)
        painter.setFont(self.font())
        name = QRect(at.left() + 25, at.top(), at.width() - 25, at.height())
        painter.drawText(name, LEFT, card.name)
        if card.likely and self.fontMetrics().horizontalAdvance(f"{card.name}  {_LIKELY}") <= name.width():
            painter.setPen(theme.colour("accent"))
            painter.drawText(name, RIGHT, _LIKELY)

    def _paint_picture(self, painter: QPainter, at: QRect, image: QImage | None, word: str, over: str) -> None:
        inner = paint_picture(painter, at, image, word if image is not None else "line", "window")
        if over:
            band = QRect(inner.left(), inner.bottom() - self.line_height, inner.width(), self.line_height + 1)
            painter.fillRect(band, theme.colour("window", 215))
            painter.setPen(theme.colour("text" if image is not None else "faint"))
            painter.drawText(band, Qt.AlignmentFlag.AlignCenter, self.cut(over, band.width()))

    def _paint_words(self, painter: QPainter, at: QRect, label: str, number: str, best: bool) -> None:
        metrics = self.fontMetrics()
        if metrics.horizontalAdvance(f"{label}  {number}") <= at.width():
            painter.setPen(theme.colour("muted"))
            painter.drawText(at, LEFT, label)
        painter.setPen(theme.colour("high" if best else "text"))
        painter.drawText(at, RIGHT, number)
