"""What composed pictures are drawn with: their size, colours and letters. No Qt here, and no display needed."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw, ImageFont

SIZE = (1280, 960)
"""Width and height in pixels, both even, as video wants them."""
MARGIN, RIGHT = 24, SIZE[0] - 24
"""Left and right edge of what is drawn."""

Colour = tuple[int, int, int]

GROUND, PANEL, LINE = (18, 21, 26), (24, 28, 35), (42, 49, 59)
TEXT, MUTED = (221, 226, 234), (152, 162, 177)
LOW, MIDDLE, HIGH, REWARD = (239, 91, 91), (217, 196, 106), (79, 197, 141), (240, 193, 75)
OBSERVED, IMAGINED, FORKED = (67, 181, 129), LOW, (130, 170, 245)
PLAYED, COMPANION, BARS = (184, 147, 245), (63, 208, 222), (86, 113, 163)

_PLAIN = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2009": " ", "\u00d7": "x", "\u2026": "...", "\u00a0": " "})
"""What the typeface lacks, and what stands in for it."""


def value_colour(tone: float) -> Colour:
    """The colour of a value at a place of its scale, 0 to 1: red, yellow, green."""
    stops = ((0.0, LOW), (0.35, LOW), (0.55, MIDDLE), (0.75, HIGH), (1.0, HIGH))
    places, colours = [place for place, _ in stops], np.array([colour for _, colour in stops])
    r, g, b = (round(float(np.interp(tone, places, colours[:, channel]))) for channel in range(3))
    return r, g, b


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own typeface, `size` pixels high."""
    return ImageFont.load_default(size)


def write(
    draw: ImageDraw.ImageDraw, where: tuple[int, int], text: str, size: int, colour: Colour, anchor: str = "la"
) -> None:
    """Write some lines; `anchor` as Pillow names them."""
    align = "center" if anchor.startswith("m") else "left"
    draw.text(where, _plain(text), fill=colour, font=font(size), anchor=anchor, align=align)


def width(text: str, size: int) -> int:
    """How wide a line is, in pixels."""
    return round(font(size).getlength(_plain(text)))


def fitted(text: str, size: int, room: int) -> str:
    """A line, with its middle left out where it is wider than there is room, in pixels."""
    shown, kept = text, len(text)
    while width(shown, size) > room and kept > 1:
        kept -= 1
        shown = f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"
    return shown


def wrapped(text: str, size: int, room: int, between: str = " · ") -> str:
    """Lines, each broken where it is wider than there is room, in pixels; `between`: where that may be done."""
    lines: list[str] = []
    for line in text.split("\n"):
        first, *others = line.split(between)
        lines.append(first)
        for part in others:
            joined = lines[-1] + between + part
            if width(joined, size) <= room:
                lines[-1] = joined
            else:
                lines.append(part)
    return "\n".join(lines)


def _plain(text: str) -> str:
    return text.translate(_PLAIN)
