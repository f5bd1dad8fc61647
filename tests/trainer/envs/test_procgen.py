"""The Procgen adapter against the real games: ends, levels, snapshots, pictures, refusals."""

from __future__ import annotations

import hashlib
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from procgen import ProcgenGym3Env

from tests.trainer.envs.support import NO_OP, RIGHT, RIGHT_UP, play, random_actions, same, same_slot
from trainer.config import GAMES
from trainer.envs.procgen import TIME_LIMITS, ProcgenVector
from trainer.envs.protocol import Snapshot
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT, levels_of

KEY = b"k" * 32


# Beginnings and seeds


@pytest.mark.parametrize("game", GAMES)
def test_first_frames_open_train_levels(game: str) -> None:
    shown = ProcgenVector(game, num_envs=3).current()
    assert shown.frame.shape == (3, 64, 64, 3) and shown.frame.dtype == np.uint8
    assert shown.reward.dtype == np.float32 and shown.level_seed.dtype == np.int32
    assert shown.is_first.all() and not shown.reward.any()
    assert not shown.ended_terminal.any() and not shown.ended_won.any()
    assert (shown.level_seed < 200).all()


def test_the_same_seed_repeats_a_run_and_another_does_not() -> None:
    actions = random_actions(0, 150, 4)
    one, two, other = (play(ProcgenVector("starpilot", num_envs=4, seed=seed), actions) for seed in (11, 11, 12))
    assert all(same(a, b) for a, b in zip(one, two, strict=True))
    assert not same(one[0], other[0])


def test_many_games_in_threads_give_the_same_as_in_one() -> None:
    """From 32 slots on Procgen's own threads step; each slot is what it would be in a vector of its own kind."""
    actions = random_actions(0, 60, 32)
    many = ProcgenVector("leaper", num_envs=32, seed=2)
    few = ProcgenVector("leaper", num_envs=16, seed=3)
    few.restore(many.snapshot()[:16])
    for row in actions:
        batch, part = many.step(row), few.step(row[:16])
        assert all(same_slot(batch, slot, part, slot) for slot in range(16))
    many.close()


def test_easy_and_hard_differ() -> None:
    easy, hard = (ProcgenVector("leaper", mode, first_level=3, num_levels=1).current() for mode in ("easy", "hard"))
    assert not np.array_equal(easy.frame, hard.frame)


# Ends


@pytest.mark.parametrize("game", GAMES)
def test_the_next_levels_first_frame_never_passes_for_an_end(game: str) -> None:
    """Where an episode ends, frame and seed are the next level's, and reward and outcome the old one's.

    Procgen itself, stepped beside it, says what the reward was and how the old level went; the level named is made
    afresh to see its first frame.
    """
    num_envs = 8
    env = ProcgenVector(game, num_envs=num_envs, seed=1)
    raw = ProcgenGym3Env(
        num=num_envs, env_name=game, distribution_mode="easy", num_levels=200, rand_seed=1, num_threads=0
    )
    checked = 0
    elapsed = np.zeros(num_envs, np.int64)
    actions = np.random.default_rng(0).integers(0, 15, size=(1000, num_envs))
    for row in actions:
        before = env.current()
        shown = env.step(row)
        raw.act(row)
        reward, _, first = raw.observe()
        elapsed += 1
        assert np.array_equal(shown.reward, reward) and np.array_equal(shown.is_first, first)
        for slot in np.flatnonzero(first):
            info = raw.get_info()[slot]
            assert before.level_seed[slot] == info["prev_level_seed"]
            assert shown.level_seed[slot] == info["level_seed"]
            assert bool(shown.ended_won[slot]) == bool(info["prev_level_complete"])
            timed_out = elapsed[slot] == TIME_LIMITS[game] and not shown.ended_won[slot]
            assert bool(shown.ended_terminal[slot]) != timed_out
            fresh = ProcgenVector(game, first_level=int(shown.level_seed[slot]), num_levels=1)
            assert np.array_equal(shown.frame[slot], fresh.current().frame[0])
            fresh.close()
            elapsed[slot] = 0
            checked += 1
        assert not shown.ended_terminal[~first].any() and not shown.ended_won[~first].any()
        assert np.array_equal(env.elapsed, elapsed)
        if checked >= 6:
            break
    assert checked >= 2
    raw.close()


def test_wins_and_deaths_are_told_apart_on_coinrun() -> None:
    """Running and jumping to the right wins some levels with the coin's 10 and dies on others with nothing."""
    env = ProcgenVector("coinrun", num_envs=16, seed=1)
    rewards: dict[bool, set[float]] = {True: set(), False: set()}
    for row in np.where(np.random.default_rng(0).random((300, 16)) < 0.7, RIGHT_UP, RIGHT):
        shown = env.step(row)
        for slot in np.flatnonzero(shown.is_first):
            assert shown.ended_terminal[slot]
            rewards[bool(shown.ended_won[slot])].add(float(shown.reward[slot]))
    assert rewards == {True: {10.0}, False: {0.0}}


STANDING_STILL_SURVIVES = ("caveflyer", "climber", "coinrun", "heist", "jumper", "leaper", "maze", "miner", "ninja")


@pytest.mark.parametrize("game", STANDING_STILL_SURVIVES)
def test_waiting_ends_in_a_time_out_at_the_limit(game: str) -> None:
    env = ProcgenVector(game, num_envs=8, seed=1)
    timed_out = np.zeros(8, np.bool_)
    for step in range(1, TIME_LIMITS[game] + 1):
        shown = env.step(np.full(8, NO_OP))
        late = shown.is_first & (step == TIME_LIMITS[game]) & (env.elapsed == 0)
        timed_out |= late & ~shown.ended_terminal
        assert shown.ended_terminal[shown.is_first & ~timed_out].all()
    assert timed_out.any()
    assert not shown.ended_won[timed_out].any() and not shown.reward[timed_out].any()


def test_on_the_last_allowed_step_a_win_is_a_win_and_a_death_counts_as_a_time_out() -> None:
    """Nothing tells a death there from the time-out; the same end one step earlier is a death."""
    limit = TIME_LIMITS["coinrun"]
    env, again = (ProcgenVector("coinrun", num_envs=16, seed=1) for _ in range(2))
    told = set()
    for row in np.where(np.random.default_rng(0).random((300, 16)) < 0.7, RIGHT_UP, RIGHT):
        before = env.snapshot()
        ends = env.step(row)
        if not ends.is_first.any():
            continue
        for elapsed in (limit - 2, limit - 1):
            again.restore([replace(snapshot, elapsed=elapsed) for snapshot in before])
            shown = again.step(row)
            assert np.array_equal(shown.is_first, ends.is_first)
            for slot in np.flatnonzero(shown.is_first):
                told.add((elapsed - limit, bool(ends.ended_won[slot]), bool(shown.ended_terminal[slot])))
    assert told == {(-2, True, True), (-2, False, True), (-1, True, True), (-1, False, False)}


def _simulators_limit(state: bytes) -> int:
    """The `timeout` that a game's state holds (after its name, options and two generators)."""
    offset = 4
    (length,) = struct.unpack_from("<i", state, offset)
    offset += 4 + length + 4 * 17
    for _ in range(2):
        (length,) = struct.unpack_from("<i", state, offset + 4)
        offset += 8 + length
    *_, timeout = struct.unpack_from("<f4i", state, offset)
    return int(timeout)


@pytest.mark.parametrize("game", GAMES)
def test_the_table_of_limits_is_the_simulators_own(game: str) -> None:
    for difficulty in ("easy", "hard"):
        env = ProcgenVector(game, difficulty, num_envs=2)
        env.step(np.full(2, RIGHT))
        assert {_simulators_limit(snapshot.state) for snapshot in env.snapshot()} == {TIME_LIMITS[game]}


# Levels


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_only_levels_of_the_split_are_played(split: str) -> None:
    first, count = levels_of(split)
    env = ProcgenVector("bossfight", num_envs=16, first_level=first, num_levels=count)
    seen: set[int] = set()
    for row in random_actions(0, 150, 16):
        seen.update(env.step(row).level_seed.tolist())
    assert len(seen) > 20
    assert min(seen) >= first and max(seen) < first + count


def test_a_fixed_level_is_played_again_and_again() -> None:
    env = ProcgenVector("starpilot", first_level=77, num_levels=1)
    first, ends = env.current().frame, 0
    for row in random_actions(0, 400, 1):
        shown = env.step(row)
        assert shown.level_seed[0] == 77
        if shown.is_first[0]:
            ends += 1
            assert np.array_equal(shown.frame, first)
    assert ends > 1


def test_the_last_level_of_all_can_be_played() -> None:
    assert ProcgenVector("maze", first_level=LEVEL_LIMIT - 1, num_levels=1).current().level_seed[0] == 2**31 - 2


@pytest.mark.parametrize("num_envs", [1, 16])
def test_a_sequence_is_played_level_by_level_each_counted_once(num_envs: int) -> None:
    levels = [10_000 + 3 * index for index in range(40)]
    env = ProcgenVector("bossfight", num_envs=num_envs, level_sequence=levels)
    played: list[int] = []
    opened = env.current().level_seed[env.counted].tolist()
    draws = np.random.default_rng(0)
    while env.counted.any():
        before, counted = env.current(), env.counted
        shown = env.step(draws.integers(0, 15, num_envs))
        played += [int(before.level_seed[slot]) for slot in np.flatnonzero(shown.is_first & counted)]
        opened += shown.level_seed[shown.is_first & env.counted].tolist()
    assert opened == levels
    assert sorted(played) == levels
    shown = env.step(draws.integers(0, 15, num_envs))
    assert set(shown.level_seed.tolist()) <= set(levels) and not env.counted.any()


def test_a_dealt_level_is_the_level_itself() -> None:
    env = ProcgenVector("coinrun", num_envs=2, level_sequence=[5, 9, 7])
    alone = [ProcgenVector("coinrun", first_level=level, num_levels=1) for level in (5, 9)]
    for row in random_actions(3, 50, 2):
        shown = env.step(row)
        for slot, single in enumerate(alone):
            assert same_slot(shown, slot, single.step(row[slot : slot + 1]), 0)


def test_more_slots_than_levels_leave_the_rest_uncounted() -> None:
    env = ProcgenVector("maze", num_envs=4, level_sequence=[3, 3])
    assert env.counted.tolist() == [True, True, False, False]
    assert env.current().level_seed.tolist() == [3, 3, 3, 3]


def test_reset_abandons_without_an_end() -> None:
    env = ProcgenVector("coinrun", num_envs=4, seed=2)
    play(env, random_actions(0, 30, 4))
    before = env.current()
    shown = env.reset()
    assert shown.is_first.all() and not shown.ended_terminal.any() and not shown.reward.any()
    assert not env.elapsed.any() and not np.array_equal(shown.level_seed, before.level_seed)
    sequence = ProcgenVector("coinrun", level_sequence=[1, 2])
    assert sequence.reset().level_seed[0] == 2 and sequence.counted[0]
    sequence.reset()
    assert not sequence.counted.any()


# Snapshots


@pytest.mark.parametrize("game", GAMES)
def test_a_restored_game_repeats_200_steps_in_16_other_slots(game: str) -> None:
    source = ProcgenVector(game, num_envs=2, seed=3)
    play(source, random_actions(1, 40, 2))
    snapshot = source.snapshot()[1]
    shown = source.current()
    actions = random_actions(2, 200, 2)
    truth = play(source, actions)
    fork = ProcgenVector(game, num_envs=16, seed=8)
    play(fork, random_actions(4, 10, 16))
    opened = fork.restore([snapshot] * 16)
    assert all(same_slot(shown, 1, opened, slot) for slot in range(16))
    for row, expected in zip(actions, truth, strict=True):
        batch = fork.step(np.full(16, row[1]))
        assert all(same_slot(expected, 1, batch, slot) for slot in range(16))


@pytest.mark.parametrize("game", ["bossfight", "starpilot", "dodgeball"])
def test_a_vector_comes_back_exactly_through_storage(game: str) -> None:
    """Frames, counters, just-ended flags and the draw of levels, at a moment when episodes have just ended."""
    env = ProcgenVector(game, num_envs=8, seed=5)
    draws = np.random.default_rng(1)
    while not env.current().ended_terminal.any():
        env.step(draws.integers(0, 15, 8))
    shown, elapsed = env.current(), env.elapsed
    stored = [snapshot.to_bytes(KEY) for snapshot in env.snapshot()]
    actions = random_actions(6, 200, 8)
    truth = play(env, actions)
    again = ProcgenVector(game, num_envs=8, seed=99, first_level=50, num_levels=3)
    assert same(again.restore([Snapshot.from_bytes(data, KEY) for data in stored]), shown)
    assert same(again.current(), shown) and np.array_equal(again.elapsed, elapsed)
    assert all(same(a, b) for a, b in zip(truth, play(again, actions), strict=True))
    assert sum(batch.is_first.sum() for batch in truth) > 8


def test_a_time_out_after_restoring_is_still_one() -> None:
    env = ProcgenVector("leaper", num_envs=2)
    play(env, np.full((499, 2), NO_OP))
    survivors = env.elapsed == 499
    assert survivors.any()
    again = ProcgenVector("leaper", num_envs=2, seed=4)
    again.restore(env.snapshot())
    shown = again.step(np.full(2, NO_OP))
    assert shown.is_first[survivors].all() and not shown.ended_terminal[survivors].any()


_ELSEWHERE = """
import hashlib, sys
from pathlib import Path
import numpy as np
from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import Snapshot
folder = Path(sys.argv[1])
stored = [Snapshot.from_bytes(path.read_bytes(), b"k" * 32) for path in sorted(folder.iterdir())]
env = ProcgenVector(stored[0].game, num_envs=len(stored), seed=123)
digest = hashlib.sha256(env.restore(stored).frame.tobytes())
for row in np.random.default_rng(7).integers(0, 15, size=(200, len(stored))):
    batch = env.step(row)
    for array in (batch.frame, batch.reward, batch.is_first, batch.ended_terminal, batch.level_seed):
        digest.update(array.tobytes())
print(digest.hexdigest())
"""


def test_a_vector_goes_on_exactly_in_another_process(tmp_path: Path) -> None:
    env = ProcgenVector("starpilot", num_envs=4, seed=6)
    play(env, random_actions(0, 70, 4))
    for slot, snapshot in enumerate(env.snapshot()):
        (tmp_path / f"{slot}").write_bytes(snapshot.to_bytes(KEY))
    digest = hashlib.sha256(env.current().frame.tobytes())
    for row in random_actions(7, 200, 4):
        batch = env.step(row)
        for array in (batch.frame, batch.reward, batch.is_first, batch.ended_terminal, batch.level_seed):
            digest.update(array.tobytes())
    there = subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert there.stdout.strip() == digest.hexdigest()


@pytest.mark.parametrize("spare", [0, 20])
def test_a_sequence_goes_on_where_it_was(spare: int) -> None:
    """In its middle, and at its end, when one slot plays a last level and another has nothing left."""
    levels = list(range(10 + spare))
    env = ProcgenVector("bossfight", num_envs=3, level_sequence=levels)
    draws = np.random.default_rng(0)
    ended = 0
    while ended < 8 or (spare == 0 and env.counted.all()):
        ended += int(env.step(draws.integers(0, 15, 3)).is_first.sum())
    snapshots, counted = env.snapshot(), env.counted
    assert counted.all() if spare else counted.any() and not counted.all()
    actions = random_actions(1, 100, 3)
    again = ProcgenVector("bossfight", num_envs=3, level_sequence=levels)
    again.restore(snapshots)
    for row in actions:
        assert np.array_equal(again.counted, env.counted)
        assert same(again.step(row), env.step(row))


def test_foreign_and_damaged_snapshots_never_reach_the_simulator() -> None:
    env = ProcgenVector("coinrun")
    (good,) = env.snapshot()
    (maze,) = ProcgenVector("maze").snapshot()
    (hard,) = ProcgenVector("coinrun", "hard").snapshot()
    for bad, message in (
        (maze, "another game"),
        (hard, "another difficulty"),
        (replace(good, version="procgen 0.9"), "another simulator"),
        (replace(maze, game="coinrun"), "damaged"),
        (replace(good, state=good.state[:-1]), "damaged"),
        (replace(good, state=b""), "damaged"),
    ):
        with pytest.raises(UserError, match=message):
            env.restore([bad])
    with pytest.raises(ValueError, match="2 snapshots for 1"):
        env.restore([good, good])
    assert same(env.restore([good]), env.current())


def test_two_threads_play_beside_each_other_as_alone() -> None:
    """A player and a trainer each own a vector; making, stepping, restoring and drawing overlap."""

    def work(game: str) -> str:
        digest = hashlib.sha256()
        for seed in range(4):
            env = ProcgenVector(game, num_envs=4, seed=seed, human=True)
            for row in random_actions(seed, 40, 4):
                digest.update(env.step(row).frame.tobytes())
            env.restore(env.snapshot())
            digest.update(env.human_frame().tobytes())
            env.close()
        return digest.hexdigest()

    games = ["coinrun", "starpilot"]
    alone = [work(game) for game in games]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, games)) == alone


# The picture for people


@pytest.mark.parametrize("game", GAMES)
def test_the_human_picture_is_procgens_own(game: str) -> None:
    env = ProcgenVector(game, seed=4, human=True)
    raw = ProcgenGym3Env(
        num=1,
        env_name=game,
        distribution_mode="easy",
        num_levels=200,
        rand_seed=4,
        num_threads=0,
        render_mode="rgb_array",
    )
    kept = []
    for row in random_actions(5, 25, 1):
        env.step(row)
        raw.act(row)
        kept.append((env.snapshot()[0], raw.get_info()[0]["rgb"]))
    now = env.human_frame()
    assert now.shape == (512, 512, 3) and now.dtype == np.uint8
    assert np.array_equal(now, kept[-1][1])
    assert np.array_equal(env.human_frame(kept[9][0]), kept[9][1])
    assert np.array_equal(env.human_frame(), now)
    raw.close()


def test_drawing_for_people_disturbs_nothing_and_must_be_asked_for() -> None:
    watched, alone = ProcgenVector("starpilot", seed=4, human=True), ProcgenVector("starpilot", seed=4)
    for row in random_actions(5, 60, 1):
        one, other = watched.step(row), alone.step(row)
        watched.human_frame()
        assert same(one, other)
    with pytest.raises(ValueError, match="human=True"):
        alone.human_frame()
    with pytest.raises(UserError, match="another game"):
        watched.human_frame(ProcgenVector("maze").snapshot()[0])


# Refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"game": "pong"}, "no game 'pong'; choose one of bigfish"),
        ({"difficulty": "extreme"}, "no difficulty 'extreme'"),
        ({"num_envs": 0}, "0 environments"),
        ({"first_level": -1}, "no 200 levels from -1"),
        ({"num_levels": 0}, "no 0 levels"),
        ({"first_level": 2**31 - 2, "num_levels": 2}, "no 2 levels"),
        ({"level_sequence": []}, "sequence of levels is empty"),
        ({"level_sequence": [1, 2**31 - 1]}, "no level 2147483647"),
    ],
)
def test_what_procgen_would_die_of_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        ProcgenVector(**({"game": "coinrun"} | arguments))  # type: ignore[arg-type]


def test_wrong_actions_are_refused_and_change_nothing() -> None:
    env = ProcgenVector("coinrun", num_envs=2)
    shown = env.current()
    for actions in (np.array([0]), np.array([0, 15]), np.array([-1, 0]), np.array([0.0, 1.0]), np.zeros((2, 1), int)):
        with pytest.raises(ValueError, match="actions must"):
            env.step(actions)
    assert same(env.current(), shown) and not env.elapsed.any()


def test_closing_twice_is_harmless() -> None:
    env = ProcgenVector("maze", human=True)
    env.human_frame()
    env.close()
    env.close()
