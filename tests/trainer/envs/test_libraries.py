"""Games of one process share the simulator's library."""

from __future__ import annotations

from typing import Any

import pytest
from gym3.libenv import FFI

from trainer.envs.libraries import OpeningOnce
from trainer.envs.viewer import procgen_level


def test_another_game_opens_no_other_library(monkeypatch: pytest.MonkeyPatch) -> None:
    procgen_level("coinrun", "easy", 1).close()
    opened, asked = [], []

    def opening(library: FFI, name: str, flags: int = 0) -> Any:
        opened.append(name)
        return original(library, name, flags)

    def asking(library: OpeningOnce, name: str, flags: int = 0) -> Any:
        asked.append(name)
        return handed_out(library, name, flags)

    base = OpeningOnce.__base__
    assert base is not None
    original, handed_out = base.dlopen, OpeningOnce.dlopen
    monkeypatch.setattr(base, "dlopen", opening)
    monkeypatch.setattr(OpeningOnce, "dlopen", asking)
    for seed in (2, 3):
        procgen_level("coinrun", "easy", seed).close()
    assert len(asked) == 2 and opened == []
