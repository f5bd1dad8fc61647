"""Games of one process share the simulator's library."""

from __future__ import annotations

import gc

from trainer.envs.viewer import procgen_level


def libraries() -> int:
    gc.collect()
    # Not isinstance: other libraries' stand-ins answer for what they stand for, or fail to.
    classes = (entry for entry in gc.get_objects() if issubclass(type(entry), type))
    return sum(entry.__name__.startswith("FFILibrary") for entry in classes)


def test_another_game_brings_no_other_library() -> None:
    procgen_level("coinrun", "easy", 1).close()
    before = libraries()
    for seed in (2, 3):
        procgen_level("coinrun", "easy", seed).close()
    assert libraries() == before == 1
