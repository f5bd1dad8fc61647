"""The timeline at the foot of a composed picture: what was expected, what came, surprises, and a cursor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dream_viewer.pictures import ink
from dream_viewer.pictures.ink import Colour
from dream_viewer.pictures.scales import EXCESS, SteadyScale
from dream_viewer.records import Beside, Course
from dream_viewer.words.wording import outcome_word

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

_PLOT: Box = (64, 778, ink.RIGHT, 868)
_LANE: Box = (64, 890, ink.RIGHT, 924)
_FINER = 3
_NAME = 190
"""Room for the name of an agent in the legend, in pixels."""
_PLAYED = 4
"""Height of the line under what a person played, in pixels."""
_BAND = 56
"""Opacity of the band of a fan, of 255."""


@dataclass(frozen=True, slots=True, eq=False)
class Fan:
    """What many futures of one Moment promise.

    Attributes:
        start: index of the Moment. band: (3, H + 1) lower edge, median, upper edge; column i belongs to step start + i.
    """

    start: int
    band: NDArray[np.float32]


class ComposedTimeline:
    """The timeline of one episode.

    Args:
        course: the episode. beside: how a second agent reads it; None: nothing is compared.
        fan_end: the last step of the last fan there will be; None: there will be none.

    Attributes:
        scale: of values, as drawn.
    """

    def __init__(self, course: Course, beside: Beside | None, fan_end: int | None = None) -> None:
        self.scale = SteadyScale()
        others = () if beside is None else (beside.values,)
        for series in (course.values, course.realised, *others):
            self.scale.include(series)
        self._course, self._beside = course, beside
        self._last = len(course.values) - 1
        self._fanned = fan_end is not None
        self._steps = max(1, self._last, fan_end or 0)

    def draw(self, image: Image.Image) -> None:
        """Draw all but the cursor."""
        draw, course = ImageDraw.Draw(image), self._course
        panel = (ink.MARGIN - 8, _PLOT[1] - 30, ink.RIGHT + 8, ink.SIZE[1] - 8)
        draw.rounded_rectangle(panel, 8, fill=ink.PANEL)
        self._draw_legend(draw)
        for value in (self.scale.low, self.scale.high):
            y = self._y(value)
            draw.line((_PLOT[0], y, _PLOT[2], y), fill=ink.LINE)
            ink.write(draw, (_PLOT[0] - 10, round(y)), f"{value:g}", 14, ink.MUTED, anchor="rm")
        for index in np.flatnonzero(course.rewards):
            px = self._x(float(index), _PLOT)
            draw.line((px, _PLOT[1], px, _PLOT[3]), fill=ink.REWARD, width=2)
        self._draw_curves(image)
        for first, last in course.played:
            left, right = self._x(first, _PLOT), self._x(min(last + 1, self._last), _PLOT)
            draw.rectangle((left, _PLOT[3] + 1, max(right, left + 1), _PLOT[3] + _PLAYED), fill=ink.PLAYED)
        for step in course.bookmarks:
            x = self._x(step, _PLOT)
            draw.polygon(((x - 6, _PLOT[1] - 5), (x + 6, _PLOT[1] - 5), (x, _PLOT[1] + 5)), fill=ink.FORKED)
        self._draw_surprise(draw)
        ink.write(draw, (_PLOT[0], ink.SIZE[1] - 29), "0", 14, ink.MUTED, anchor="ma")
        end = f"step {self._last}" + ("" if course.outcome is None else f", {outcome_word(course.outcome)}")
        right = max(round(self._x(self._last, _PLOT)), _PLOT[0] + 20 + ink.width(end, 14))
        ink.write(draw, (right, ink.SIZE[1] - 29), end, 14, ink.MUTED, anchor="ra")

    def draw_cursor(self, draw: ImageDraw.ImageDraw, index: int) -> None:
        """Draw the cursor at a step."""
        x, value = self._x(index, _PLOT), float(self._course.values[index])
        draw.line((x, _PLOT[1] - 4, x, _LANE[3]), fill=ink.TEXT, width=2)
        if self._beside is not None:
            self._draw_dot(draw, x, float(self._beside.values[index]), ink.COMPANION, 5)
        self._draw_dot(draw, x, value, ink.TEXT, 6)

    def draw_fan(self, image: Image.Image, fan: Fan) -> None:
        """Draw what many futures promise, over the curves."""
        lower, middle, upper = (
            [(self._x(fan.start + i, _PLOT), self._y(float(value))) for i, value in enumerate(edge)]
            for edge in fan.band
        )
        veil = Image.new("L", image.size)
        ImageDraw.Draw(veil).polygon([*lower, *reversed(upper)], fill=_BAND)
        image.paste(ink.FORKED, mask=veil)
        ImageDraw.Draw(image).line(middle, fill=ink.FORKED, width=2)

    def _draw_dot(self, draw: ImageDraw.ImageDraw, x: float, value: float, colour: Colour, radius: int) -> None:
        if np.isfinite(value):
            y = self._y(value)
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=ink.PANEL, width=2)

    def _x(self, index: float, box: Box) -> float:
        return box[0] + index / self._steps * (box[2] - box[0])

    def _y(self, value: float) -> float:
        room = EXCESS * (self.scale.high - self.scale.low)
        share = (value - self.scale.low) / (self.scale.high + room - self.scale.low)
        return _PLOT[3] - min(max(share, -0.1), 1.1) * (_PLOT[3] - _PLOT[1])

    def _legend(self) -> list[tuple[str, Colour]]:
        words = [("Value: the return it expects", ink.HIGH)]
        if self._beside is not None:
            mine, other = (ink.fitted(name, 15, _NAME) for name in self._beside.names)
            words = [(f"Value: the return {mine} expects", ink.HIGH), (f"{other} expects", ink.COMPANION)]
        words += [("what really came", ink.TEXT), ("reward", ink.REWARD)]
        words += [("imagined futures: median, 5-95 %", ink.FORKED)] if self._fanned else []
        words += [("a person played", ink.PLAYED)] if self._course.played else []
        return [*words, ("bookmark", ink.FORKED)] if self._course.bookmarks else words

    def _draw_legend(self, draw: ImageDraw.ImageDraw) -> None:
        x = ink.MARGIN + 4
        for word, colour in self._legend():
            if x + 25 + ink.width(word, 15) > ink.RIGHT:  # two agents with long names
                return
            draw.line((x, _PLOT[1] - 14, x + 18, _PLOT[1] - 14), fill=colour, width=3)
            ink.write(draw, (x + 25, _PLOT[1] - 23), word, 15, ink.MUTED)
            x += 25 + ink.width(word, 15) + 26

    def _draw_curves(self, image: Image.Image) -> None:
        """All lines, smooth: drawn larger on a copy of the plot's ground, then made smaller."""
        box = (ink.MARGIN - 8, _PLOT[1] - 6, ink.RIGHT + 8, _PLOT[3] + 10)
        size = (box[2] - box[0], box[3] - box[1])
        large = image.crop(box).resize((size[0] * _FINER, size[1] * _FINER), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(large)
        self._curve(draw, box, self._course.realised, ink.TEXT, 4)
        if self._beside is not None:
            self._curve(draw, box, self._beside.values, ink.COMPANION, 6)
        self._curve(draw, box, self._course.values, None, 9)
        image.paste(large.resize(size, Image.Resampling.LANCZOS), box[:2])

    def _curve(
        self, draw: ImageDraw.ImageDraw, box: Box, series: NDArray[np.float32], colour: Colour | None, width: int
    ) -> None:
        """A line through what is known; without a colour each part has that of its value."""
        known = np.isfinite(series)
        for i in np.flatnonzero(known[:-1] & known[1:]):
            a, b = float(series[i]), float(series[i + 1])
            points = [
                ((self._x(float(i + k), _PLOT) - box[0]) * _FINER, (self._y(v) - box[1]) * _FINER)
                for k, v in enumerate((a, b))
            ]
            fill = colour or ink.value_colour(self.scale.tone((a + b) / 2))
            draw.line(points, fill=fill, width=width)
            for x, y in points:  # round joints
                draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)

    def _draw_surprise(self, draw: ImageDraw.ImageDraw) -> None:
        """Bars, and a line for the second agent on one scale with them."""
        surprises = self._course.surprises
        others = surprises[:0] if self._beside is None else self._beside.surprises
        most = float(np.nan_to_num(np.concatenate([surprises, others])).max(initial=1.0))
        height = (_LANE[3] - _LANE[1]) / most
        ink.write(draw, (_LANE[0], _LANE[1] - 19), "Surprise", 14, ink.MUTED)
        draw.line((_LANE[0], _LANE[3], _LANE[2], _LANE[3]), fill=ink.LINE)
        bar = max(1.0, (_LANE[2] - _LANE[0]) / self._steps * 0.7)
        for i in np.flatnonzero(np.isfinite(surprises)):
            top = _LANE[3] - max(float(surprises[i]), 0.0) * height
            left = min(self._x(float(i), _LANE) - bar / 2, _LANE[2] - bar)
            draw.rectangle((left, top, left + bar, _LANE[3]), fill=ink.BARS)
        if self._beside is not None:
            known = np.flatnonzero(np.isfinite(others))
            line = [(self._x(float(i), _LANE), _LANE[3] - max(float(others[i]), 0.0) * height) for i in known]
            draw.line(line, fill=ink.COMPANION, width=2)
            mine, other = (ink.fitted(name, 14, _NAME) for name in self._beside.names)
            at_right = (_LANE[2], _LANE[1] - 19)
            ink.write(draw, at_right, f"line: {other}", 14, ink.COMPANION, anchor="ra")
            beside = at_right[0] - ink.width(f"line: {other}", 14) - 26
            ink.write(draw, (beside, at_right[1]), f"bars: {mine}", 14, ink.MUTED, anchor="ra")
