"""The list of what happened in an episode, with a small picture of each: a click goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from dream_viewer.look import theme
from dream_viewer.look.thumbnails import thumbnail
from dream_viewer.records import EventRow

THUMBNAIL = 36
_EDGE = 2
_NONE = "Nothing yet. Rewards, ends, peaks and drops of the value, surprises and bookmarks will stand here."


class EventList(QWidget):
    """Rows in order of time; the last one at or before the cursor is picked out.

    Signals:
        chosen: a person asked for this step.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[EventRow, ...] = ()
        self._cursor = 0
        title = QLabel("Events")
        title.setProperty("role", "label")
        self._empty = QLabel(_NONE)
        self._empty.setProperty("role", "detail")
        self._empty.setWordWrap(True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._list = QListWidget()
        self._list.setIconSize(QSize(THUMBNAIL, THUMBNAIL))
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self._list.setWordWrap(True)
        self._list.setAccessibleName("Events")
        self._list.itemClicked.connect(lambda item: self.chosen.emit(item.data(Qt.ItemDataRole.UserRole)))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(title)
        layout.addWidget(self._empty, 1)
        layout.addWidget(self._list, 1)
        self.show_rows(())
        theme.LOOKS.changed.connect(self.restyle)

    @pyqtSlot()
    def restyle(self) -> None:
        """Draw the edges of the pictures in the theme's colours."""
        rows = self._rows
        self.show_rows(())
        self.show_rows(rows)

    @property
    def current(self) -> int | None:
        """The step of the row that is picked out; None where none is."""
        item = self._list.currentItem()
        return None if item is None else int(item.data(Qt.ItemDataRole.UserRole))

    def show_rows(self, rows: Sequence[EventRow]) -> None:
        """Show these events, in order of time."""
        rows = tuple(rows)
        kept = 0
        while kept < min(len(rows), len(self._rows)) and _same(rows[kept], self._rows[kept]):
            kept += 1
        while self._list.count() > kept:
            self._list.takeItem(kept)
        for row in rows[kept:]:
            self._list.addItem(_item(row))
        self._rows = rows
        self._empty.setVisible(not rows)
        self._list.setVisible(bool(rows))
        self.show_cursor(self._cursor)

    def show_cursor(self, index: int) -> None:
        """Pick out the last event at or before a step."""
        self._cursor = index
        passed = sum(row.index <= index for row in self._rows)
        if passed - 1 != self._list.currentRow():
            self._list.setCurrentRow(passed - 1)

    def texts(self) -> list[str]:
        """What stands in the rows."""
        items = (self._list.item(place) for place in range(self._list.count()))
        return [item.text() for item in items if item is not None]


def _same(a: EventRow, b: EventRow) -> bool:
    return (a.index, a.text, a.colour) == (b.index, b.text, b.colour) and a.frame is b.frame


def _item(row: EventRow) -> QListWidgetItem:
    icon = thumbnail(row.frame, THUMBNAIL, _EDGE, theme.colour(row.colour))
    item = QListWidgetItem(icon, f"Step {row.index}\n{row.text}")
    item.setData(Qt.ItemDataRole.UserRole, row.index)
    return item
