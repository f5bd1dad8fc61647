"""The film strip's contents: a future frame by frame, and beneath it what really happens. No Qt here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dream_viewer.messages.futures import Forked, Future, FutureKey
from dream_viewer.pictures.difference import error_percent
from dream_viewer.records import Film, FilmCell
from dream_viewer.words.numerals import count, decimal, signed
from dream_viewer.words.wording import action_name, outcome_word
from trainer.episode import Fork

LIKELY_END = 0.5
"""A continue below this is shown as an expected end."""
LEAST_REWARD = 0.05
"""A predicted reward below this is noise, and not marked."""
_NO_FORK = "this game does not repeat itself: there is no truth to compare with"


def film(
    future: Future,
    forked: Forked | None,
    tone: Callable[[float], float],
    echo: Future | None = None,
    other: str = "",
    mine: str = "",
) -> Film:
    """What the strip shows of a future.

    Args:
        future: its first branch is shown. forked: its truth, as far as it is known.
        tone: a value's place on the scale of values, 0 to 1.
        echo: what a second agent imagines of the same actions, as soon as that is known. other: that agent's name;
            empty: nothing is compared. mine: name of the agent whose future it is, where that is to be told.
    """
    dream = future.dream
    steps = dream.frames.shape[1]
    fork = None if forked is None else forked.fork
    imagined = tuple(_imagined(future, ahead, tone) for ahead in range(steps))
    beside = () if echo is None else tuple(_echo(echo, fork, ahead, tone, other) for ahead in range(steps))
    real = tuple(_real(future, fork, ahead) for ahead in range(steps)) if fork is not None else ()
    missing = "finding out what really happens…" if forked is None else _NO_FORK if fork is None else ""
    start = f"the next {steps} frames from step {count(future.key.index)}"
    whose = f"As {mine} imagines it" if mine else _title(future.key)
    title, real_title = f"{whose}: {start}", "Real: under the same actions"
    return Film(imagined, real, title, real_title, missing, beside, f"As {other} imagines it" if other else "")


def _title(key: FutureKey) -> str:
    if key.kind == "what if":
        return f"Imagined, if it were {action_name(key.branch)}"
    if key.kind == "played":
        return "Your dream"
    return f"Imagined, dream {key.branch + 1} of many" if key.kind == "many" else "Imagined"


def _imagined(future: Future, ahead: int, tone: Callable[[float], float]) -> FilmCell:
    dream = future.dream
    value, reward = float(dream.values[0, ahead]), float(dream.rewards[0, ahead])
    marked = round(reward, 1) if abs(reward) >= LEAST_REWARD else 0.0
    words = [f"+{ahead + 1}", action_name(int(dream.actions[0, ahead])), f"value {decimal(value)}"]
    if marked:
        words.append(f"reward {signed(marked)}")
    ends = bool(dream.continues[0, ahead] < LIKELY_END)
    if ends:
        words.append("expects the end")
    return FilmCell(dream.frames[0, ahead], tone(value), marked, "end?" if ends else "", None, " · ".join(words))


def _echo(echo: Future, fork: Fork | None, ahead: int, tone: Callable[[float], float], other: str) -> FilmCell:
    cell = _imagined(echo, ahead, tone)
    caption = f"{other}: {cell.caption}"
    if fork is None or ahead >= len(fork.frames):
        return replace(cell, caption=caption)
    error = error_percent(fork.frames[ahead], echo.dream.frames[0, ahead])
    return replace(cell, error=error, caption=f"{caption} · error {error:.1f} %")


def _real(future: Future, fork: Fork, ahead: int) -> FilmCell:
    if ahead < len(fork.frames):
        reward = float(fork.rewards[ahead])
        error = error_percent(fork.frames[ahead], future.dream.frames[0, ahead])
        words = ["really", f"error {error:.1f} %"]
        if reward:
            words.append(f"reward {signed(reward)}")
        return FilmCell(fork.frames[ahead], None, reward, "", error, " · ".join(words))
    if ahead == len(fork.frames) and fork.outcome is not None:
        gained = f", reward {signed(fork.end_reward)}" if fork.end_reward else ""
        word = outcome_word(fork.outcome)
        return FilmCell(None, None, fork.end_reward, word, None, f"really: {word}{gained}")
    return FilmCell(None, None, 0.0, "", None, "really: the episode is over")
