"""The tiny world keeps the same promises as the real games."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.envs.support import NO_OP, play, random_actions, same
from trainer.envs.procgen import ProcgenVector
from trainer.envs.testing import LEFT, RIGHT, CorridorVector
from trainer.errors import UserError


def _run_to_end(env: CorridorVector, action: int) -> tuple[int, float, bool, bool]:
    for length in range(1, 100):
        batch = env.step(np.array([action]))
        if batch.is_first[0]:
            return length, float(batch.reward[0]), bool(batch.ended_terminal[0]), bool(batch.ended_won[0])
    raise AssertionError("no end")


def test_win_death_and_time_out() -> None:
    env = CorridorVector(time_limit=9)
    length = 3 + int(env.current().level_seed[0]) % 5
    assert _run_to_end(env, RIGHT) == (length, 1.0, True, True)
    assert _run_to_end(env, LEFT) == (1, 0.0, True, False)
    assert _run_to_end(env, NO_OP) == (9, 0.0, False, False)


def test_the_same_seed_gives_the_same_world_and_another_seed_another() -> None:
    actions = random_actions(0, 100, 4)
    one, two, other = (play(CorridorVector(4, seed=seed), actions) for seed in (3, 3, 4))
    assert all(same(a, b) for a, b in zip(one, two, strict=True))
    assert not all(same(a, b) for a, b in zip(one, other, strict=True))


def test_restoring_brings_everything_back_in_another_vector() -> None:
    actions = random_actions(1, 60, 4)
    env = CorridorVector(4, seed=1)
    play(env, actions)
    snapshots, shown = env.snapshot(), env.current()
    after = play(env, actions)
    again = CorridorVector(4, seed=9)
    assert same(again.restore(snapshots), shown)
    assert all(same(a, b) for a, b in zip(after, play(again, actions), strict=True))
    assert any(batch.is_first.any() for batch in after)


def test_frames_show_the_dot_move_and_have_the_shape_of_a_game() -> None:
    env = CorridorVector(2)
    first = env.current().frame
    moved = env.step(np.array([RIGHT, NO_OP])).frame
    assert first.shape == ProcgenVector("maze", num_envs=2).current().frame.shape
    assert not np.array_equal(first[0], moved[0])
    assert np.array_equal(first[1], moved[1])
    assert np.array_equal(env.human_frame()[::8, ::8], moved[0])


def test_wrong_actions_and_foreign_snapshots_are_refused() -> None:
    env = CorridorVector(2)
    for actions in (np.array([0]), np.array([0, 15]), np.array([-1, 0])):
        with pytest.raises(ValueError, match="2 integers from 0 to 14"):
            env.step(actions)
    with pytest.raises(ValueError, match="1 snapshots for 2"):
        env.restore(env.snapshot()[:1])
    with pytest.raises(UserError, match="belongs to coinrun"):
        env.restore([replace(snapshot, game="coinrun", version="procgen 1") for snapshot in env.snapshot()])
