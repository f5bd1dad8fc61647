"""The end of an episode on the timeline: where, how, and what is reckoned to have come after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PyQt6.QtCore import Qt

from dream_viewer.look import theme
from dream_viewer.records import Course
from trainer.episode import Outcome

_ENDS: dict[Outcome, tuple[str, str]] = {
    "won": ("won", "high"),
    "lost": ("lost", "low"),
    "timeout": ("time-out", "reward"),
}


class EndMark:
    """A line at the last step with a word beside it; at a time-out the value that the return goes on with.

    Attributes:
        items: to be put on the plot, in this order.
    """

    def __init__(self) -> None:
        self._line = pg.InfiniteLine(angle=90)
        self._word = pg.TextItem(anchor=(1, 0))
        self._bootstrap = pg.ScatterPlotItem(size=8)
        self.items: Sequence[pg.GraphicsObject] = (self._line, self._word, self._bootstrap)

    @property
    def step(self) -> int | None:
        """Where the episode ended; None where it did not."""
        return round(self._line.value()) if self._line.isVisible() else None

    @property
    def word(self) -> str:
        """How it ended, where that is in sight; else empty."""
        return str(self._word.toPlainText()) if self._word.isVisible() else ""

    @property
    def bootstrap(self) -> int | None:
        """The step with whose value the return goes on after a time-out; None where there is none."""
        return round(self._bootstrap.getData()[0][0]) if self._bootstrap.isVisible() else None

    def restyle(self) -> None:
        """Take letters and colours anew from the theme; those of the end come with the next `show_end`."""
        self._word.setFont(theme.base_font())
        self._bootstrap.setBrush(theme.colour("panel"))
        self._bootstrap.setPen(theme.stroke(theme.colour("text", 190), 1.5))

    def show_end(self, course: Course, top: float) -> None:
        """Mark how an episode ended, if it did; `top` is the highest value on show."""
        values, realised, outcome = course.values, course.realised, course.outcome
        ended = outcome is not None and len(values) > 0
        self._line.setVisible(ended)
        self._word.setVisible(ended)
        goes_on = ended and outcome == "timeout" and len(values) > 1 and bool(np.isfinite(realised[-2]))
        self._bootstrap.setVisible(goes_on)
        if outcome is None or not ended:
            return
        if goes_on:
            self._bootstrap.setData([len(values) - 2], [float(realised[-2])])
        word, tone = _ENDS[outcome]
        last = len(values) - 1
        self._line.setPen(theme.stroke(theme.colour(tone), 1, Qt.PenStyle.DashLine))
        self._line.setValue(last)
        self._word.setText(word, color=theme.colour(tone))
        self._word.setPos(last, top)

    def put_word(self, first: float, last: float) -> None:
        """With these first and last steps on show: beside the end, where there is room, if it is in sight."""
        place = (self._line.value() - first) / (last - first)
        self._word.setVisible(self._line.isVisible() and 0 <= place <= 1)
        self._word.setAnchor((0 if place < 0.8 else 1, 0))
