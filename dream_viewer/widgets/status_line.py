"""The line at the bottom: what the machine does, in places that never move, and long work with its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from dream_viewer.look import theme
from dream_viewer.look.elided import ElidedLabel
from dream_viewer.records import Figure, Work

HEIGHT = 20
_BAR = 70
_GAP = 10


class StatusLine(QWidget):
    """Figures at the right, each as wide as its widest text; at the left the work in hand.

    Args:
        figures: which there are, from the left.

    Signals:
        cancel_asked: (kind): a person does not want that work any more.
    """

    cancel_asked = pyqtSignal(str)

    def __init__(self, figures: Sequence[Figure], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(HEIGHT)
        self._kind = ""
        self._work = ElidedLabel("label")
        self._bar = QProgressBar()
        self._bar.setFixedWidth(_BAR)
        self._bar.setTextVisible(False)
        self._cancel = QToolButton()
        self._cancel.setProperty("role", "tiny")
        self._cancel.setIcon(theme.icon("close"))
        self._cancel.setIconSize(QSize(12, 12))
        self._cancel.setToolTip("Cancel this")
        self._cancel.setAccessibleName("Cancel this")
        self._cancel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._cancel.clicked.connect(lambda: self.cancel_asked.emit(self._kind))
        for part in (self._bar, self._cancel):
            policy = part.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            part.setSizePolicy(policy)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(_GAP, 0, _GAP, 4)
        layout.setSpacing(_GAP)
        for part in (self._bar, self._cancel):
            layout.addWidget(part)
        layout.addWidget(self._work, 1)
        metrics = QFontMetrics(theme.base_font(11))
        self._cells: dict[str, QLabel] = {}
        self._passing = frozenset(figure.name for figure in figures if figure.passing)
        for figure in figures:
            cell = self._cells[figure.name] = QLabel()
            cell.setProperty("role", "label")
            cell.setToolTip(figure.hint)
            cell.setFixedWidth(metrics.horizontalAdvance(figure.widest) + 2)
            cell.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
            cell.setVisible(not figure.passing)
            layout.addWidget(cell)
        self.show_work(None)

    def show_figures(self, texts: Mapping[str, str]) -> bool:
        """Show these, by name; whether any is another text than before."""
        changed = {name: text for name, text in texts.items() if text != self._cells[name].text()}
        for name, text in changed.items():
            self._cells[name].setText(text)
            self._cells[name].setVisible(bool(text) or name not in self._passing)
        return bool(changed)

    def show_work(self, work: Work | None) -> None:
        """Show how far the work in hand is; None: there is none."""
        self._bar.setVisible(work is not None)
        self._cancel.setVisible(work is not None and work.cancellable)
        self._work.show_text("" if work is None else work.text)
        if work is not None:
            self._kind = work.kind
            self._bar.setRange(0, work.total)
            self._bar.setValue(work.done)

    def texts(self) -> dict[str, str]:
        """Every figure by name, and `work`, as they stand there."""
        return {name: cell.text() for name, cell in self._cells.items()} | {"work": self._work.full}
