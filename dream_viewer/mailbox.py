"""A slot between a thread that produces and one that looks when it has time.

A queued signal per frame would fill the GUI's event queue without bound whenever the GUI is slower than the worker.
A mailbox holds one thing: what was put in last, or what a merge makes of the old and the new.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


def _newest(old: T, new: T) -> T:
    del old
    return new


class Mailbox(Generic[T]):
    """A slot of size one; the latest wins, unless a merge is given.

    Args:
        merge: makes one content of what lies in the slot and what arrives; by default the arrival replaces it.
            Called under the lock, so it must be quick.
    """

    def __init__(self, merge: Callable[[T, T], T] = _newest) -> None:
        self._merge = merge
        self._lock = threading.Lock()
        self._content: T | None = None

    def put(self, content: T) -> bool:
        """Leave something; never waits for the reader.

        Returns:
            Whether the slot was empty: the reader need be called only once for all that comes until it takes.
        """
        with self._lock:
            empty = self._content is None
            self._content = content if self._content is None else self._merge(self._content, content)
            return empty

    def take(self) -> T | None:
        """What lies in the slot, which is empty afterwards; None if nothing came since the last time."""
        with self._lock:
            content, self._content = self._content, None
            return content
