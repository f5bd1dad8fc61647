"""One still picture of a Moment, composed for reading: panes, film strip and timeline under a title.

Drawn with Pillow and its own typeface, so that it needs neither a display nor Qt and looks the same everywhere. While
two agents are compared the panes of both stand beside reality, and both have a row in the film strip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageDraw

from dream_viewer.pictures import ink
from dream_viewer.pictures.composed_timeline import ComposedTimeline, Fan
from dream_viewer.pictures.ink import Colour
from dream_viewer.records import Beside, Course, Film, FilmCell, Origin, View

MOST_CELLS = 18
"""Frames of a future that are shown at most, evenly picked."""
GAP = 16
"""What the frame of a pane adds to its picture, in pixels."""

_ORIGINS: dict[Origin, Colour] = {
    "observed": ink.OBSERVED,
    "imagined": ink.IMAGINED,
    "forked": ink.FORKED,
    "played": ink.PLAYED,
}
_CELL = 64
_BELOW = 30
"""From the caption of a small pane to the note on its agent, in pixels."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a pane stands, in pixels.

    Attributes:
        left, top: its edges. side: of its picture. room: for its caption, from left to right.
        caption, message: sizes of the letters below the picture and over it.
    """

    left: int
    top: int
    side: int
    room: int
    caption: int
    message: int

    @property
    def box(self) -> int:
        """Side of the pane."""
        return self.side + GAP


_ALONE = tuple(_Slot(ink.MARGIN + place * 416, 100, 384, 400, 15, 17) for place in range(3))
_COMPARED = (
    _Slot(ink.MARGIN, 118, 256, 300, 13, 15),
    *(_Slot(left, 118, 192, 216, 13, 15) for left in (340, 568, 820, 1048)),
)
_SECOND, _THIRD = 1, 3
"""Places of the first panes of the two agents that are compared."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What is seen at one Moment.

    Attributes:
        index: of the Moment. film: the strip; None leaves it out.
        panes: reality, dream and difference; while two agents are compared the second one's dream and difference, too.
        ahead: 0-based frame of the strip that reality has come to; None picks none out.
        words: about the Moment, at the right of the title.
        notes: about the Moment as each of two compared agents sees it.
        fan: what many futures promise; None leaves it out.
    """

    index: int
    panes: tuple[View, ...]
    film: Film | None
    ahead: int | None
    words: str
    notes: tuple[str, ...] = ()
    fan: Fan | None = None


class Composer:
    """Draws the Moments of one episode; what they share is drawn once.

    Args:
        title, subtitle: of every picture. course: the episode.
        beside: how a second agent reads it; None: nothing is compared.
        fan_end: the last step of the last fan there will be; None: there will be none.

    Attributes:
        scale: of values, as drawn.
    """

    def __init__(
        self, title: str, subtitle: str, course: Course, beside: Beside | None = None, fan_end: int | None = None
    ) -> None:
        self._timeline = ComposedTimeline(course, beside, fan_end)
        self.scale = self._timeline.scale
        self._slots = _ALONE if beside is None else _COMPARED
        self._rows = (558, 660) if beside is None else (444, 552, 660)
        self._ground = Image.new("RGB", ink.SIZE, ink.GROUND)
        draw = ImageDraw.Draw(self._ground)
        ink.write(draw, (ink.MARGIN, 20), ink.fitted(title, 28, ink.RIGHT - ink.MARGIN), 28, ink.TEXT)
        ink.write(draw, (ink.MARGIN, 58), subtitle, 17, ink.MUTED)
        if beside is not None:
            for place, heading in zip((_SECOND, _THIRD), beside.headings, strict=True):
                slot = self._slots[place]
                colour = ink.TEXT if place == _SECOND else ink.COMPANION
                ink.write(draw, (slot.left, slot.top - 24), ink.fitted(heading, 16, 436), 16, colour)
        self._timeline.draw(self._ground)

    def compose(self, scene: Scene) -> Image.Image:
        """The picture of one Moment, RGB of `ink.SIZE`."""
        image = self._ground.copy()
        draw = ImageDraw.Draw(image)
        ink.write(draw, (ink.RIGHT, 58), scene.words, 17, ink.TEXT, anchor="ra")
        for slot, view in zip(self._slots, scene.panes, strict=False):
            _pane(image, draw, slot, view)
        for place, note in zip((_SECOND, _THIRD), scene.notes, strict=False):
            slot = self._slots[place]
            ink.write(draw, (slot.left + 2, slot.top + slot.box + 8 + _BELOW), note, 14, ink.TEXT)
        if scene.film is not None:
            self._draw_film(image, draw, scene.film, scene.ahead)
        if scene.fan is not None:
            self._timeline.draw_fan(image, scene.fan)
        self._timeline.draw_cursor(draw, scene.index)
        return image

    def _draw_film(self, image: Image.Image, draw: ImageDraw.ImageDraw, film: Film, ahead: int | None) -> None:
        picked = _picked(len(film.imagined))
        pitch = (ink.RIGHT - ink.MARGIN) / len(picked)
        for top, (cells, title, colour) in zip(self._rows, _rows(film), strict=False):
            ink.write(draw, (ink.MARGIN, top - 22), ink.fitted(title, 15, ink.RIGHT - ink.MARGIN), 15, colour)
            for column, place in enumerate(picked if cells else ()):
                cell = cells[place]
                edge = colour if cell.tone is None else ink.value_colour(cell.tone)
                _cell(image, draw, (round(ink.MARGIN + column * pitch), top), cell, edge)
        if ahead in picked:
            left = round(ink.MARGIN + picked.index(ahead) * pitch)
            box = (left - 5, self._rows[0] - 5, left + _CELL + 4, self._rows[0] + _CELL + 4)
            draw.rounded_rectangle(box, 5, outline=ink.TEXT, width=2)


def _rows(film: Film) -> list[tuple[tuple[FilmCell, ...], str, Colour]]:
    """Cells, title and colour of each row; where two agents dream, each one's errors stand under its own frames."""
    truth = (film.real, film.missing or film.real_title, ink.FORKED)
    if not film.echo_title:
        return [(film.imagined, film.imagined_title, ink.IMAGINED), truth]
    mine = film.imagined
    if film.real:
        mine = tuple(replace(cell, error=real.error) for cell, real in zip(mine, film.real, strict=True))
        truth = (tuple(replace(real, error=None) for real in film.real), *truth[1:])
    return [(mine, film.imagined_title, ink.IMAGINED), (film.echo, film.echo_title, ink.COMPANION), truth]


def _picked(count: int) -> Sequence[int]:
    """Indices of the frames of a strip that are shown."""
    if count <= MOST_CELLS:
        return range(count)
    return [int(place) for place in np.linspace(0, count - 1, MOST_CELLS).round()]


def _pane(image: Image.Image, draw: ImageDraw.ImageDraw, slot: _Slot, view: View) -> None:
    colour = ink.LINE if view.origin is None else _ORIGINS[view.origin]
    left, top, inset = slot.left, slot.top, GAP // 2
    box = (left, top, left + slot.box - 1, top + slot.box - 1)
    draw.rounded_rectangle(box, 6, fill=ink.PANEL, outline=colour, width=4)
    if view.frame is not None:
        picture = Image.fromarray(np.ascontiguousarray(view.frame))
        enlarged = picture.height <= slot.side
        picture = picture.resize(
            (slot.side, slot.side), Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
        )
        if view.message:
            picture = picture.point(lambda level: level * 0.35)
        image.paste(picture, (left + inset, top + inset))
    if view.origin is not None:
        word = view.origin.upper()
        beyond = left + inset + ink.width(word, 14) + 18
        draw.rectangle((left + inset, top + inset, beyond, top + inset + 23), fill=colour)
        ink.write(draw, (left + inset + 9, top + inset + 4), word, 14, ink.GROUND)
    centre = (left + slot.box // 2, top + slot.box // 2)
    ink.write(draw, centre, ink.wrapped(view.message, slot.message, slot.side, " "), slot.message, ink.TEXT, "mm")
    below = (left + 2, top + slot.box + 7)
    ink.write(draw, below, ink.wrapped(view.caption, slot.caption, slot.room), slot.caption, ink.MUTED)


def _cell(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    where: tuple[int, int],
    cell: FilmCell,
    edge: Colour,
) -> None:
    left, top = where
    if cell.frame is None:
        draw.rectangle((left, top, left + _CELL - 1, top + _CELL - 1), outline=ink.LINE)
    else:
        image.paste(Image.fromarray(np.ascontiguousarray(cell.frame)), where)
        draw.rectangle((left - 2, top - 2, left + _CELL + 1, top + _CELL + 1), outline=edge, width=2)
    if cell.word:
        middle = (left + _CELL // 2, top + _CELL // 2)
        draw.rectangle((left + 4, middle[1] - 11, left + _CELL - 5, middle[1] + 10), fill=ink.PANEL)
        ink.write(draw, middle, cell.word, 14, ink.TEXT, anchor="mm")
    if cell.reward:
        x, y = left + _CELL - 9, top + 9
        draw.polygon(((x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)), fill=ink.REWARD, outline=ink.GROUND)
    if cell.error is not None:
        ink.write(draw, (left + _CELL // 2, top + _CELL + 4), f"{cell.error:.1f} %", 13, ink.MUTED, anchor="ma")
