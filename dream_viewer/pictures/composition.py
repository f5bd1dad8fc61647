"""One still picture of a Moment, composed for reading: panes, film strip and timeline under a title.

Drawn with Pillow and its own typeface, so that it needs neither a display nor Qt and looks the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from dream_viewer.pictures.scales import EXCESS, SteadyScale
from dream_viewer.records import Course, Film, FilmCell, Origin, View
from dream_viewer.words.wording import outcome_word

SIZE = (1280, 960)
"""Width and height in pixels, both even, as video wants them."""
MOST_CELLS = 18
"""Frames of a future that are shown at most, evenly picked."""

_GROUND, _PANEL, _LINE = (18, 21, 26), (24, 28, 35), (42, 49, 59)
_TEXT, _MUTED, _FAINT = (221, 226, 234), (152, 162, 177), (93, 103, 117)
_LOW, _MIDDLE, _HIGH, _REWARD, _BLUE = (239, 91, 91), (217, 196, 106), (79, 197, 141), (240, 193, 75), (130, 170, 245)
_ORIGINS: dict[Origin, tuple[int, int, int]] = {"observed": (67, 181, 129), "imagined": _LOW, "forked": _BLUE}
_PLAIN = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2009": " ", "\u00d7": "x"})
"""What the typeface lacks, and what stands in for it."""
_MARGIN, _RIGHT = 24, SIZE[0] - 24
_PANE, _PANE_TOP, _PANE_GAP = 400, 100, 16
_PICTURE = 384
_STRIP_TOP, _CELL = 558, 64
_PLOT = (64, 778, _RIGHT, 868)
_FINER = 3
_LANE = (64, 890, _RIGHT, 924)


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is seen at one Moment.

    Attributes:
        index: of the Moment. panes: at most three. film: the strip; None leaves it out.
        ahead: 0-based frame of the strip that reality has come to; None picks none out.
        words: about the Moment, at the right of the title.
    """

    index: int
    panes: tuple[View, ...]
    film: Film | None
    ahead: int | None
    words: str


class Composer:
    """Draws the Moments of one episode; what they share is drawn once.

    Args:
        title, subtitle: of every picture. course: the episode.

    Attributes:
        scale: of values, as drawn.
    """

    def __init__(self, title: str, subtitle: str, course: Course) -> None:
        self.scale = SteadyScale()
        for series in (course.values, course.realised):
            self.scale.include(series)
        self._course = course
        self._steps = max(1, len(course.values) - 1)
        self._ground = Image.new("RGB", SIZE, _GROUND)
        draw = ImageDraw.Draw(self._ground)
        _write(draw, (_MARGIN, 20), title, 28, _TEXT)
        _write(draw, (_MARGIN, 58), subtitle, 17, _MUTED)
        self._draw_timeline(draw)

    def compose(self, scene: Scene) -> Image.Image:
        """The picture of one Moment, RGB of SIZE."""
        image = self._ground.copy()
        draw = ImageDraw.Draw(image)
        _write(draw, (_RIGHT, 58), scene.words, 17, _TEXT, anchor="ra")
        for place, view in enumerate(scene.panes):
            _pane(image, draw, _MARGIN + place * (_PANE + _PANE_GAP), view)
        if scene.film is not None:
            self._draw_film(image, draw, scene.film, scene.ahead)
        self._draw_cursor(draw, scene.index)
        return image

    # The film strip

    def _draw_film(self, image: Image.Image, draw: ImageDraw.ImageDraw, film: Film, ahead: int | None) -> None:
        picked = _picked(len(film.imagined))
        pitch = (_RIGHT - _MARGIN) / len(picked)
        real_top = _STRIP_TOP + _CELL + 38
        _write(draw, (_MARGIN, _STRIP_TOP - 22), film.imagined_title, 15, _ORIGINS["imagined"])
        _write(draw, (_MARGIN, real_top - 22), film.missing or film.real_title, 15, _ORIGINS["forked"])
        for column, place in enumerate(picked):
            left = round(_MARGIN + column * pitch)
            cell = film.imagined[place]
            edge = _LINE if cell.tone is None else value_colour(cell.tone)
            _cell(image, draw, (left, _STRIP_TOP), cell, edge)
            if place == ahead:
                box = (left - 5, _STRIP_TOP - 5, left + _CELL + 4, _STRIP_TOP + _CELL + 4)
                draw.rounded_rectangle(box, 5, outline=_TEXT, width=2)
            if film.real:
                _cell(image, draw, (left, real_top), film.real[place], _ORIGINS["forked"])

    # The timeline

    def _x(self, index: float, box: tuple[int, int, int, int]) -> float:
        return box[0] + index / self._steps * (box[2] - box[0])

    def _y(self, value: float) -> float:
        room = EXCESS * (self.scale.high - self.scale.low)
        share = (value - self.scale.low) / (self.scale.high + room - self.scale.low)
        return _PLOT[3] - min(max(share, -0.1), 1.1) * (_PLOT[3] - _PLOT[1])

    def _draw_timeline(self, draw: ImageDraw.ImageDraw) -> None:
        course = self._course
        draw.rounded_rectangle((_MARGIN - 8, _PLOT[1] - 30, _RIGHT + 8, SIZE[1] - 8), 8, fill=_PANEL)
        x = _MARGIN + 4
        for word, colour in (("Value: the return it expects", _HIGH), ("what really came", _TEXT), ("reward", _REWARD)):
            draw.line((x, _PLOT[1] - 14, x + 18, _PLOT[1] - 14), fill=colour, width=3)
            _write(draw, (x + 25, _PLOT[1] - 23), word, 15, _MUTED)
            x += 25 + round(_font(15).getlength(word)) + 26
        for value in (self.scale.low, self.scale.high):
            y = self._y(value)
            draw.line((_PLOT[0], y, _PLOT[2], y), fill=_LINE)
            _write(draw, (_PLOT[0] - 10, round(y)), f"{value:g}", 14, _MUTED, anchor="rm")
        for index in np.flatnonzero(course.rewards):
            px = self._x(float(index), _PLOT)
            draw.line((px, _PLOT[1], px, _PLOT[3]), fill=_REWARD, width=2)
        self._draw_curves()
        self._draw_surprise(draw)
        _write(draw, (_PLOT[0], SIZE[1] - 29), "0", 14, _MUTED, anchor="ma")
        end = f"step {self._steps}" + ("" if course.outcome is None else f", {outcome_word(course.outcome)}")
        _write(draw, (_PLOT[2], SIZE[1] - 29), end, 14, _MUTED, anchor="ra")

    def _draw_curves(self) -> None:
        """Both lines, smooth: drawn larger on a copy of the plot's ground, then made smaller."""
        box = (_MARGIN - 8, _PLOT[1] - 6, _RIGHT + 8, _PLOT[3] + 10)
        size = (box[2] - box[0], box[3] - box[1])
        large = self._ground.crop(box).resize((size[0] * _FINER, size[1] * _FINER), Image.Resampling.NEAREST)
        draw = ImageDraw.Draw(large)
        self._curve(draw, box, self._course.realised, _TEXT, 4)
        self._curve(draw, box, self._course.values, None, 9)
        self._ground.paste(large.resize(size, Image.Resampling.LANCZOS), box[:2])

    def _curve(
        self,
        draw: ImageDraw.ImageDraw,
        box: tuple[int, int, int, int],
        series: NDArray[np.float32],
        colour: tuple[int, int, int] | None,
        width: int,
    ) -> None:
        """A line through what is known; without a colour each part has that of its value."""
        known = np.isfinite(series)
        for i in np.flatnonzero(known[:-1] & known[1:]):
            a, b = float(series[i]), float(series[i + 1])
            points = [
                ((self._x(float(i + k), _PLOT) - box[0]) * _FINER, (self._y(v) - box[1]) * _FINER)
                for k, v in enumerate((a, b))
            ]
            fill = colour or value_colour(self.scale.tone((a + b) / 2))
            draw.line(points, fill=fill, width=width)
            for x, y in points:  # round joints
                draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)

    def _draw_surprise(self, draw: ImageDraw.ImageDraw) -> None:
        surprises = self._course.surprises
        known = np.isfinite(surprises)
        _write(draw, (_LANE[0], _LANE[1] - 19), "Surprise", 14, _MUTED)
        draw.line((_LANE[0], _LANE[3], _LANE[2], _LANE[3]), fill=_LINE)
        most = max(float(surprises[known].max()), 1.0) if known.any() else 1.0
        bar = max(1.0, (_LANE[2] - _LANE[0]) / self._steps * 0.7)
        for i in np.flatnonzero(known):
            height = max(float(surprises[i]), 0.0) / most * (_LANE[3] - _LANE[1])
            left = min(self._x(float(i), _LANE) - bar / 2, _LANE[2] - bar)
            draw.rectangle((left, _LANE[3] - height, left + bar, _LANE[3]), fill=(86, 113, 163))

    def _draw_cursor(self, draw: ImageDraw.ImageDraw, index: int) -> None:
        x, value = self._x(index, _PLOT), float(self._course.values[index])
        draw.line((x, _PLOT[1] - 4, x, _LANE[3]), fill=_TEXT, width=2)
        if np.isfinite(value):
            y = self._y(value)
            draw.ellipse((x - 6, y - 6, x + 6, y + 6), fill=_TEXT, outline=_PANEL, width=2)


def value_colour(tone: float) -> tuple[int, int, int]:
    """The colour of a value at a place of its scale, 0 to 1: red, yellow, green."""
    stops = ((0.0, _LOW), (0.35, _LOW), (0.55, _MIDDLE), (0.75, _HIGH), (1.0, _HIGH))
    places, colours = [place for place, _ in stops], np.array([colour for _, colour in stops])
    r, g, b = (round(float(np.interp(tone, places, colours[:, channel]))) for channel in range(3))
    return r, g, b


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write(
    draw: ImageDraw.ImageDraw,
    where: tuple[int, int],
    text: str,
    size: int,
    colour: tuple[int, int, int],
    anchor: str = "la",
) -> None:
    draw.text(where, text.translate(_PLAIN), fill=colour, font=_font(size), anchor=anchor)


def _picked(count: int) -> Sequence[int]:
    """Indices of the frames of a strip that are shown."""
    if count <= MOST_CELLS:
        return range(count)
    return [int(place) for place in np.linspace(0, count - 1, MOST_CELLS).round()]


def _pane(image: Image.Image, draw: ImageDraw.ImageDraw, left: int, view: View) -> None:
    colour = _LINE if view.origin is None else _ORIGINS[view.origin]
    top, inset = _PANE_TOP, (_PANE - _PICTURE) // 2
    box = (left, top, left + _PANE - 1, top + _PANE - 1)
    draw.rounded_rectangle(box, 6, fill=_PANEL, outline=colour, width=4)
    if view.frame is not None:
        picture = Image.fromarray(np.ascontiguousarray(view.frame))
        enlarged = picture.height <= _PICTURE
        picture = picture.resize(
            (_PICTURE, _PICTURE), Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
        )
        if view.message:
            picture = picture.point(lambda level: level * 0.35)
        image.paste(picture, (left + inset, top + inset))
    if view.origin is not None:
        word = view.origin.upper()
        width = round(_font(14).getlength(word)) + 18
        draw.rectangle((left + inset, top + inset, left + inset + width, top + inset + 23), fill=colour)
        _write(draw, (left + inset + 9, top + inset + 4), word, 14, _GROUND)
    if view.message:
        centre = (left + _PANE // 2, top + _PANE // 2)
        draw.multiline_text(
            centre, view.message.translate(_PLAIN), fill=_TEXT, font=_font(17), anchor="mm", align="center"
        )
    _write(draw, (left + 2, top + _PANE + 7), view.caption, 15, _MUTED)


def _cell(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    where: tuple[int, int],
    cell: FilmCell,
    edge: tuple[int, int, int],
) -> None:
    left, top = where
    if cell.frame is None:
        draw.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), outline=_LINE)
    else:
        image.paste(Image.fromarray(np.ascontiguousarray(cell.frame)), where)
        draw.rectangle((left - 2, top - 2, left + _CELL + 1, top + _CELL + 1), outline=edge, width=2)
    if cell.word:
        middle = (left + _CELL // 2, top + _CELL // 2)
        draw.rectangle((left + 4, middle[1] - 11, left + _CELL - 5, middle[1] + 10), fill=_PANEL)
        _write(draw, middle, cell.word, 14, _TEXT, anchor="mm")
    if cell.reward:
        x, y = left + _CELL - 9, top + 9
        draw.polygon(((x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)), fill=_REWARD, outline=_GROUND)
    if cell.error is not None:
        _write(draw, (left + _CELL // 2, top + _CELL + 4), f"{cell.error:.1f} %", 13, _MUTED, anchor="ma")
