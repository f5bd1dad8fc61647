"""Many futures of one Moment: their mean, where they disagree, what they promise, and every one of them."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from dream_viewer.imaging import to_qimage
from dream_viewer.look.dream_grid import LEAST_CELL, DreamGrid
from dream_viewer.look.dream_summary import (
    HEAT_TIP,
    LEAST_BAND,
    SIDE,
    CaptionedPicture,
    DisagreementLegend,
    PromiseBand,
)
from dream_viewer.look.elided import ElidedLabel
from dream_viewer.pictures.disagreement import heat_picture, percent
from dream_viewer.records import DreamSheet

_WIDE, _HIGH = 700, 510
_LEAST_SLIDER = 40
_EXPLAINED = (
    "The same moment dreamt many times with other luck. Where all dreams agree the map is dark; where it is bright the"
    " model does not know what will be there."
)
_MEAN_TIP = "The mean of all dreams at this frame: what is sharp is in all of them"


class ManyDreamsPanel(QWidget):
    """A line about them, their summary at one frame ahead, a slider for that, and a grid of them all.

    Args:
        choices: how many dreams a person may ask for.

    Signals:
        chosen: a person asked for the dream at this place of the answer.
        looked: a person asked for this frame ahead, from 0.
        count_chosen: a person asked for so many dreams.
    """

    chosen = pyqtSignal(int)
    looked = pyqtSignal(int)
    count_chosen = pyqtSignal(int)

    def __init__(self, choices: Sequence[int], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: DreamSheet | None = None
        self._choices = tuple(choices)
        self._title = ElidedLabel("heading")
        self._mean = CaptionedPicture("mean of all dreams", _MEAN_TIP)
        self._heat = CaptionedPicture("where they disagree", HEAT_TIP)
        self._legend = DisagreementLegend()
        self._band = PromiseBand()
        self._grid = DreamGrid()
        self._grid.chosen.connect(self.chosen)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setPageStep(1)
        self._slider.setMinimumWidth(_LEAST_SLIDER)
        self._slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._slider.setAccessibleName("Frames ahead")
        self._slider.setToolTip("Which frame ahead; it follows the film strip")
        self._slider.valueChanged.connect(self._slid)
        self._ahead_label = QLabel()
        self._ahead_label.setProperty("role", "detail")
        self._count = QComboBox()
        self._count.addItems([f"{count} dreams" for count in self._choices])
        self._count.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._count.setToolTip("How many futures are dreamt")
        self._count.activated.connect(lambda place: self.count_chosen.emit(self._choices[place]))
        self._compose()
        self.setMinimumSize(2 * SIDE + 28, 360)
        self.setToolTip(_EXPLAINED)
        self.setAccessibleName("Many dreams")
        self.show_waiting("", over=True)

    def sizeHint(self) -> QSize:
        """Room for sixteen."""
        return QSize(_WIDE, _HIGH)

    @property
    def title(self) -> str:
        """The line about them."""
        return self._title.full

    @property
    def ahead(self) -> int:
        """The frame ahead that is on show, from 0."""
        return self._slider.value() - 1

    @property
    def sheet(self) -> DreamSheet | None:
        """The dreams on show."""
        return self._sheet

    @property
    def branches(self) -> tuple[int, ...]:
        """The dreams on show, in their order."""
        return self._grid.branches

    @property
    def surface(self) -> QWidget:
        """What the dreams are drawn on."""
        return self._grid

    def resizeEvent(self, a0: object) -> None:
        """Leave out the curve where there is no room for it."""
        self._band.setVisible(self.width() >= 2 * SIDE + LEAST_BAND + 60)

    def place_of(self, branch: int) -> QRect:
        """Where a dream is, in the coordinates of `surface`."""
        assert self._sheet is not None
        return self._grid.place_of(self._sheet.branches.index(branch))

    def show_count(self, count: int) -> None:
        """Say how many dreams are asked for; one of the choices."""
        self._count.setCurrentIndex(self._choices.index(count))

    def show_sheet(self, sheet: DreamSheet) -> None:
        """Show these dreams, at the frame ahead that was on show, or else their last."""
        steps = sheet.frames.shape[1]
        before = self._slider.value() if self._sheet is not None else steps
        self._sheet = sheet
        self._slider.blockSignals(True)
        self._slider.setRange(1, steps)
        self._slider.setValue(before)
        self._slider.blockSignals(False)
        self._slider.setEnabled(True)
        self._grid.show_sheet(sheet)
        self._band.show_band(sheet.band)
        self._set_faint(False)
        self._show_ahead()

    def show_waiting(self, text: str, over: bool) -> None:
        """Say why there is nothing to show (yet).

        Args:
            text: why. over: nothing will come, so what is there goes; otherwise it stays until other dreams come.
        """
        if over:
            self._sheet = None
            self._slider.blockSignals(True)
            self._slider.setRange(1, 1)
            self._slider.blockSignals(False)
            self._slider.setEnabled(False)
            self._ahead_label.setText("")
            self._mean.show_picture(None)
            self._heat.show_picture(None)
            self._band.show_band(None)
            self._grid.show_sheet(None)
        self._title.show_text(text)
        self._set_faint(True)

    def show_ahead(self, ahead: int) -> None:
        """Show another frame ahead, without a word to anybody."""
        if self._sheet is not None and ahead != self.ahead:
            self._slider.blockSignals(True)
            self._slider.setValue(ahead + 1)
            self._slider.blockSignals(False)
            self._show_ahead()

    def show_chosen(self, branch: int | None) -> None:
        """Pick out the dream that the panes show; None: they show something else."""
        self._grid.show_chosen(branch)

    # Within

    def _compose(self) -> None:
        heat = QVBoxLayout()
        heat.setSpacing(2)
        heat.addWidget(self._heat)
        heat.addWidget(self._legend)
        above = QHBoxLayout()
        above.setSpacing(12)
        above.addWidget(self._mean, 0, Qt.AlignmentFlag.AlignTop)
        above.addLayout(heat)
        above.addWidget(self._band, 1)
        above.addStretch(0)
        controls = QHBoxLayout()
        controls.setSpacing(10)
        controls.addWidget(self._slider, 1)
        controls.addWidget(self._ahead_label)
        controls.addWidget(self._count)
        scroll = self._grid.in_scroll_area()
        scroll.setMinimumHeight(LEAST_CELL)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 6, 8)
        layout.setSpacing(6)
        layout.addWidget(self._title)
        layout.addLayout(above)
        layout.addLayout(controls)
        layout.addWidget(scroll, 1)

    def _set_faint(self, faint: bool) -> None:
        for part in (self._mean, self._heat, self._band, self._grid):
            part.set_faint(faint)

    @pyqtSlot(int)
    def _slid(self, value: int) -> None:
        self._show_ahead()
        self.looked.emit(value - 1)

    def _show_ahead(self) -> None:
        sheet, ahead = self._sheet, self.ahead
        if sheet is None:
            return
        steps = sheet.frames.shape[1]
        self._ahead_label.setFixedWidth(self._ahead_label.fontMetrics().horizontalAdvance(f"+{steps} of {steps} "))
        self._ahead_label.setText(f"+{ahead + 1} of {steps}")
        spread = f"differ by {percent(sheet.disagreement[ahead]):.1f} %"
        self._title.show_text(f"{sheet.about} {spread}", shorter=(f"Dreams {spread}",))
        self._mean.show_picture(to_qimage(sheet.mean[ahead]))
        self._heat.show_picture(to_qimage(heat_picture(sheet.disagreement[ahead])))
        self._band.show_ahead(ahead)
        self._grid.show_ahead(ahead)
