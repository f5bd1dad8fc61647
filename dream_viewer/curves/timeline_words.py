"""The line above the timeline's curves: what they are, or every curve's number at one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from dream_viewer.curves.companion_curve import CompanionCurve
from dream_viewer.curves.fan_curve import FanCurve
from dream_viewer.curves.future_curve import FutureCurve
from dream_viewer.curves.horizon_curve import HorizonCurve
from dream_viewer.curves.played_line import PlayedLine
from dream_viewer.look import theme
from dream_viewer.records import Course
from dream_viewer.words.numerals import decimal

LONGEST_NAME = 22
"""Letters of an agent's name."""
_BETWEEN = " &nbsp;·&nbsp; "


class Curves(NamedTuple):
    """What a timeline draws besides the episode itself."""

    fan: FanCurve
    future: FutureCurve
    companion: CompanionCurve
    horizon: HorizonCurve
    played: PlayedLine


def legend(course: Course, curves: Curves) -> list[str]:
    """What the curves are, as rich text: one part a curve; beside a second agent also whose each is."""
    fan, future, companion, horizon, played = curves
    whose = f"{_named(companion.mine)}'s " if companion.other else ""
    if companion.other:
        parts = [
            f"Value, as {_named(companion.mine)} sees it",
            _coloured(f"as {_named(companion.other)} sees it", "companion"),
        ]
    else:
        parts = ["Value: the return the agent expects"]
    if np.isfinite(course.realised).any():
        rest = ", ○ and the value it ends in" if course.outcome == "timeout" else ""
        parts.append(_coloured(f"- - what really came{rest}", "text"))
    drawn = ((fan, "accent"), (future, "text"), (horizon, "horizon"))
    parts += [_coloured(f"{whose}{curve.legend}", word) for curve, word in drawn if curve.legend]
    return [*parts, _coloured(played.legend, "played")] if played.legend else parts


def line(parts: Sequence[str], has_room: Callable[[str], bool]) -> str:
    """As many of the parts as have room beside each other, the first one in any case."""
    shorter = ([*parts[:count], "…"] for count in range(len(parts) - 1, 0, -1))
    texts = (_BETWEEN.join(some) for some in (parts, *shorter))
    return next((text for text in texts if has_room(text)), parts[0])


def lines(parts: Sequence[str], has_room: Callable[[str], bool]) -> str:
    """All of the parts: beside each other or, where there is no room for that, in two lines."""
    broken = ((parts[:count], parts[count:]) for count in range(len(parts) - 1, 0, -1))
    texts = [_BETWEEN.join(parts), *("<br>".join(map(_BETWEEN.join, two)) for two in broken)]
    return next((text for text in texts if has_room(text)), texts[-1])


def numbers(step: int, course: Course, curves: Curves) -> list[str]:
    """Every curve at a step of the episode or of what is imagined of it, as rich text: one part a number."""
    fan, future, companion, horizon, played = curves
    lived = step < len(course.values)
    parts = [f"step {step}"]
    for word, series in (("value", course.values), ("really came", course.realised)):
        if lived and np.isfinite(series[step]):
            parts.append(f"{word} {decimal(float(series[step]))}")
    other = companion.value(step)
    if other is not None:
        parts.append(_coloured(f"{_named(companion.other)} {decimal(other)}", "companion"))
    parts += [fan.words(step), future.words(step)]
    if lived and course.rewards[step]:
        parts.append(f"reward {decimal(float(course.rewards[step]))}")
    if lived and np.isfinite(course.surprises[step]):
        parts.append(f"surprise {course.surprises[step]:.1f} nats")
    parts.append(horizon.words(step))
    if played.words(step):
        parts.append(_coloured(played.words(step), "played"))
    return [_coloured(part, "text") for part in parts if part]


def _named(name: str) -> str:
    """An agent's name where there is little room; it may hold anything that a file's name may."""
    return escape(
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 + 1 :]}"
    )


def _coloured(text: str, word: str) -> str:
    return f'<span style="color: {theme.COLOURS[word]}">{text}</span>'
