"""The newest imagined futures, or what is known of them, by their key. No Qt here."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

from dream_viewer.messages.futures import Fan, Forked, Future, FutureKey

FUTURES_KEPT = 64
"""Answers of each kind kept, so that a Moment seen again shows its dream at once: some 200 KB a future."""

T = TypeVar("T", Future, Forked, Fan)


class Answers(Generic[T]):
    """The newest answers of one kind, by their key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[FutureKey, T] = OrderedDict()

    def __contains__(self, key: FutureKey) -> bool:
        return key in self._kept

    def keep(self, answer: T) -> None:
        """Take an answer."""
        self._kept.pop(answer.key, None)
        self._kept[answer.key] = answer
        while len(self._kept) > FUTURES_KEPT:
            self._kept.popitem(last=False)

    def get(self, key: FutureKey, or_newest: bool = False) -> T | None:
        """The answer of this key; or else, if wanted, the newest one of the same life and weights before it."""
        exact = self._kept.get(key)
        if exact is not None or not or_newest or not self._kept:
            return exact
        newest = next(reversed(self._kept.values()))
        same_life = (newest.key.number, newest.key.generation) == (key.number, key.generation)
        return newest if same_life and newest.key.index <= key.index else None
