"""Small live curves of a training, one above the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyqtgraph as pg
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QColor, QFont
from PyQt6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from dream_viewer import theme
from dream_viewer.curves import Plot, Points

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
        legend = QLabel("  ".join(_legend(curve.text, curve.colour) for curve in plot.curves if curve.text))
        legend.setTextFormat(Qt.TextFormat.RichText)
        legend.setProperty("role", "label")
        self.value = QLabel()
        header = QHBoxLayout()
        header.setSpacing(8)
        header.addWidget(title)
        header.addWidget(legend)
        header.addStretch(1)
        header.addWidget(self.value)
        self._graph = pg.PlotWidget(background=theme.colour("window"))
        self._graph.setMinimumHeight(_LEAST_HEIGHT)
        self._graph.setFrameShape(pg.PlotWidget.Shape.NoFrame)
        self._graph.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        item = self._graph.getPlotItem()
        item.hideButtons()
        item.setContentsMargins(0, 4, 6, 0)
        item.getViewBox().setDefaultPadding(0.04)
        font = QFont(theme.base_font())
        font.setPixelSize(10)
        axis = item.getAxis("left")
        axis.setPen(QColor(0, 0, 0, 0))
        axis.setTextPen(theme.colour("muted"))
        axis.setStyle(tickFont=font, tickLength=0, tickTextOffset=3, hideOverlappingLabels=True)
        axis.setWidth(36)
        axis.setTickDensity(0.6)
        axis.enableAutoSIPrefix(False)
        item.hideAxis("bottom")
        self._lines = {
            curve.key: item.plot(
                pen=pg.mkPen(theme.colour(curve.colour), width=1.5 if curve.marks else 1),
                antialias=True,
                symbol="o" if curve.marks else None,
                symbolSize=5,
                symbolBrush=theme.colour(curve.colour),
                symbolPen=None,
            )
            for curve in plot.curves
        }
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(header)
        layout.addWidget(self._graph, 1)

    def show_points(self, points: Mapping[str, Points]) -> None:
        newest = ""
        for key, line in self._lines.items():
            steps, values = points[key]
            line.setData(steps, values)
            if len(values):
                newest = f"{values[-1]:.0f}" if abs(values[-1]) >= 1000 else f"{values[-1]:.3g}"
        self.value.setText(newest)


def _legend(text: str, colour: str) -> str:
    return f'<span style="color:{theme.COLOURS[colour]}">●</span> {text}'
