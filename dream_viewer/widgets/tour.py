"""The tour: dims the window but for one part after the other, and says a few words about each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSize, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QKeyEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from dream_viewer.look import theme

_WIDTH = 350
_GAP = 14
_EDGE = 12
_AROUND = 4
_ROUND = 8.0
_MOVED = (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show, QEvent.Type.LayoutRequest)
_NEXT = (Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


@dataclass(frozen=True, slots=True)
class Sight:
    """One step: what it points at, and what it says."""

    part: QWidget
    title: str
    text: str


class Tour(QWidget):
    """Covers its parent while it is shown; arrows go on and back, Esc leaves.

    Args:
        sights: the steps, in order; the parts lie somewhere in the parent. parent: what it covers.

    Signals:
        toggled: it was begun (True) or left (False). arrived: at the step of this index, before its part is looked for.
    """

    toggled = pyqtSignal(bool)
    arrived = pyqtSignal(int)

    def __init__(self, sights: Sequence[Sight], parent: QWidget) -> None:
        super().__init__(parent)
        self._sights = tuple(sights)
        self._hole = QRect()
        self.index = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Tour")
        self.card = QFrame(self)
        self.card.setObjectName("tour")
        self.card.setFixedWidth(_WIDTH)
        self._title, self._text, self._place_text = QLabel(), QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._place_text.setProperty("role", "detail")
        self._text.setWordWrap(True)
        self.skip, self.back, self.forward = QPushButton("Skip"), QPushButton("Back"), QPushButton()
        self.forward.setProperty("role", "primary")
        for button, slot in ((self.skip, self.close_overlay), (self.back, self.go_back), (self.forward, self.go_on)):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(slot)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._place_text, 0, Qt.AlignmentFlag.AlignBottom)
        buttons = QHBoxLayout()
        buttons.addWidget(self.skip)
        buttons.addStretch(1)
        buttons.addWidget(self.back)
        buttons.addWidget(self.forward)
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(18, 14, 18, 14)
        inside.setSpacing(10)
        inside.addLayout(top)
        inside.addWidget(self._text)
        inside.addLayout(buttons)
        for watched in (parent, self.card, *(sight.part for sight in self._sights)):
            watched.installEventFilter(self)
        self.hide()

    @property
    def hole(self) -> QRect:
        """What is not dimmed, in the parent's pixels."""
        return QRect(self._hole)

    def begin(self) -> None:
        """Show the first step."""
        self._go_to(0)
        self.show()
        self.raise_()
        self.toggled.emit(True)
        self.setFocus()

    @pyqtSlot()
    def go_on(self) -> None:
        """The next step; after the last one the tour is over."""
        if self.index + 1 < len(self._sights):
            self._go_to(self.index + 1)
        else:
            self.close_overlay()

    @pyqtSlot()
    def go_back(self) -> None:
        """The step before."""
        self._go_to(max(self.index - 1, 0))

    @pyqtSlot()
    def close_overlay(self) -> None:
        """Leave the tour and give the keyboard back."""
        if not self.isHidden():
            self.hide()
            self.toggled.emit(False)

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Follow what moves below, and letters that grow."""
        if a1 is not None and a1.type() in _MOVED and self.isVisible():
            QTimer.singleShot(0, self._place)
        return super().eventFilter(a0, a1)

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        """Arrows, Enter, Space, Esc."""
        if a0 is None:
            return
        if a0.key() == Qt.Key.Key_Escape:
            self.close_overlay()
        elif a0.key() in _NEXT:
            self.go_on()
        elif a0.key() == Qt.Key.Key_Left:
            self.go_back()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Dim all but the part it points at."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        dimmed, hole = QPainterPath(), QPainterPath()
        dimmed.addRect(QRectF(self.rect()))
        hole.addRoundedRect(QRectF(self._hole), _ROUND, _ROUND)
        painter.fillPath(dimmed - hole, theme.colour("veil", 170))
        painter.setPen(QPen(theme.colour("accent"), 2))
        painter.drawPath(hole)
        painter.end()

    def _go_to(self, index: int) -> None:
        self.index = index
        self.arrived.emit(index)
        sight, last = self._sights[index], len(self._sights)
        self._title.setText(sight.title)
        self._text.setText(sight.text)
        self._place_text.setText(f"{index + 1} of {last}")
        self.forward.setText("Done" if index + 1 == last else "Next")
        self.back.setEnabled(index > 0)
        self._place()
        QTimer.singleShot(0, self._place)  # what the step opened has its place by then

    @pyqtSlot()
    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self.setGeometry(parent.rect())
        part = self._sights[self.index].part
        corner = part.mapTo(parent, QPoint(0, 0))
        around = QRect(corner, part.size()).adjusted(-_AROUND, -_AROUND, _AROUND, _AROUND)
        # An enlarged pane hides other parts: the words still tell what is there.
        self._hole = around.intersected(self.rect().adjusted(2, 2, -2, -2)) if part.isVisible() else QRect()
        layout = self.card.layout()
        assert layout is not None
        size = QSize(_WIDTH, layout.totalHeightForWidth(_WIDTH))
        self.card.setGeometry(QRect(beside(self._hole, size, self.rect()), size))
        self.update()


def beside(hole: QRect, card: QSize, room: QRect) -> QPoint:
    """Where a card goes so that it covers nothing of what it is about: right of it, left, below, above; else inside."""
    if hole.isEmpty():
        return room.center() - QPoint(card.width() // 2, card.height() // 2)
    inner = room.adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
    places = (
        QPoint(hole.right() + _GAP, hole.top()),
        QPoint(hole.left() - _GAP - card.width(), hole.top()),
        QPoint(hole.left(), hole.bottom() + _GAP),
        QPoint(hole.left(), hole.top() - _GAP - card.height()),
        hole.center() - QPoint(card.width() // 2, card.height() // 2),
    )
    for place in places:
        kept = QPoint(
            min(max(place.x(), inner.left()), inner.right() - card.width()),
            min(max(place.y(), inner.top()), inner.bottom() - card.height()),
        )
        if not QRect(kept, card).intersects(hole):
            return kept
    return kept
