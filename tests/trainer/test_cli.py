import contextlib
import errno
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import safetensors.torch
import torch

from trainer import cli
from trainer.agent.agent import Agent
from trainer.checkpoint import open_checkpoint, read_header, save_checkpoint
from trainer.checkpoint_header import Header
from trainer.cli import main
from trainer.config import Config, read_config
from trainer.config_files import named_config
from trainer.run import Run

DEBUG = ["--config", "debug"]
LAUNCH = [sys.executable, "-c", "import sys; from trainer.cli import main; sys.exit(main(sys.argv[1:]))"]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of debug size, never trained."""
    config = named_config("debug")
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    agent = Agent(config.size)
    save_checkpoint(path, Header("weights", config, agent.num_actions, 0, 0), agent.state_tensors())
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short real run."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    assert main(["train", *DEBUG, "--total-steps", "80", "--run_dir", str(folder)]) == 0
    return folder


def refused(capsys: pytest.CaptureFixture[str], arguments: Sequence[object], code: int = 2) -> str:
    """The one line that a refused command says."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == code
    said = capsys.readouterr().err
    assert said.endswith("\n")
    assert said.count("\n") == 1
    assert "Traceback" not in said
    return said


# Settings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--game", "coinrum"], "coinrum.*did you mean 'coinrun'"),
        (["--preset", "13m"], "13m.*did you mean '1m"),
        (["--config", "debgu"], "debgu.*did you mean 'debug'"),
        (["--config", "missing.yaml"], r"missing\.yaml"),
        (["--nmu_envs", "3"], "--nmu_envs.*did you mean --num_envs"),
        (["--num_envs", "three"], "--num_envs.*three"),
        (["--num_envs", "0"], "num_envs is 0.*from 1 to 1024"),
        (["--num_envs"], "--num_envs"),
        (["--batch_size", "65536", "--batch_length", "65536"], "65536 x 65536 steps.*GiB.*lower batch_size"),
        (["--difficulty", "medium"], "medium.*easy"),
        (["--lr", "nan"], "lr is nan"),
        (["--device", "tpu"], "tpu.*cuda"),
        (["coinrun"], "coinrun.*--help"),
    ],
)
def test_a_bad_flag_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], message: str
) -> None:
    run_dir = tmp_path / "run"
    assert re.search(message, refused(capsys, ["train", "--run_dir", run_dir, *arguments]))
    assert not run_dir.exists()


def test_an_unknown_key_in_a_config_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("gaem: maze\n")
    said = refused(capsys, ["train", "--config", path])
    assert str(path) in said
    assert "did you mean 'game'" in said


def test_cuda_where_there_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    run_dir = tmp_path / "run"
    said = refused(capsys, ["train", *DEBUG, "--device", "cuda", "--run_dir", run_dir])
    assert "cuda" in said
    assert "--device cpu" in said
    assert not run_dir.exists()


@pytest.mark.parametrize("arguments", [[], ["trian"]])
def test_an_unknown_command(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert "train, evaluate, benchmark" in refused(capsys, arguments)


@pytest.mark.parametrize("command", ["train", "evaluate", "benchmark"])
def test_help_names_the_flags_and_leaves_in_peace(capsys: pytest.CaptureFixture[str], command: str) -> None:
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    assert f"{cli.PROGRAM} {command}" in said
    assert {"train": "--num_envs", "evaluate": "--episodes", "benchmark": "--preset"}[command] in said


# Where training starts from


def test_a_game_picks_its_config_and_flags_override_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("game: maze\nnum_envs: 5\nlr: 1e-4\n")
    for arguments, expected in (
        ([], named_config("coinrun")),
        (["--game", "starpilot"], named_config("starpilot")),
        (["--game=maze"], Config(game="maze")),
        (["--config", "debug", "--game", "starpilot"], named_config("debug").replace(game="starpilot")),
        (["--config", str(path), "--num-envs", "7"], Config(game="maze", num_envs=7, lr=1e-4)),
        (["--total_steps", "9", "--batch-size", "3"], named_config("coinrun").replace(total_steps=9, batch_size=3)),
    ):
        assert started_with(monkeypatch, arguments) == expected


def test_a_new_run_takes_the_settings_of_its_checkpoint(monkeypatch: pytest.MonkeyPatch, weights: Path) -> None:
    given = read_header(weights).config
    anew = started_with(monkeypatch, ["--from", str(weights)])
    assert anew == given.replace(device="auto", dtype="auto", threads=0), "what suits this machine is chosen anew"
    elsewhere = started_with(monkeypatch, ["--from", str(weights), "--game", "starpilot"])
    assert elsewhere == named_config("starpilot").replace(preset="debug")


def started_with(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> Config:
    """The settings a training loop gets; it is not built."""
    seen: list[Config] = []

    def loop(config: Config, *rest: object, **more: object) -> None:
        seen.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.loop.TrainingLoop", loop)
    assert main(["train", *arguments]) == 130
    return seen[0]


# Files and folders


def test_a_folder_in_use_stays_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    said = refused(capsys, ["train", *DEBUG, "--run_dir", tmp_path])
    assert "in use" in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refused(capsys, ["train", *DEBUG, "--run_dir", tmp_path / "file" / "run"])
    assert str(tmp_path / "file" / "run") in said


def test_a_file_for_results_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path
) -> None:
    said = refused(capsys, ["evaluate", weights, "--json", tmp_path / "nowhere" / "scores.json"])
    assert "nowhere" in said


def test_a_full_disk(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    assert main(["train", *DEBUG, "--run_dir", str(tmp_path / "run")]) == 2
    said = capsys.readouterr().err
    assert "No space left" in said.splitlines()[-1]
    assert "Traceback" not in said


def test_an_error_of_the_system_names_its_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(arguments: Sequence[str]) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", "/runs/one/checkpoints")

    monkeypatch.setitem(cli.COMMANDS, "train", full)
    assert "/runs/one/checkpoints: No space left on device" in refused(capsys, ["train"])


def test_an_error_of_ours_is_one_line_unless_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(arguments: Sequence[str]) -> None:
        raise ZeroDivisionError("oh\nno")

    monkeypatch.setitem(cli.COMMANDS, "train", broken)
    assert "ZeroDivisionError: oh no (--debug shows where)" in refused(capsys, ["train"], code=1)
    assert main(["train", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


# Checkpoints


def test_a_checkpoint_that_is_not_there(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for arguments in (["evaluate"], ["train", "--from"], ["train", "--resume"]):
        assert "missing.safetensors" in refused(capsys, [*arguments, tmp_path / "missing.safetensors"])


def test_a_damaged_checkpoint(capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(weights.read_bytes()[:-100])
    for arguments in (["evaluate"], ["train", "--from"]):
        assert "damaged.safetensors" in refused(capsys, [*arguments, path])


def test_a_hostile_checkpoint(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "hostile.safetensors"
    path.write_bytes((2**62).to_bytes(8, "little") + b"{" * 64)
    assert "hostile.safetensors" in refused(capsys, ["evaluate", path])


def test_a_foreign_checkpoint(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"layer.weight": torch.zeros(3)}, str(path))
    assert "foreign.safetensors" in refused(capsys, ["evaluate", path])


def test_a_checkpoint_of_another_size(capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path) -> None:
    run_dir = tmp_path / "run"
    said = refused(capsys, ["train", "--from", weights, "--preset", "1m", "--run_dir", run_dir])
    assert "debug" in said
    assert "1m" in said
    assert not run_dir.exists()


def test_weights_alone_cannot_be_resumed(capsys: pytest.CaptureFixture[str], weights: Path) -> None:
    assert "--from" in refused(capsys, ["train", "--resume", weights])


# Real runs


def test_train_leaves_a_whole_run(trained: Path) -> None:
    run = Run.open(trained)
    assert (run.config.preset, run.config.total_steps) == ("debug", 80)
    header = read_header(run.latest_checkpoint())
    assert (header.kind, header.env_steps) == ("full", 80)
    assert header.updates > 0
    assert run.metrics_file.exists()
    assert list(run.tensorboard_dir.iterdir())


def test_a_run_that_is_complete_goes_on_to_a_later_end(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    common = ["--from", str(weights), "--run_dir", str(folder)]
    assert main(["train", *common, "--total_steps", "8"]) == 0
    assert main(["train", "--resume", str(folder), "--total-steps", "16"]) == 0
    assert read_header(Run.open(folder).latest_checkpoint()).env_steps == 16
    assert read_config(folder / "config.yaml").total_steps == 16
    assert "Training is complete: 16 steps" in capsys.readouterr().err


def test_a_resumed_run_keeps_its_settings(capsys: pytest.CaptureFixture[str], trained: Path) -> None:
    assert "--num_envs cannot change" in refused(capsys, ["train", "--resume", trained, "--num_envs", "3"])
    assert "leave --config" in refused(capsys, ["train", "--resume", trained, *DEBUG])


def test_evaluate_counts_every_episode_and_writes_json(
    capsys: pytest.CaptureFixture[str], trained: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scores.json"
    arguments = ["evaluate", str(trained), "--episodes", "2", "--split", "train", "--json", str(file)]
    assert main(arguments) == 0
    report = json.loads(file.read_text())
    assert report["train"]["episodes"] == 2
    assert "mean_return" in report["random"]
    assert "seeds 0-1" in capsys.readouterr().out


def launch(arguments: Sequence[object]) -> subprocess.Popen[str]:
    return subprocess.Popen([*LAUNCH, *map(str, arguments)], stderr=subprocess.PIPE, text=True)


def read_until(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if text in line:
            return
    raise AssertionError("".join(seen))


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_leaves(tmp_path: Path, number: signal.Signals) -> None:
    folder = tmp_path / "run"
    with launch(["train", *DEBUG, "--total_steps", 10**9, "--run_dir", folder]) as process:
        read_until(process, "frames/s")
        process.send_signal(number)
        read_until(process, "Stopped and saved")
        assert process.wait(60) == 0
    run = Run.open(folder)
    assert read_header(run.latest_checkpoint()).env_steps > 0
    assert not run.broke_off()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_ctrl_c_saves_where_it_ends_the_reader_too(tmp_path: Path) -> None:
    """As with `2>&1 | tee`."""
    folder = tmp_path / "run"
    with launch(["train", *DEBUG, "--total_steps", 10**9, "--run_dir", folder]) as process:
        read_until(process, "frames/s")
        assert process.stderr is not None
        process.stderr.close()
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    run = Run.open(folder)
    assert read_header(run.latest_checkpoint()).env_steps > 0
    assert not run.broke_off()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_a_second_signal_leaves_at_once_and_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with launch(["train", *DEBUG, "--total_steps", 10**9, "--run_dir", folder]) as process:
        read_until(process, "frames/s")
        process.send_signal(signal.SIGINT)
        read_until(process, "Ctrl-C again leaves at once")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) in (0, -signal.SIGINT)
    for path in Run.open(folder).checkpoints():
        assert open_checkpoint(path).header.kind == "full"
    end = read_header(Run.open(folder).latest_checkpoint()).env_steps + 4
    assert main(["train", "--resume", str(folder), "--total_steps", str(end)]) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals")
def test_the_first_signal_asks_and_the_second_is_the_systems() -> None:
    asked: list[bool] = []
    before = signal.getsignal(signal.SIGINT)
    with cli.stopping_on_signals(lambda: asked.append(True)):
        os.kill(os.getpid(), signal.SIGINT)
        assert asked == [True]
        assert signal.getsignal(signal.SIGINT) == signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == before
    with contextlib.suppress(KeyboardInterrupt), cli.stopping_on_signals(lambda: None):
        raise KeyboardInterrupt
    assert signal.getsignal(signal.SIGINT) == before
