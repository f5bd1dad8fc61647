"""How well a few typed letters fit a name: what the palette is searched by. No Qt here."""

from __future__ import annotations

from collections.abc import Sequence

_IN_NAME, _IN_HINT, _SCATTERED = 0, 100, 200
"""Worse and worse: the letters stand in the name as typed, in the hint, in the name with others in between."""


def match(query: str, name: str, hint: str) -> int | None:
    """How far a name is from what was typed; None where it does not fit.

    Args:
        query: letters, in either case; words may come in any order.
        name: of the thing. hint: a sentence about it.

    Returns:
        0 for the best; an empty query fits everything equally.
    """
    words, name, hint = query.lower().split(), name.lower(), hint.lower()
    if all(word in name for word in words):
        return _IN_NAME + sum(_place(word, name) for word in words)
    if all(word in name or word in hint for word in words):
        return _IN_HINT + sum(_place(word, name) if word in name else _place(word, hint) for word in words)
    gaps = _gaps("".join(words), name)
    return None if gaps is None else _SCATTERED + gaps


def best(query: str, rows: Sequence[tuple[str, str]]) -> list[int]:
    """Which of (name, hint) fit, as indices, the best first; those that fit equally stay in their order."""
    distances = [(match(query, name, hint), place) for place, (name, hint) in enumerate(rows)]
    return [place for _, place in sorted((distance, place) for distance, place in distances if distance is not None)]


def _place(word: str, text: str) -> int:
    """0 at the text's beginning, 1 at a word's, 2 inside one."""
    if text.startswith(word):
        return 0
    return 1 if f" {word}" in text else 2


def _gaps(letters: str, text: str) -> int | None:
    """Letters of the text left out between those typed, read from the left; None where they are not all there."""
    start, gaps, end = 0, 0, -1
    for letter in letters:
        found = text.find(letter, start)
        if found < 0:
            return None
        gaps += found - start if end >= 0 else 0
        start = end = found + 1
    return gaps
