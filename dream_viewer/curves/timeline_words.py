"""The line above the timeline's curves: what they are, or every curve's number at one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np

from dream_viewer.curves.companion_curve import CompanionCurve
from dream_viewer.curves.fan_curve import FanCurve
from dream_viewer.curves.horizon_curve import HorizonCurve
from dream_viewer.curves.played_line import PlayedLine
from dream_viewer.look import theme
from dream_viewer.records import Course
from dream_viewer.words.numerals import decimal

LONGEST_NAME = 22
"""Letters of an agent's name."""
_BETWEEN = " &nbsp;·&nbsp; "


def legend(
    course: Course, fan: FanCurve, companion: CompanionCurve, horizon: HorizonCurve, played: PlayedLine
) -> list[str]:
    """What the curves are, as rich text: one part a curve; beside a second agent also whose each is."""
    whose = f"{_named(companion.mine)}'s " if companion.other else ""
    if companion.other:
        parts = [
            f"Value, as {_named(companion.mine)} sees it",
            _coloured(f"as {_named(companion.other)} sees it", "companion"),
        ]
    else:
        parts = ["Value: the return the agent expects"]
    if np.isfinite(course.realised).any():
        parts.append(_coloured("- - what really came", "text"))
    if fan.legend:
        parts.append(_coloured(f"{whose}{fan.legend}", "accent"))
    if horizon.legend:
        parts.append(_coloured(f"{whose}{horizon.legend}", "horizon"))
    if played.legend:
        parts.append(_coloured(played.legend, "played"))
    return parts


def line(parts: Sequence[str], has_room: Callable[[str], bool]) -> str:
    """As many of the parts as have room beside each other, the first one in any case."""
    shorter = ([*parts[:count], "…"] for count in range(len(parts) - 1, 0, -1))
    lines = (_BETWEEN.join(some) for some in (parts, *shorter))
    return next((text for text in lines if has_room(text)), parts[0])


def numbers(
    step: int, course: Course, fan: FanCurve, companion: CompanionCurve, horizon: HorizonCurve, played: PlayedLine
) -> list[str]:
    """Every curve at a step of the episode, as rich text: one part a number."""
    parts = [f"step {step}"]
    for word, series in (("value", course.values), ("really came", course.realised)):
        if np.isfinite(series[step]):
            parts.append(f"{word} {decimal(float(series[step]))}")
    other = companion.value(step)
    if other is not None:
        parts.append(_coloured(f"{_named(companion.other)} {decimal(other)}", "companion"))
    if fan.words(step):
        parts.append(fan.words(step))
    if course.rewards[step]:
        parts.append(f"reward {decimal(float(course.rewards[step]))}")
    if np.isfinite(course.surprises[step]):
        parts.append(f"surprise {course.surprises[step]:.1f} nats")
    if horizon.words(step):
        parts.append(horizon.words(step))
    if played.words(step):
        parts.append(_coloured(played.words(step), "played"))
    return [_coloured(part, "text") for part in parts]


def _named(name: str) -> str:
    """An agent's name where there is little room; it may hold anything that a file's name may."""
    return escape(
        name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME // 2]}…{name[-LONGEST_NAME // 2 + 1 :]}"
    )


def _coloured(text: str, word: str) -> str:
    return f'<span style="color: {theme.COLOURS[word]}">{text}</span>'
