"""How likely the agent is to take each action at the cursor: one bar an action, always in the same place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from PyQt6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from dream_viewer.look import theme

ROW = 18
LEAST_ROW = 13
_HEADER = 20
_GAP = 6
_BETWEEN = 14
_GLYPH = 15
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_HINT = (
    "How likely the agent is to take each action here; the bright one is taken. "
    "Entropy tells how undecided it is: {most:.2f} nats would be pure chance, 0 is certain."
)


def entropy(policy: NDArray[np.float32]) -> float:
    """Entropy of probabilities (A,) in nats: 0 where one action is certain, log A where all are alike."""
    likely = policy[policy > 0].astype(np.float64)
    return max(0.0, float(-(likely * np.log(likely)).sum()))


class PolicyBars(QWidget):
    """A bar for each action, the one about to be taken picked out, and above them how undecided the agent is.

    Where there is little height, the bars stand in two columns without the actions' names, which the mouse tells; where
    that is too high as well, nothing is drawn.

    Args:
        names: of the actions, in order. glyphs: a sign for each, one or two letters wide.
    """

    def __init__(self, names: Sequence[str], glyphs: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = tuple(zip(glyphs, names, strict=True))
        self._policy: NDArray[np.float32] | None = None
        self._taken: int | None = None
        self._by_person = False
        self._sheets: dict[object, QPixmap] = {}
        self.setFont(theme.base_font(11))
        self._name_width = max(self.fontMetrics().horizontalAdvance(name) for name in names)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Policy")
        theme.LOOKS.changed.connect(self._sheets.clear)

    def sizeHint(self) -> QSize:
        """All of it."""
        return QSize(160, _HEADER + ROW * len(self._rows))

    def minimumSizeHint(self) -> QSize:
        """Nothing: other things in the column go first."""
        return QSize(0, 0)

    def show_policy(self, policy: NDArray[np.float32] | None, taken: int | None, by_person: bool = False) -> None:
        """Show what the agent may do.

        Args:
            policy: (A,) probabilities of the actions; None: there are none.
            taken: the action about to be taken; None: there is none. by_person: a person chose it.
        """
        if policy is not self._policy or (taken, by_person) != (self._taken, self._by_person):
            self._policy, self._taken, self._by_person = policy, taken, by_person
            self.update()

    def text_at(self, place: QPointF) -> str:
        """What there is to say about a place: about an action, or the whole."""
        index = next((index for index in range(len(self._rows)) if self._row(index).contains(place)), None)
        if index is None or self._policy is None:
            return _HINT.format(most=np.log(len(self._rows)))
        words = f"{self._rows[index][1]}: {100 * self._policy[index]:.1f} %"
        if index != self._taken:
            return words
        return f"{words}, chosen by a person" if self._by_person else f"{words}, about to be taken"

    def event(self, a0: QEvent | None) -> bool:
        """Explain what is under the mouse."""
        if isinstance(a0, QHelpEvent) and a0.type() == QEvent.Type.ToolTip and self._columns:
            QToolTip.showText(a0.globalPos() + QPoint(0, 8), self.text_at(QPointF(a0.pos())), self)
            return True
        return super().event(a0)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        """What was drawn beforehand has another size now."""
        super().resizeEvent(a0)
        self._sheets.clear()

    @property
    def _columns(self) -> int:
        """One with names where there is the height for it, or two with signs alone; 0 where there is none."""
        return next((columns for columns in (1, 2) if self._row_height(columns) >= LEAST_ROW), 0)

    def _row_height(self, columns: int) -> int:
        return min(ROW, (self.height() - _HEADER) // self._rows_in(columns))

    def _rows_in(self, columns: int) -> int:
        return -(-len(self._rows) // columns)

    def _row(self, index: int) -> QRectF:
        """Where an action's row stands."""
        columns = max(self._columns, 1)
        column, row = divmod(index, self._rows_in(columns))
        width = (self.width() - _BETWEEN * (columns - 1)) / columns
        height = self._row_height(columns)
        return QRectF(column * (width + _BETWEEN), _HEADER + row * height, width, height)

    def _track(self, row: QRectF) -> QRectF:
        """Where the bar of certainty stands in a row."""
        left = row.left() + _GLYPH + _GAP + (self._name_width + _GAP if self._columns == 1 else 0)
        room = row.right() - self.fontMetrics().horizontalAdvance("100 %") - _GAP - left
        return QRectF(left, row.center().y() - 3, room, 6)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Draw what hangs on the probabilities over what does not."""
        if not self._columns:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._sheet())
        if self._policy is not None:
            painter.setPen(theme.colour("muted"))
            painter.drawText(self._header, _MIDDLE | _RIGHT, f"entropy {entropy(self._policy):.2f} nats")
            self._paint_shares(painter, self._policy)
        painter.end()

    @property
    def _header(self) -> QRectF:
        return QRectF(0, 0, self.width(), _HEADER - 4)

    def _paint_shares(self, painter: QPainter, policy: NDArray[np.float32]) -> None:
        first = self._row(0)
        track, columns = self._track(first), self._rows_in(self._columns)
        step = QPointF(first.width() + _BETWEEN, first.height())
        bars = []
        for index, share in enumerate(policy.tolist()):
            column, place = divmod(index, columns)
            x, y = column * step.x(), place * step.y()
            if index == self._taken:
                painter.setPen(theme.colour("text"))
            painter.drawText(first.translated(x, y), _MIDDLE | _RIGHT, f"{100 * share:.0f} %")
            if index == self._taken:
                painter.setPen(theme.colour("muted"))
            if share * track.width() >= 1:
                bars.append((index, QRectF(track.left() + x, track.top() + y, share * track.width(), track.height())))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("faint"))
        for index, bar in bars:
            if index == self._taken:
                painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(bar, 3, 3)
            if index == self._taken:
                painter.setBrush(theme.colour("faint"))

    def _sheet(self) -> QPixmap:
        """Title, signs, names and empty tracks: drawn once for each action that may be taken, as long as they stay."""
        ratio = self.devicePixelRatioF()
        sheet = self._sheets.get((self._taken, ratio))
        if sheet is None:
            sheet = QPixmap((QSizeF(self.size()) * ratio).toSize())
            sheet.setDevicePixelRatio(ratio)
            sheet.fill(Qt.GlobalColor.transparent)
            self._sheets[self._taken, ratio] = sheet
            painter = QPainter(sheet)
            painter.setFont(self.font())
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(theme.colour("muted"))
            painter.drawText(self._header, _MIDDLE | _LEFT, "Policy")
            for index in range(len(self._rows)):
                self._draw_row(painter, index)
            painter.end()
        return sheet

    def _draw_row(self, painter: QPainter, index: int) -> None:
        row, (glyph, name) = self._row(index), self._rows[index]
        painter.setPen(theme.colour("text" if index == self._taken else "muted"))
        painter.drawText(QRectF(row.left(), row.top(), _GLYPH, row.height()), Qt.AlignmentFlag.AlignCenter, glyph)
        if self._columns == 1 and name != glyph:
            painter.drawText(row.adjusted(_GLYPH + _GAP, 0, 0, 0), _MIDDLE | _LEFT, name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("control"))
        painter.drawRoundedRect(self._track(row), 3, 3)
