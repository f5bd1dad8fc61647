"""Dream horizons as a curve of the timeline, on a scale of their own, and in words."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from dream_viewer.look import theme
from trainer.horizons import LIMIT, Horizons


class HorizonCurve(pg.PlotCurveItem):
    """From the bottom of the value's scale, no frame, to its top: LIMIT frames, or all to the end of the episode."""

    def __init__(self) -> None:
        super().__init__(antialias=True)
        self._horizons: Horizons | None = None
        self._lacking = ""
        self._low, self._high = 0.0, 1.0

    def restyle(self) -> None:
        """Take the colour anew from the theme."""
        self.setPen(theme.stroke(theme.colour("horizon"), 1.5))

    def show_horizons(self, horizons: Horizons | None, lacking: str = "") -> None:
        """Draw what is known, in order of time; None: nothing is to be shown.

        Args:
            horizons: that are known. lacking: why there are none, in words.
        """
        self._horizons, self._lacking = horizons, lacking
        self._draw()

    def put_between(self, low: float, high: float) -> None:
        """Take the value's scale: where its lowest and its highest value are drawn."""
        if (low, high) != (self._low, self._high):
            self._low, self._high = low, high
            self._draw()

    @property
    def legend(self) -> str:
        """What the curve is; empty where there is none."""
        if self._horizons is None:
            return ""
        lacking = f", {self._lacking}" if self._lacking else ""
        return f"dream horizon, 0 to {LIMIT} frames{lacking}"

    def words(self, step: int) -> str:
        """The horizon at a step; empty where it is not known."""
        found = self._horizons
        if found is None:
            return ""
        place = int(np.searchsorted(found.starts, step))
        if place == len(found.starts) or found.starts[place] != step:
            return ""
        frames, flaw = int(found.frames[place]), found.flaws[place]
        if flaw is not None:
            return f"dream holds {frames} ({flaw} off)"
        return f"dream holds {LIMIT} frames" if frames == LIMIT else "dream holds to the end"

    def _draw(self) -> None:
        if self._horizons is None:
            self.setData([], [])
            return
        unbroken = np.array([flaw is None for flaw in self._horizons.flaws], np.bool_)
        share = np.where(unbroken, LIMIT, self._horizons.frames) / LIMIT
        self.setData(self._horizons.starts.astype(np.float32), self._low + share * (self._high - self._low))
