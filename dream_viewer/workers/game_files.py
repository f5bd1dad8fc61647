"""Procgen's pictures and sounds, which it reads once for a process, when the first game is made."""

from __future__ import annotations

from trainer.envs.procgen import ProcgenVector


def load_game_files() -> None:
    """Make a game and forget it: takes a second or two, outside of Python, so that a second core can do it."""
    ProcgenVector("coinrun", "easy", num_envs=1).close()
