from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.checkpoint import save_checkpoint
from trainer.checkpoint_header import Header
from trainer.config import Config
from trainer.errors import UserError
from trainer.run import Run, broken_off_runs, data_dir, runs_dir, user_key

CONFIG = Config(preset="debug", game="starpilot", lr=1 / 3)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", CONFIG)


def touch(run: Run, *env_steps: int) -> list[Path]:
    paths = [run.checkpoint_path(steps) for steps in env_steps]
    for path in paths:
        path.touch()
    return paths


def test_a_run_is_opened_as_it_was_made(run: Run) -> None:
    opened = Run.open(run.path)
    assert opened.config == CONFIG
    assert opened.path == run.path
    assert run.replay_dir.is_dir() and run.tensorboard_dir.is_dir()


def test_a_run_without_a_folder_goes_to_the_data_folder() -> None:
    first, second = Run.create(None, CONFIG), Run.create(None, CONFIG)
    assert first.path.parent == second.path.parent == runs_dir()
    assert first.path != second.path
    assert first.path.name.startswith("starpilot-")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    used = tmp_path / "used"
    used.mkdir()
    (used / "thesis.txt").write_text("mine")
    with pytest.raises(UserError, match=r"used: is in use already.*--resume"):
        Run.create(used, CONFIG)
    with pytest.raises(UserError, match="is in use already"):
        Run.create(used / "thesis.txt", CONFIG)
    assert [path.name for path in used.iterdir()] == ["thesis.txt"]
    assert (used / "thesis.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"file/run: cannot be written.*--run_dir"):
        Run.create(tmp_path / "file" / "run", CONFIG)


def test_what_is_no_run_is_refused(tmp_path: Path, run: Run) -> None:
    with pytest.raises(UserError, match="is no run"):
        Run.open(tmp_path)
    with pytest.raises(UserError, match="holds no checkpoint yet"):
        run.latest_checkpoint()
    with pytest.raises(UserError, match=r"lies in no run.*--from"):
        Run.of_checkpoint(tmp_path / "weights.safetensors")
    assert Run.of_checkpoint(run.checkpoint_path(3)).path == run.path


def test_a_wrong_setting_in_config_yaml_is_named(run: Run) -> None:
    (run.path / "config.yaml").write_text("game: coinrun\nlevles: 3\n")
    with pytest.raises(UserError, match=r"config.yaml: there is no setting 'levles' \(did you mean 'levels'\?\)"):
        Run.open(run.path)


def test_the_newest_checkpoint_is_found_by_its_steps(run: Run) -> None:
    paths = touch(run, 20, 900, 12_345, 999_999_999, 1_000_000_000)
    (run.checkpoints_dir / "step-zero.safetensors").touch()
    assert run.checkpoints() == paths
    assert run.latest_checkpoint() == run.checkpoint_path(1_000_000_000)
    assert run.checkpoint_path(12_345).name == "step-000012345.safetensors"


def test_pruning_keeps_the_newest_few_the_best_and_clears_broken_off_writes(run: Run) -> None:
    paths = touch(run, 10, 20, 30, 40, 50)
    (run.checkpoints_dir / ".step-000000060.safetensors.123.tmp").touch()
    run.prune(keep=2, best_env_steps=20)
    assert sorted(run.checkpoints_dir.iterdir()) == [paths[1], paths[3], paths[4]]


def test_what_cannot_be_deleted_is_named(run: Run) -> None:
    touch(run, 20, 30)
    run.checkpoint_path(10).mkdir()
    with pytest.raises(UserError, match=r"step-000000010.safetensors: cannot be deleted .*; make it writable"):
        run.prune(keep=2, best_env_steps=None)


@pytest.mark.parametrize("name", ["run.lock", "metrics.jsonl", "replay/frames.bin", "checkpoints/step-000000001"])
def test_training_writes_through_no_link_out_of_the_run(run: Run, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "thesis.txt"
    outside.write_text("mine")
    (run.path / name).symlink_to(outside)
    with pytest.raises(UserError, match=rf"{name}: is a link, and training writes there"):
        run.lock()
    (run.path / name).unlink()
    os.mkfifo(run.path / name)
    with pytest.raises(UserError, match=rf"{name}: is neither file nor folder"):
        run.lock()
    assert outside.read_text() == "mine"


def test_a_folder_of_a_run_is_no_link_either(run: Run, tmp_path: Path) -> None:
    run.replay_dir.rename(tmp_path / "elsewhere")
    run.replay_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="replay: is a link"):
        run.lock()


def test_the_best_checkpoint_is_the_newest_until_there_was_an_evaluation(run: Run) -> None:
    from tests.trainer.test_checkpoint import learner_tensors

    header = Header("full", CONFIG.replace(lr=CONFIG.lr), 15, env_steps=20, updates=1)
    touch(run, 10)
    save_checkpoint(run.checkpoint_path(20), header, learner_tensors())
    assert run.best_checkpoint() == run.checkpoint_path(20)
    better = Header("full", CONFIG, 15, env_steps=20, updates=1, state={"best": {"env_steps": 10, "score": 1.0}})
    save_checkpoint(run.checkpoint_path(20), better, learner_tensors())
    assert run.best_checkpoint() == run.checkpoint_path(10)
    run.checkpoint_path(10).unlink()
    assert run.best_checkpoint() == run.checkpoint_path(20)
    for nonsense in (10**400, -1, True, "10", None):
        state = {"best": {"env_steps": nonsense, "score": 1.0}}
        damaged = Header("full", CONFIG, 15, env_steps=20, updates=1, state=state)
        save_checkpoint(run.checkpoint_path(20), damaged, learner_tensors())
        assert run.best_checkpoint() == run.checkpoint_path(20)


def test_batches_of_refused_updates_do_not_pile_up(run: Run) -> None:
    for attempt in range(50):
        run.batch_file(attempt).touch()
    kept = sorted(path.name for path in (run.path / "refused").iterdir())
    assert len(kept) == 20
    assert kept[-1] == "update-000000049.npz"


HOLD = """
import sys
from pathlib import Path
from trainer.run import Run

run = Run.open(Path(sys.argv[1]))
run.lock()
run.note(None)
print("locked", flush=True)
sys.stdin.read()
"""


def test_a_run_belongs_to_one_process_and_a_killed_one_is_offered_again(run: Run) -> None:
    touch(run, 0)
    command = [sys.executable, "-c", HOLD, str(run.path)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "locked\n"
        with pytest.raises(UserError, match="is being trained already"):
            run.lock()
        assert not run.broke_off()
        holder.kill()
        holder.wait()
    assert run.broke_off()
    assert [found.path for found in broken_off_runs(run.path.parent)] == [run.path]
    run.lock()
    run.note("stopped")
    run.unlock()
    assert not run.broke_off()
    assert broken_off_runs(run.path.parent) == []


def test_a_run_that_never_began_did_not_break_off(run: Run) -> None:
    assert not run.broke_off()


def test_the_key_is_made_once_and_is_nobody_elses() -> None:
    key = user_key()
    assert len(key) == 32
    assert user_key() == key
    path = data_dir() / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".key")] == []


def test_a_damaged_key_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    user_key()
    (data_dir() / "key").write_bytes(b"short")
    with pytest.raises(UserError, match=r"key: is damaged; delete it"):
        user_key()
