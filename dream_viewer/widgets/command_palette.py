"""The command palette: everything the window can do, found by a few letters and done by Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PyQt6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from dream_viewer.look import theme
from dream_viewer.records import Command
from dream_viewer.words.matching import best

_WIDTH = 640
_MARGIN = 40
_ROW = 44
_ROWS = 9
_INSET = 12
_CAP = 6
_ROLE = Qt.ItemDataRole.UserRole


class CommandPalette(QWidget):
    """Covers its parent while it is shown; Esc or a click beside it closes it.

    Args:
        parent: what it covers.

    Signals:
        toggled: it was shown (True) or closed (False). chosen: id of the command a person asked for; comes after that.
    """

    toggled = pyqtSignal(bool)
    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._commands: tuple[Command, ...] = ()
        self.setAccessibleName("Command palette")
        self.card = QFrame(self)
        self.card.setObjectName("palette")
        self.typed = QLineEdit()
        self.typed.setPlaceholderText("What do you want to do?")
        self.typed.setAccessibleName("Search commands")
        self.typed.textChanged.connect(self._search)
        self.typed.installEventFilter(self)
        self.found = QListWidget()
        self.found.setItemDelegate(_Row(self.found))
        self.found.setUniformItemSizes(True)
        self.found.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.found.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.found.setAccessibleName("Commands")
        self.found.itemClicked.connect(self._choose)
        self._nothing = QLabel("Nothing here is called that.")
        self._nothing.setProperty("role", "muted")
        inside = QVBoxLayout(self.card)
        inside.setContentsMargins(10, 10, 10, 10)
        inside.setSpacing(8)
        inside.addWidget(self.typed)
        inside.addWidget(self._nothing)
        inside.addWidget(self.found, 1)
        parent.installEventFilter(self)
        self.hide()

    def open_with(self, commands: Sequence[Command]) -> None:
        """Show it, with all these commands to choose from."""
        self._commands = tuple(commands)
        self.typed.clear()
        self._search("")
        self._place()
        self.show()
        self.raise_()
        self.typed.setFocus()
        self.toggled.emit(True)

    def close_overlay(self) -> None:
        """Close it and give the keyboard back."""
        if not self.isHidden():
            self.hide()
            self.toggled.emit(False)

    def shown(self) -> list[str]:
        """Ids of the commands that are listed, from the top."""
        rows = (self.found.item(row) for row in range(self.found.count()))
        return [row.data(_ROLE).id for row in rows if row is not None]

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Follow the size of what it covers; let the keys that choose work while a person types."""
        if isinstance(a1, QKeyEvent) and a0 is self.typed and a1.type() == QEvent.Type.KeyPress:
            return self._take_key(Qt.Key(a1.key()))
        if a1 is not None and a1.type() == QEvent.Type.Resize and a0 is self.parentWidget():
            self._place()
        return super().eventFilter(a0, a1)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        """Close on a click beside the card."""
        if a0 is not None and not self.card.geometry().contains(a0.pos()):
            self.close_overlay()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        """Dim what lies below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("veil", 150))
        painter.end()

    def _take_key(self, key: Qt.Key) -> bool:
        """Whether a key is one that chooses, and was obeyed."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1, Qt.Key.Key_PageUp: 1 - _ROWS, Qt.Key.Key_PageDown: _ROWS - 1}
        if key == Qt.Key.Key_Escape:
            self.close_overlay()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.found.currentItem())
        elif key in steps and self.found.count():
            row = self.found.currentRow() + steps[key]
            self.found.setCurrentRow(min(max(row, 0), self.found.count() - 1))
        else:
            return key in steps
        return True

    @pyqtSlot(str)
    def _search(self, text: str) -> None:
        self.found.clear()
        fitting = [self._commands[i] for i in best(text, [(command.name, command.hint) for command in self._commands])]
        if text:
            fitting.sort(key=lambda command: not command.enabled)
        for command in fitting:
            item = QListWidgetItem()
            item.setData(_ROLE, command)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(command))
            self.found.addItem(item)
        self.found.setCurrentRow(0)
        self.found.setVisible(self.found.count() > 0)
        self._nothing.setVisible(not self.found.count())
        self._place()

    @pyqtSlot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        command = None if item is None else item.data(_ROLE)
        if command is not None and command.enabled:
            self.close_overlay()
            self.chosen.emit(command.id)

    def _place(self) -> None:
        parent = self.parentWidget()
        if parent is None:
            return
        self.setGeometry(parent.rect())
        width = min(_WIDTH, parent.width() - 2 * _MARGIN)
        rows = min(max(self.found.count(), 1), _ROWS)
        height = min(self.typed.sizeHint().height() + 8 + rows * _ROW + 24, parent.height() - 2 * _MARGIN)
        self.card.setGeometry((parent.width() - width) // 2, _MARGIN, width, height)


class _Row(QStyledItemDelegate):
    """One command: its name above its hint, its keys at the right; a tick before what is on."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, _ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        command: Command = index.data(_ROLE)
        if painter is None:
            return
        rect = option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setBrush(theme.colour("hover"))
            painter.drawRoundedRect(rect.adjusted(0, 1, 0, -1), 6, 6)
        right = rect.right() - _INSET
        metrics = QFontMetrics(option.font)
        painter.setFont(option.font)
        for keys in reversed(command.keys):
            width, height = metrics.horizontalAdvance(keys) + 2 * _CAP, metrics.height() + 4
            cap = QRect(right - width, rect.center().y() - height // 2, width, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("control"))
            painter.drawRoundedRect(cap, 4, 4)
            painter.setPen(theme.colour("muted" if command.enabled else "faint"))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
            right = cap.left() - 6
        told = command.hint != command.name
        lines = metrics.height() * (2 if told else 1)
        top = rect.center().y() - lines // 2
        text = QRect(rect.left() + _INSET, top, right - rect.left() - 2 * _INSET, metrics.height())
        painter.setPen(theme.colour("text" if command.enabled else "faint"))
        name = f"\u2713 {command.name}" if command.checked else command.name
        _write(painter, text, name)
        if told:
            small = QFont(option.font)
            small.setPixelSize(12)
            painter.setFont(small)
            text.translate(0, metrics.height())
            painter.setPen(theme.colour("muted" if command.enabled else "faint"))
            _write(painter, text, command.hint)
        painter.restore()


def _write(painter: QPainter, room: QRect, text: str) -> None:
    shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)


def _spoken(command: Command) -> str:
    keys = f" {' or '.join(command.keys)}." if command.keys else ""
    return f"{command.name}. {command.hint}.{keys}{'' if command.enabled else ' Not now.'}"
