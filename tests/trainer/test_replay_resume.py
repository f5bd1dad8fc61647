"""Replay comes back to a save to the bit, whatever ended the process; a full disk and foreign states change nothing."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.trainer.replay_support import (
    BATCH,
    BUDGET,
    ENVS,
    LENGTH,
    SIZE,
    largest_file,
    play,
    refreshed,
    small_replay,
    vector_step,
)
from trainer.config import SIZES
from trainer.envs.protocol import NUM_ACTIONS
from trainer.errors import UserError
from trainer.randomness import numpy_generator
from trainer.replay import Replay
from trainer.replay_chunks import integers
from trainer.replay_store import STEP

ROOT = Path(__file__).parents[2]


def saved(replay: Replay) -> dict[str, Any]:
    """A save's state as a checkpoint carries it."""
    state: dict[str, Any] = json.loads(json.dumps(replay.save()))
    return state


def contents(folder: Path) -> dict[str, str]:
    """Fingerprints of a folder's files."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize("stop", [70, 400, 900])
def test_a_resumed_replay_goes_on_as_if_nothing_had_been(tmp_path: Path, stop: int) -> None:
    """Before the budget is full, while it fills, and after many drops."""
    replay = small_replay(tmp_path / "a")
    play(replay, 0, stop)
    state, at_save = saved(replay), replay.digest()
    replay.mark_saved(state["save"])
    play(replay, stop, stop + 300)
    at_end = replay.digest()
    replay.close()
    resumed = small_replay(tmp_path / "a", state=state)
    assert resumed.digest() == at_save
    play(resumed, stop, stop + 300)
    assert resumed.digest() == at_end
    assert saved(resumed)["save"] == state["save"] + 1
    resumed.close()


def test_any_save_that_is_kept_can_be_come_back_to(tmp_path: Path) -> None:
    replay = small_replay(tmp_path / "run")
    saves = []
    stops = (0, 300, 303, 306, 500)  # three steps rewrite few latents, two hundred nearly all
    for start, stop in pairwise(stops):
        play(replay, start, stop)
        saves.append((saved(replay), replay.digest()))
    replay.mark_saved(saves[1][0]["save"])
    play(replay, 500, 520)
    replay.close()
    for number, (state, digest) in enumerate(saves):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(tmp_path / "run", copy)
        if number < 1:
            with pytest.raises(UserError, match=r"too old.*--from"):
                small_replay(copy, state=state)
            assert contents(copy) == contents(tmp_path / "run")
        else:
            resumed = small_replay(copy, state=state)
            assert resumed.digest() == digest
            resumed.close()


def test_a_resumed_replay_keeps_the_way_back_to_older_saves(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 500)
    older, at_older = saved(replay), replay.digest()
    play(replay, 500, 700)
    newer = saved(replay)
    play(replay, 700, 900)
    replay.close()
    resumed = small_replay(tmp_path, state=newer)
    play(resumed, 700, 1100)
    resumed.close()
    back = small_replay(tmp_path, state=older)
    assert back.digest() == at_older
    back.close()


def test_freed_chunks_are_used_again(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    sizes = []
    for part in range(8):
        play(replay, 150 * part, 150 * (part + 1), updates=False)
        replay.mark_saved(saved(replay)["save"])
        sizes.append((tmp_path / "frames.bin").stat().st_size)
    assert sizes[-1] == sizes[-3]
    assert sizes[-1] < 2 * BUDGET
    assert [path.name for path in tmp_path.glob("undo-*")] == ["undo-000008.bin"]
    replay.close()


KILLED = """
import json, os, signal, sys
from pathlib import Path
from tests.trainer.replay_support import play, small_replay
from trainer.replay_journal import UndoJournal

folder, place = Path(sys.argv[1]), sys.argv[2]
replay = small_replay(folder / "replay")
play(replay, 0, 450)
state = replay.save()
(folder / "state.json").write_text(json.dumps({"state": state, "digest": replay.digest()}))
replay.mark_saved(state["save"])
play(replay, 450, 455)
record, calls = UndoJournal.record, []

def killing(journal, rows, old):
    calls.append(1)
    if len(calls) == 5:
        if place == "within a record":
            end = journal._end
            record(journal, rows, old)
            journal._file.truncate(end + 100)
        else:
            record(journal, rows, old)
        os.kill(os.getpid(), signal.SIGKILL)
    record(journal, rows, old)

if place == "after a save without its checkpoint":
    replay.save()
    play(replay, 455, 600)
    os.kill(os.getpid(), signal.SIGKILL)
UndoJournal.record = killing
play(replay, 455, 600)
"""


@pytest.mark.parametrize("place", ["within a record", "before a rewrite", "after a save without its checkpoint"])
def test_a_killed_process_loses_nothing_of_the_last_save(tmp_path: Path, place: str) -> None:
    child = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), place], cwd=ROOT, check=False)
    assert child.returncode == -9
    kept = json.loads((tmp_path / "state.json").read_text())
    never_killed = small_replay(tmp_path / "other")
    play(never_killed, 0, 450)
    saved(never_killed)
    resumed = small_replay(tmp_path / "replay", state=kept["state"])
    assert resumed.digest() == kept["digest"] == never_killed.digest()
    for replay in (resumed, never_killed):
        play(replay, 450, 600)
    assert resumed.digest() == never_killed.digest()
    resumed.close()
    never_killed.close()


def test_a_full_disk_while_adding_changes_nothing(tmp_path: Path) -> None:
    replay, whole = small_replay(tmp_path / "full"), small_replay(tmp_path / "whole")
    limit = 3 * 31 * 4 * 64 * 64 * 3
    time = 0
    with largest_file(limit), pytest.raises(UserError, match=r"cannot be stored in .*full.*free space there"):
        for time in range(500):
            digest, held = replay.digest() if time % 31 > 25 else None, len(replay)
            replay.add(**vector_step(time))
    assert time > 31
    assert len(replay) == held
    assert digest in (None, replay.digest())
    play(whole, 0, time, updates=False)
    for other in (replay, whole):
        play(other, time, time + 100)
    assert replay.digest() == whole.digest()
    replay.close()
    whole.close()


def test_a_full_disk_while_journaling_changes_nothing(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 300)
    state, at_save = saved(replay), replay.digest()
    play(replay, 300, 310)
    digest = replay.digest()
    journal = tmp_path / f"undo-{state['save']:06d}.bin"
    batch = replay.sample(BATCH, numpy_generator(0, "sample"))
    with largest_file(journal.stat().st_size + 50), pytest.raises(UserError, match="cannot be stored"):
        replay.commit(batch, *refreshed(0))
    assert replay.digest() == digest
    replay.commit(batch, *refreshed(0))
    play(replay, 310, 330)
    replay.close()
    resumed = small_replay(tmp_path, state=state)
    assert resumed.digest() == at_save
    resumed.close()


HOSTILE: dict[str, Any] = {
    "format": 2,
    "save": -1,
    "step_bytes": 1,
    "length": 65,
    "chunk_steps": 10**9,
    "begin": [0, 0],
    "end": [10**9] * ENVS,
    "chunks": [[0, 10**6]],
    "retired": "many",
    "queue": [[ENVS, 0]],
}


@pytest.mark.parametrize(("key", "value"), [*HOSTILE.items(), ("chunk_steps", 1)])
def test_a_state_that_is_not_this_replays_is_refused(tmp_path: Path, key: str, value: Any) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 100)
    state = saved(replay)
    play(replay, 100, 120)
    replay.close()
    before = contents(tmp_path)
    for changed in (state | {key: value}, state | {key: None}):
        with pytest.raises(UserError):
            small_replay(tmp_path, state=changed)
    assert contents(tmp_path) == before
    small_replay(tmp_path, state=state).close()


def test_integers_are_64_bits_wide_where_numpys_own_are_32() -> None:
    """As on Windows: a position in replay is larger."""
    assert integers({"end": np.array([7], np.int32)}, "end", (-1,)).dtype == np.int64
    with pytest.raises(ValueError, match="end cannot be read"):
        integers({"end": np.array([True])}, "end", (-1,))


@pytest.mark.parametrize("changes", [{"size": SIZES["1m"]}, {"latent_dtype": "float32"}, {"length": LENGTH + 1}])
def test_another_models_replay_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    state = saved(replay)
    replay.close()
    with pytest.raises(UserError, match=r"does not belong to this checkpoint \(another"):
        small_replay(tmp_path, state=state, budget_bytes=4 * BUDGET, **changes)


@pytest.mark.parametrize("name", ["frames.bin", "latents.bin", "steps.bin"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    state = saved(replay)
    replay.close()
    (tmp_path / name).unlink()
    with pytest.raises(UserError, match="files are missing or too short"):
        small_replay(tmp_path, state=state)


def test_files_that_claim_to_be_larger_than_any_disk_are_refused(tmp_path: Path) -> None:
    """Sparse ones: a table of what they could hold would take the machine's memory."""
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    state, chunk = saved(replay), replay.chunk_steps
    replay.close()
    for name, row in (("frames.bin", 12288), ("latents.bin", SIZE.deter * 2 + SIZE.stoch), ("steps.bin", 12)):
        os.truncate(tmp_path / name, row * chunk * (2**22 + 1))
    with pytest.raises(UserError, match="files are far too large"):
        small_replay(tmp_path, state=state)


@pytest.mark.parametrize(
    ("name", "place", "byte"),
    [("steps.bin", 8, NUM_ACTIONS), ("steps.bin", 10, 2), ("latents.bin", -1, SIZE.classes)],
    ids=["action", "flag", "class"],
)
def test_a_step_that_nobody_stored_is_not_learnt_from(tmp_path: Path, name: str, place: int, byte: int) -> None:
    """An action or a class that is none would be looked up behind the end of a table."""
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    state = saved(replay)
    replay.close()
    row = {"steps.bin": STEP.itemsize, "latents.bin": SIZE.deter * 2 + SIZE.stoch}[name]
    rows = np.fromfile(tmp_path / name, np.uint8).reshape(-1, row)
    rows[:, place] = byte
    rows.tofile(tmp_path / name)
    damaged = small_replay(tmp_path, state=state)
    with pytest.raises(UserError, match=r"is damaged; start a new run .* with --from"):
        damaged.sample(BATCH, numpy_generator(0, "sample"))
    damaged.close()


def test_a_damaged_journal_is_named_and_a_blank_end_is_not_read(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 200)
    state, at_save = saved(replay), replay.digest()
    play(replay, 200, 250)
    replay.close()
    journal = tmp_path / "undo-000001.bin"
    whole = journal.read_bytes()
    journal.write_bytes(b"\xff" * 16 + whole[16:])
    with pytest.raises(UserError, match=r"undo-000001\.bin is damaged"):
        small_replay(tmp_path, state=state)
    journal.write_bytes(whole + bytes(1000))
    resumed = small_replay(tmp_path, state=state)
    assert resumed.digest() == at_save
    resumed.close()


def test_a_new_replay_does_not_write_over_another(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    replay.close()
    before = contents(tmp_path)
    with pytest.raises(UserError, match=r"holds a replay already.*--run_dir"):
        small_replay(tmp_path)
    assert contents(tmp_path) == before


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"cannot be stored in .*file/replay"):
        small_replay(tmp_path / "file" / "replay")


def test_a_smaller_budget_drops_the_oldest_and_a_larger_one_none(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 500)
    state, held = saved(replay), len(replay)
    replay.close()
    smaller = small_replay(tmp_path, state=state, budget_bytes=BUDGET // 2)
    assert smaller.chunk_steps == replay.chunk_steps
    play(smaller, 500, 540)
    assert len(smaller) <= smaller.capacity < held
    smaller.close()
    larger = small_replay(tmp_path, state=state, budget_bytes=BUDGET * 2)
    play(larger, 500, 540)
    assert len(larger) > held + 4 * 40
    larger.close()


def test_open_is_the_constructor_with_a_state(tmp_path: Path) -> None:
    replay = small_replay(tmp_path)
    play(replay, 0, 50)
    state, digest = saved(replay), replay.digest()
    replay.close()
    settings = (ENVS, SIZES["debug"], "bfloat16", BUDGET, LENGTH)
    opened = Replay.open(tmp_path, state, *settings)  # type: ignore[arg-type]
    assert opened.digest() == digest
    opened.close()
