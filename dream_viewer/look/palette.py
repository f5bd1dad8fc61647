"""The window's colours by their words, for each scheme and each pair of good and bad. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Scheme = Literal["dark", "light"]
Pair = Literal["green-red", "blue-orange"]

SCHEMES: Mapping[Scheme, Mapping[str, str]] = {
    "dark": {
        "window": "#12151a",
        "panel": "#181c23",
        "control": "#222831",
        "hover": "#2b323d",
        "pressed": "#1d222a",
        "line": "#2a313b",
        "text": "#dde2ea",
        "muted": "#98a2b1",
        "faint": "#5d6775",
        "accent": "#82aaf5",
        "bright": "#97b9f8",
        "onbright": "#0f1318",
        "reward": "#f0c14b",
        "horizon": "#c99bea",
        "companion": "#3fd0de",
        "veil": "#0a0c0f",
        "bad": "#3a2a2d",
        "badline": "#6d3f43",
        "good": "#20332b",
        "goodline": "#35604c",
    },
    "light": {
        "window": "#f1f3f6",
        "panel": "#ffffff",
        "control": "#e8ebf0",
        "hover": "#dde3eb",
        "pressed": "#d2d9e3",
        "line": "#cfd6df",
        "text": "#1a2029",
        "muted": "#4f5a69",
        "faint": "#7b8594",
        "accent": "#2459c4",
        "bright": "#1c4aa8",
        "onbright": "#ffffff",
        "reward": "#8a5a00",
        "horizon": "#7c35ad",
        "companion": "#00707f",
        "veil": "#59626f",
        "bad": "#fbe9e8",
        "badline": "#e3b0ad",
        "good": "#e4f4ec",
        "goodline": "#a5d3bd",
    },
}
"""`window` to `pressed` are grounds, `text` and `muted` stand on them, `onbright` on colours; `faint` is disabled."""

PAIRS: Mapping[Pair, Mapping[Scheme, Mapping[str, str]]] = {
    "green-red": {
        "dark": {
            "observed": "#43b581",
            "imagined": "#ef5b5b",
            "forked": "#82aaf5",
            "played": "#b893f5",
            "high": "#4fc58d",
            "middle": "#d9c46a",
            "low": "#ef5b5b",
        },
        "light": {
            "observed": "#147046",
            "imagined": "#c4312f",
            "forked": "#2459c4",
            "played": "#6b3fc0",
            "high": "#147046",
            "middle": "#8a6a00",
            "low": "#c4312f",
        },
    },
    "blue-orange": {
        "dark": {
            "observed": "#509ff1",
            "imagined": "#f0913a",
            "forked": "#cdd3dd",
            "played": "#b893f5",
            "high": "#5aa9f5",
            "middle": "#a8adb8",
            "low": "#f0913a",
        },
        "light": {
            "observed": "#0f66b8",
            "imagined": "#a85200",
            "forked": "#414b59",
            "played": "#6b3fc0",
            "high": "#0f66b8",
            "middle": "#606a78",
            "low": "#a85200",
        },
    },
}
"""Colours of good and bad: the usual pair, and one that colour-blind people tell apart.

`observed`, `imagined`, `forked` and `played` are borders; `high`, `middle`, `low` the value's scale.
"""


def colours(scheme: Scheme, pair: Pair) -> dict[str, str]:
    """Every word with its colour, as #rrggbb."""
    return {**SCHEMES[scheme], **PAIRS[pair][scheme]}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1 to 21, as WCAG 2.2 defines it; text is to have 4.5 at least."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
