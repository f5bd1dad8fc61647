"""Procgen's pictures, which it reads once for a process, when the first game is made."""

from __future__ import annotations

import threading

from trainer.envs.procgen import ProcgenVector
from trainer.process import tune_allocator


def begin_loading() -> threading.Thread:
    """Have them read in a thread, which is returned: it takes a second or two outside of Python, on a core of its own.

    Meant to run beside the imports of torch and Qt. A game made meanwhile waits for the files, not for the thread.
    """
    tune_allocator()  # first, or the thread gets an arena of its own, which later threads inherit
    thread = threading.Thread(target=_load, name="game files")
    thread.start()
    return thread


def _load() -> None:
    ProcgenVector("coinrun", "easy", num_envs=1).close()
