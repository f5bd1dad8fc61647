"""The list of episodes that are kept: with their levels and fates; sorted by any column, a click goes there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PyQt6.QtCore import QAbstractTableModel, QModelIndex, QSize, QSortFilterProxyModel, Qt, pyqtSignal
from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableView, QVBoxLayout, QWidget

from dream_viewer.look.thumbnails import thumbnail
from dream_viewer.records import EpisodeRow
from dream_viewer.words.numerals import count, signed
from trainer.horizons import LIMIT

COLUMNS = ("", "Level seed", "Levels", "Return", "Steps", "End", "Surprise", "Horizon")
_HINTS = (
    "First frame; a click goes to the episode",
    "Seed of the level",
    "Levels of training, or unseen ones",
    "Sum of the rewards",
    "Steps it took",
    "Won, lost or out of time",
    "Mean surprise in nats: how wrong the model's expectation of the next frame was",
    f"Dream horizon: frames that a dream along the actions taken holds on average, of at most {LIMIT}",
)
_NUMBERS = (1, 3, 4, 6, 7)
_END = 5
_THUMBNAIL = 40
_SORT = Qt.ItemDataRole.UserRole
_NONE = QModelIndex()


def _alignment(column: int) -> Qt.AlignmentFlag:
    """Of a column's title and cells: numbers stand at the right."""
    flags = Qt.AlignmentFlag
    return (flags.AlignRight if column in _NUMBERS else flags.AlignLeft) | flags.AlignVCenter


class EpisodeTable(QAbstractTableModel):
    """The rows as Qt's views want them; `_SORT` gives what a column is sorted by."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[EpisodeRow, ...] = ()
        self._pictures: dict[int, QIcon] = {}

    def take(self, rows: Sequence[EpisodeRow]) -> None:
        """Show other rows; those that stay in their places are only brought up to date."""
        rows, before = tuple(rows), self.rows
        pictures = {row.number: self._pictures.get(row.number) or thumbnail(row.frame, _THUMBNAIL) for row in rows}
        same = [row.number for row in rows] == [row.number for row in before]
        if not same:
            self.beginResetModel()
        self.rows, self._pictures = rows, pictures
        if not same:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: QModelIndex = _NONE) -> int:
        """Episodes."""
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex = _NONE) -> int:
        """Columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Titles, and what they mean."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return _HINTS[section] if role == Qt.ItemDataRole.ToolTipRole else None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """One cell: its words, picture, alignment, or what it is sorted by."""
        row, column = self.rows[index.row()], index.column()
        if role == _SORT:
            surprise, horizon = (-1.0 if known is None else known for known in (row.surprise, row.horizon))
            return (row.place, row.level_seed, row.split, row.total, row.steps, row.end, surprise, horizon)[column]
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return self._pictures[row.number]
        if role == Qt.ItemDataRole.DisplayRole and column > 0:
            means = ("\u2013" if known is None else f"{known:.1f}" for known in (row.surprise, row.horizon))
            return (count(row.level_seed), row.split, signed(row.total), count(row.steps), row.end, *means)[column - 1]
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None


class EpisodeList(QWidget):
    """The table, and beneath it what it takes in memory.

    Signals:
        chosen: a person asked for the episode of this number.
    """

    chosen = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = EpisodeTable()
        self._sorted = QSortFilterProxyModel(self)
        self._sorted.setSourceModel(self._table)
        self._sorted.setSortRole(_SORT)
        self.view = QTableView()
        self.view.setModel(self._sorted)
        self.view.setSortingEnabled(True)
        self.view.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        self.view.setShowGrid(False)
        self.view.setAccessibleName("Episodes")
        self.view.clicked.connect(self._clicked)
        down, across = self.view.verticalHeader(), self.view.horizontalHeader()
        assert down is not None and across is not None
        down.hide()
        down.setDefaultSectionSize(_THUMBNAIL + 6)
        across.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        across.setSectionResizeMode(_END, QHeaderView.ResizeMode.Stretch)  # its words differ most in length
        across.setHighlightSections(False)
        self._memory = QLabel()
        self._memory.setProperty("role", "detail")
        self._memory.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 6)
        layout.addWidget(self.view, 1)
        layout.addWidget(self._memory)

    @property
    def memory(self) -> str:
        """The line about memory."""
        return self._memory.text()

    def show_rows(self, rows: Sequence[EpisodeRow], current: int | None, memory: str) -> None:
        """Show these episodes.

        Args:
            rows: in the order they were lived. current: number of the one under the cursor. memory: a line about it.
        """
        self._table.take(rows)
        self._memory.setText(memory)
        place = next((place for place, row in enumerate(rows) if row.number == current), None)
        if place is None:
            self.view.clearSelection()
        else:
            self.view.selectRow(self._sorted.mapFromSource(self._table.index(place, 0)).row())

    def shown(self) -> list[list[str]]:
        """The words of every row but its picture, from the top as it is sorted."""
        columns = range(1, len(COLUMNS))
        return [[self._sorted.index(r, c).data() for c in columns] for r in range(self._sorted.rowCount())]

    def _clicked(self, index: QModelIndex) -> None:
        self.chosen.emit(self._table.rows[self._sorted.mapToSource(index).row()].number)
