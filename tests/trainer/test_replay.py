"""What goes into replay comes out of it: sequences, end steps, latents, the newest first, and all within the budget."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer.replay_support import BATCH, BUDGET, ENVS, LENGTH, SIZE, play, refreshed, small_replay, vector_step
from trainer.config import SIZES
from trainer.envs.procgen import ProcgenVector
from trainer.errors import UserError
from trainer.randomness import numpy_generator
from trainer.replay import Replay, context_latent

FIELDS = ("frame", "reward", "action", "is_first", "is_last", "is_terminal", "level_seed")


class PlainReplay:
    """The same streams as lists of entries that never end: slow and plain."""

    def __init__(self, envs: int) -> None:
        self.streams: list[list[dict[str, Any]]] = [[] for _ in range(envs)]

    def add(self, **step: Any) -> None:
        for env, stream in enumerate(self.streams):
            is_first = bool(step["is_first"][env])
            if is_first and stream:
                stream.append(
                    stream[-1]
                    | {
                        "reward": step["reward"][env],
                        "action": 0,
                        "is_first": False,
                        "is_last": True,
                        "is_terminal": bool(step["ended_terminal"][env]),
                        "deter": torch.zeros(SIZE.deter, dtype=torch.bfloat16),
                        "stoch": np.zeros(SIZE.stoch, np.int64),
                    }
                )
            stream.append(
                {
                    "frame": step["frame"][env],
                    "reward": 0.0 if is_first else step["reward"][env],
                    "action": step["action"][env],
                    "is_first": is_first,
                    "is_last": False,
                    "is_terminal": False,
                    "level_seed": step["level_seed"][env],
                    "deter": step["deter"][env].to(torch.bfloat16),
                    "stoch": step["stoch"][env],
                }
            )


def positions_of(batch: Any) -> list[tuple[int, int]]:
    """Stream and index of each sequence's first step."""
    return [(int(first) >> 40, int(first) & ((1 << 40) - 1)) for first in batch.positions[:, 0]]


@pytest.fixture
def replay() -> Any:
    replay = small_replay(None)
    yield replay
    replay.close()


def test_batches_equal_a_plain_list_of_steps_over_drops_and_rewrites(replay: Replay) -> None:
    plain = PlainReplay(ENVS)
    borders = drops = 0
    for time in range(600):
        step = vector_step(time)
        replay.add(**step)
        plain.add(**step)
        if not replay.sequences:
            continue
        batch = replay.sample(BATCH, numpy_generator(7, "sample", time))
        deter, stoch = context_latent(batch, torch.bfloat16)
        new_deter, new_stoch = refreshed(time)
        for row, (env, start) in enumerate(positions_of(batch)):
            entries = plain.streams[env][start : start + LENGTH]
            for name in FIELDS:
                want = np.array([entry[name] for entry in entries])
                if name == "is_first":
                    want[0] = True
                np.testing.assert_array_equal(getattr(batch, name)[row], want, err_msg=name)
            assert torch.equal(deter[row], entries[0]["deter"])
            np.testing.assert_array_equal(stoch[row].numpy(), entries[0]["stoch"])
            borders += any(entry["is_last"] for entry in entries[:-1])
            drops += start > 31
        for row, (env, start) in enumerate(positions_of(batch)):
            for offset in range(1, LENGTH):
                entry = plain.streams[env][start + offset]
                if not entry["is_last"]:
                    entry["deter"] = new_deter[row, offset - 1].to(torch.bfloat16)
                    entry["stoch"] = new_stoch[row, offset - 1].numpy()
        replay.commit(batch, new_deter, new_stoch)
    assert borders > 100
    assert drops > 100
    assert len(replay) < sum(map(len, plain.streams))


def test_an_episode_is_closed_by_an_end_step(replay: Replay) -> None:
    for time in range(1, 30):
        step = vector_step(time)
        step["is_first"] = np.full(ENVS, time in (1, 12))
        step["ended_terminal"] = np.arange(ENVS) % 2 == 0
        step["level_seed"] = np.full(ENVS, 100 + (time >= 12), np.int32)
        replay.add(**step)
        if time == 11:
            last_frame = step["frame"]
        if time == 12:
            end_reward = step["reward"]
    batches = [replay.sample(64, numpy_generator(0, "sample", n)) for n in range(10)]
    seen = set()
    for batch in batches:
        for row, at in zip(*np.nonzero(batch.is_last[:, :-1]), strict=True):
            env, start = positions_of(batch)[row]
            seen.add(env)
            assert start + at == 11
            np.testing.assert_array_equal(batch.frame[row, at], last_frame[env])
            assert batch.reward[row, at] == end_reward[env]
            assert batch.level_seed[row, at] == 100
            assert batch.is_terminal[row, at] == (env % 2 == 0)
            assert batch.action[row, at] == 0
            assert batch.is_first[row, at + 1]
            assert batch.reward[row, at + 1] == 0
            assert batch.level_seed[row, at + 1] == 101
            assert not batch.is_last[row, at + 1]
    assert seen == set(range(ENVS))
    assert len(replay) == ENVS * 30


def test_real_episodes_end_on_the_frame_before_and_with_their_reward(replay: Replay) -> None:
    env = ProcgenVector("bigfish", num_envs=ENVS, seed=3)
    draw = np.random.default_rng(0)
    shown = []
    try:
        for time in range(220):
            now = env.current()
            shown.append(now)
            latents = vector_step(time)
            actions = draw.integers(0, 15, ENVS).astype(np.int32)
            replay.add(
                **{
                    name: getattr(now, name) for name in ("frame", "reward", "is_first", "ended_terminal", "level_seed")
                },
                action=actions,
                deter=latents["deter"],
                stoch=latents["stoch"],
            )
            env.step(actions)
    finally:
        env.close()
    ends = [(time, slot) for time in range(1, 220) for slot in range(ENVS) if shown[time].is_first[slot]]
    assert ends, "no episode ended: play longer"
    before = np.zeros(ENVS, np.int64)
    for time, slot in ends:
        index = time + before[slot]  # of the end step: every earlier end put one step more into the stream
        before[slot] += 1
        batch = replay._gather([(slot, index - 1)], 0)
        np.testing.assert_array_equal(batch.frame[0, :2], np.stack([shown[time - 1].frame[slot]] * 2))
        np.testing.assert_array_equal(batch.frame[0, 2], shown[time].frame[slot])
        assert batch.reward[0, 1] == shown[time].reward[slot]
        assert batch.is_last[0, :3].tolist() == [False, True, False]
        assert batch.is_terminal[0, 1] == shown[time].ended_terminal[slot]
        assert batch.level_seed[0, :3].tolist() == [
            shown[time - 1].level_seed[slot],
            shown[time - 1].level_seed[slot],
            shown[time].level_seed[slot],
        ]


def test_every_start_is_drawn_alike(replay: Replay) -> None:
    play(replay, 0, 60, updates=False)
    for _ in range(-(-replay.queued // BATCH)):
        batch = replay.sample(BATCH, numpy_generator(0, "empty the queue"))
        replay.commit(batch, *refreshed(0))
    counts: dict[tuple[int, int], int] = {}
    draws = 60 * replay.sequences
    for number in range(draws // 60):
        for position in positions_of(replay.sample(60, numpy_generator(0, "sample", number))):
            counts[position] = counts.get(position, 0) + 1
    assert len(counts) == replay.sequences
    statistic = sum((count - 60) ** 2 / 60 for count in counts.values())
    freedom = replay.sequences - 1
    assert abs(statistic - freedom) < 4 * (2 * freedom) ** 0.5


def test_the_newest_whole_sequences_come_first_as_in_the_reference(replay: Replay) -> None:
    for time in range(3 * LENGTH + 1):
        step = vector_step(time)
        step["is_first"][:] = False
        replay.add(**step)
    # The reference queues a stream's newest sequence whenever its newest index is a multiple of the length.
    want = [(env, 1 + LENGTH * number) for number in range(3) for env in range(ENVS)]
    batch = replay.sample(5, numpy_generator(0, "sample"))
    assert positions_of(batch) == want[:5]
    again = replay.sample(5, numpy_generator(1, "sample"))
    np.testing.assert_array_equal(again.positions, batch.positions)
    replay.commit(batch, *refreshed(0, batch=5))
    batch = replay.sample(10, numpy_generator(0, "sample"))
    assert positions_of(batch)[:7] == want[5:]
    assert batch.consumed == 7
    replay.commit(batch, *refreshed(0, batch=10))
    assert replay.queued == 0


def test_queued_sequences_that_were_dropped_are_passed_over(replay: Replay) -> None:
    play(replay, 0, 400, updates=False)
    batch = replay.sample(1, numpy_generator(0, "sample"))
    assert batch.consumed > 1
    queued = replay.queued
    replay.commit(batch, *refreshed(0, batch=1))
    assert replay.queued == queued - batch.consumed


def test_an_abandoned_batch_leaves_no_trace(replay: Replay) -> None:
    play(replay, 0, 50)
    digest = replay.digest()
    first = replay.sample(BATCH, numpy_generator(0, "sample"))
    first.frame[:] = 0
    first.deter[:] = 0
    assert replay.digest() == digest
    second = replay.sample(BATCH, numpy_generator(0, "sample"))
    np.testing.assert_array_equal(first.positions, second.positions)
    assert second.frame.any()


def test_a_batch_older_than_the_last_commit_is_refused(replay: Replay) -> None:
    play(replay, 0, 50)
    old, new = (replay.sample(BATCH, numpy_generator(n, "sample")) for n in range(2))
    replay.commit(new, *refreshed(0))
    digest = replay.digest()
    with pytest.raises(ValueError, match="before another"):
        replay.commit(old, *refreshed(1))
    assert replay.digest() == digest


def test_latents_of_dropped_steps_are_passed_over_and_the_last_of_two_counts(replay: Replay) -> None:
    play(replay, 0, 100)
    old = replay.sample(BATCH, numpy_generator(0, "sample"))
    play(replay, 100, 500)
    digest = replay.digest()
    replay.write_latents(old.positions[:, 1:], *refreshed(0))
    assert replay.digest() == digest
    new = replay.sample(1, numpy_generator(0, "sample"))
    twice = np.concatenate([new.positions, new.positions])
    deter, stoch = refreshed(0, batch=2, steps=LENGTH)
    replay.write_latents(twice, deter, stoch)
    stored, _ = context_latent(replay._gather(positions_of(new), 0), torch.bfloat16)
    assert torch.equal(stored[0], deter[1, 0].to(torch.bfloat16))


def test_the_budget_counts_everything_and_is_kept(replay: Replay) -> None:
    play(replay, 0, 500)
    files = list(replay._store._folder.glob("*.bin"))
    assert sum(file.stat().st_size for file in files) <= BUDGET
    assert replay.step_bytes == 64 * 64 * 3 + 2 * SIZE.deter + SIZE.stoch + 12
    assert replay.capacity * replay.step_bytes <= BUDGET < (replay.capacity + 31) * replay.step_bytes
    assert replay.capacity - ENVS * replay.chunk_steps <= len(replay) <= replay.capacity


def test_a_million_steps_at_12m_take_two_thirds_of_24_gib() -> None:
    replay = Replay(None, 16, SIZES["12m"], "bfloat16", int(15.5 * 2**30))
    try:
        assert replay.capacity > 1_000_000
        assert replay.describe() == (
            "replay: 1,012,736 steps in 15.5 GiB (12,288 B frame + 4,128 B latents + 12 B a step)"
        )
    finally:
        replay.close()


def test_a_budget_too_small_names_the_flag_and_what_would_do() -> None:
    with pytest.raises(UserError, match=r"too small for 4 envs; set --replay_gib to at least (0\.\d+)") as told:
        small_replay(None, budget_bytes=6_000_000)
    least = float(str(told.value).rstrip(".").rsplit(" ", 1)[1])
    replay = small_replay(None, budget_bytes=int((least + 0.001) * 2**30))
    play(replay, 0, 300)
    assert replay.sequences
    replay.close()


@pytest.mark.parametrize(("dtype", "torch_dtype"), [("bfloat16", torch.bfloat16), ("float32", torch.float32)])
def test_latents_come_back_to_the_bit(dtype: Any, torch_dtype: torch.dtype) -> None:
    replay = small_replay(None, latent_dtype=dtype)
    kept = []
    for time in range(LENGTH):
        step = vector_step(time)
        step["is_first"][:] = False
        step["deter"] = step["deter"].to(torch_dtype)
        replay.add(**step)
        kept.append(step)
    batch = replay.sample(8, numpy_generator(0, "sample"))
    deter, stoch = context_latent(batch, torch_dtype)
    for row, (env, start) in enumerate(positions_of(batch)):
        assert torch.equal(deter[row], kept[start]["deter"][env])
        assert stoch[row].tolist() == kept[start]["stoch"][env].tolist()
    assert deter.dtype == torch_dtype
    assert stoch.dtype == torch.int64
    replay.close()


def test_every_array_of_a_batch_is_whole_and_torch_takes_it(replay: Replay) -> None:
    play(replay, 0, 50)
    batch = replay.sample(BATCH, numpy_generator(0, "sample"))
    assert batch.frame.shape == (BATCH, LENGTH, 64, 64, 3)
    assert batch.action.dtype == np.int64
    for field in dataclasses.fields(batch):
        value = getattr(batch, field.name)
        if isinstance(value, np.ndarray):
            assert value.flags.c_contiguous, field.name
            if value.dtype != np.uint16:
                assert torch.from_numpy(value).shape == value.shape


def test_nothing_to_sample_yet_is_said(replay: Replay) -> None:
    play(replay, 0, LENGTH - 2)
    assert replay.sequences == 0
    with pytest.raises(ValueError, match="no whole sequence"):
        replay.sample(BATCH, numpy_generator(0, "sample"))


def test_temporary_files_go_with_the_replay() -> None:
    replay = small_replay(None)
    play(replay, 0, 20)
    folder = replay._store._folder
    assert (folder / "frames.bin").exists()
    replay.close()
    assert not folder.exists()
