"""The simulator's library, opened once for a process.

gym3 opens it anew for every game, and cffi keeps each of these for ever: 9 KiB a game, a game an episode.
"""

from __future__ import annotations

from typing import Any

import gym3.libenv
from gym3.libenv import FFI


class OpeningOnce(FFI):  # type: ignore[misc]  # it has no types
    """An FFI that hands out the same library whenever the same file is opened."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: dict[tuple[str, int], Any] = {}

    def dlopen(self, name: str, flags: int = 0) -> Any:
        """The library of that name, opened with these flags the first time."""
        key = (name, flags)
        if key not in self._opened:
            self._opened[key] = super().dlopen(name, flags)
        return self._opened[key]


def open_libraries_once() -> None:
    """From now on gym3 opens a library once, however many games there are."""
    gym3.libenv.FFI = OpeningOnce
