"""Small live curves of a training, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyqtgraph as pg
from PyQt6.QtCore import Qt, pyqtSlot
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dream_viewer.curves.training_curves import Plot, Points
from dream_viewer.look import theme

_LEAST_HEIGHT = 36


class TrainingCurves(QWidget):
    """One small plot for each row of a table; newest values stand beside the titles.

    Args:
        plots: what to draw, top to bottom.
    """

    def __init__(self, plots: Sequence[Plot], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = [_Row(plot) for plot in plots]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for row in self._rows:
            layout.addWidget(row, 1)

    def show_points(self, points: Mapping[str, Points]) -> None:
        """Draw the points of every curve, by its key."""
        for row in self._rows:
            row.show_points(points)

    def newest(self) -> dict[str, str]:
        """Title to the value that stands beside it."""
        return {row.plot.title: row.value.text() for row in self._rows}


class _Row(QWidget):
    def __init__(self, plot: Plot) -> None:
        super().__init__()
        self.plot = plot
        title = QLabel(plot.title)
        title.setProperty("role", "label")
        self._legend = QLabel()
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setProperty("role", "label")
        self.value = QLabel()
        header = QHBoxLayout()
        header.setSpacing(8)
        header.addWidget(title)
        header.addWidget(self._legend)
        header.addStretch(1)
        header.addWidget(self.value)
        self._graph = pg.PlotWidget(enableMenu=False)
        self._graph.setMinimumHeight(_LEAST_HEIGHT)
        self._graph.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self._graph.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        item = self._graph.getPlotItem()
        item.hideButtons()
        item.setContentsMargins(0, 4, 6, 0)
        item.getViewBox().setDefaultPadding(0.04)
        axis = item.getAxis("left")
        axis.setStyle(
            tickFont=theme.base_font(10), tickLength=0, tickTextOffset=3, hideOverlappingLabels=True, showValues=False
        )
        axis.setWidth(36)
        axis.setTickDensity(0.6)
        axis.enableAutoSIPrefix(False)
        item.hideAxis("bottom")
        self._lines = {
            curve.key: item.plot(
                antialias=True,
                symbol="o" if curve.marks else None,
                symbolSize=5,
                symbolPen=None,
            )
            for curve in plot.curves
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self._graph, 1)
        theme.LOOKS.changed.connect(self.restyle)
        self.restyle()

    @pyqtSlot()
    def restyle(self) -> None:
        """Take all colours anew from the theme."""
        curves = self.plot.curves
        self._legend.setText("  ".join(_legend(curve.text, curve.colour) for curve in curves if curve.text))
        self._graph.setBackground(theme.colour("panel"))
        axis = self._graph.getPlotItem().getAxis("left")
        axis.setPen(theme.colour("panel"))
        axis.setTextPen(theme.colour("muted"))
        for curve in curves:
            self._lines[curve.key].setPen(theme.stroke(theme.colour(curve.colour), 1.5 if curve.marks else 1))
            self._lines[curve.key].setSymbolBrush(theme.colour(curve.colour))

    def show_points(self, points: Mapping[str, Points]) -> None:
        known = any(len(points[key][0]) for key in self._lines)  # the scale of nothing would be numbers of nothing
        self._graph.getPlotItem().getAxis("left").setStyle(showValues=known)
        newest = "\u2013"
        for key, line in self._lines.items():
            steps, values = points[key]
            line.setData(steps, values)
            if len(values):
                newest = f"{values[-1]:.0f}" if abs(values[-1]) >= 1000 else f"{values[-1]:.3g}"
        self.value.setText(newest)


def _legend(text: str, colour: str) -> str:
    return f'<span style="color:{theme.COLOURS[colour]}">●</span> {text}'
