"""The command line: what `view` takes, who answers for the rest, and one line for every mistake."""

import errno
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from dream_viewer import cli
from dream_viewer.options import ViewOptions
from trainer.errors import UserError
from trainer.recording import Recording

ROOT = Path(__file__).parents[2]


@pytest.fixture
def viewed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Arguments that reached `view`, which opens nothing here."""
    seen: list[list[str]] = []

    def view(arguments: list[str]) -> int:
        seen.append(list(arguments))
        return 0

    monkeypatch.setattr(cli, "_view", view)
    return seen


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ([], []),
        (["view"], []),
        (["--game", "maze"], ["--game", "maze"]),
        (["view", "x", "--level", "3"], ["x", "--level", "3"]),
    ],
)
def test_without_a_command_the_window_opens(viewed: list[list[str]], given: list[str], taken: list[str]) -> None:
    assert cli.main(given) == 0
    assert viewed == [taken]


def test_everything_else_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(cli.headless, "main", lambda arguments: seen.append(arguments) or 7)
    assert cli.main(["train", "--game", "maze"]) == 7
    assert seen == [["train", "--game", "maze"]]


def test_an_unknown_command_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["play"]) == 2
    told = capsys.readouterr().err
    assert "view, export, train, evaluate" in told and told.count("\n") == 1


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in ("view", "train", "evaluate", "benchmark"))


def test_flags_become_options(tmp_path: Path) -> None:
    file = tmp_path / "a.safetensors"
    file.touch()
    flags = [str(file), "--game", "maze", "--difficulty", "hard", "--split", "train", "--level", "7", "--mode", "dream"]
    assert cli.parse_view(flags) == ViewOptions(file, "maze", "hard", "train", 7, "dream", None)


def test_unseen_levels_are_the_default(tmp_path: Path) -> None:
    assert cli.parse_view([str(tmp_path)]).split == "unseen"


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (["nowhere.safetensors"], "no such file"),
        (["--game", "pong"], "coinrun"),
        (["--level", "-4"], "level seeds go from 0"),
        (["--level", "many"], "--level"),
        (["--colour"], "--colour"),
        (["--split", "test"], "unseen"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(flags: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["view", *flags]) == 2
    told = capsys.readouterr()
    assert word in told.err and told.err.count("\n") == 1 and not told.out


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["view", "nowhere.safetensors", "--debug"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_damaged_checkpoint_is_refused_before_a_window_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "broken.safetensors"
    file.write_bytes(b"nothing of the kind")
    assert cli.main(["view", str(file)]) == 2
    assert str(file) in capsys.readouterr().err


def test_a_screenshot_that_cannot_be_written_is_refused_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["view", "--screenshot", str(tmp_path / "no" / "x.png")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_bundled_checkpoint_plays_every_game(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setattr(cli, "files", lambda package: tmp_path)
    assert cli.bundled_checkpoint("maze") is None
    (folder / "coinrun.safetensors").touch()
    assert cli.bundled_checkpoint(None) == cli.bundled_checkpoint("maze") == folder / "coinrun.safetensors"
    (folder / "maze.safetensors").touch()
    assert cli.bundled_checkpoint("maze") == folder / "maze.safetensors"


def test_a_missing_library_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> None:
        raise UserError("The window needs libEGL.so.1: install it with `sudo apt install libegl1`.")

    monkeypatch.setattr("dream_viewer.lifetime.libraries.check_window", lacking)
    monkeypatch.setattr(cli, "bundled_checkpoint", lambda game: None)
    assert cli.main(["view"]) == 2
    assert capsys.readouterr().err.endswith("`sudo apt install libegl1`.\n")


def test_a_recording_is_read_by_the_bundled_agent_of_its_game(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    recording = Recording("maze", "hard", "unseen", 7, (4,), (0.0,), ("0" * 16,), None)
    asked: list[str | None] = []
    monkeypatch.setattr(cli, "bundled_checkpoint", lambda game: asked.append(game) or tmp_path / "m.safetensors")
    file = tmp_path / "a.episode"
    options = cli.with_recording(ViewOptions(file), recording)
    assert (options.recording, options.game, options.difficulty) == (file, "maze", "hard")
    assert options.path == tmp_path / "m.safetensors" and asked == ["maze"]


def test_a_damaged_recording_is_refused_before_a_window_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.episode"
    file.write_bytes(b"\x80\x04pickled")
    assert cli.main(["view", str(file)]) == 2
    told = capsys.readouterr().err
    assert "a.episode" in told and told.count("\n") == 1


def test_what_export_takes(tmp_path: Path) -> None:
    checkpoint, recording = tmp_path / "a.safetensors", tmp_path / "a.episode"
    checkpoint.touch()
    recording.touch()
    options = cli.parse_export([str(checkpoint), str(tmp_path / "o.mp4"), "--horizon", "5", "--level", "3"])
    assert (options.agent, options.recording, options.horizon, options.level) == (checkpoint, None, 5, 3)
    options = cli.parse_export([str(recording), "o.png", "--agent", str(checkpoint), "--at", "2"])
    assert (options.agent, options.recording, options.at) == (checkpoint, recording, 2)
    assert options.out.is_absolute() and options.compare is None
    options = cli.parse_export([str(recording), "o.png", "--compare", str(checkpoint)])
    assert options.compare == checkpoint


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        ([], "required"),
        (["missing.episode", "a.mp4"], "no such file"),
        ([".", "a.mp4", "--compare", "missing.safetensors"], "no such file"),
        ([".", "a.mp4", "--horizon", "0"], "--horizon 0"),
        ([".", "a.mp4", "--horizon", "100000"], "--horizon 100000"),
        ([".", "a.mp4", "--level", "-1"], "--level -1"),
        ([".", "a.mp4", "--agent", "."], "a checkpoint plays by itself"),
    ],
)
def test_a_mistake_in_export_is_one_line_and_exit_2(
    flags: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["export", *flags]) == 2
    told = capsys.readouterr().err
    assert word in told and told.count("\n") == 1


def test_a_folder_that_is_no_run_is_refused_before_a_window_opens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["view", str(tmp_path)]) == 2
    assert "is no run" in capsys.readouterr().err
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert cli.main(["view", str(pipe)]) == 2
    assert "is no file" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["main.py", "--help"], ["-u", "main.py", "-h"], ["main.py", "train", "-h"]])
def test_nobody_has_to_read_to_the_end(arguments: list[str]) -> None:
    """As with `| head -1`; what was typed to get here is what help tells to type."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_another_broken_pipe_is_an_error_like_any_other(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(arguments: Sequence[str]) -> None:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe", "/run/peer")

    monkeypatch.setitem(cli.headless.COMMANDS, "evaluate", broken)
    assert cli.main(["evaluate", "agent.safetensors"]) == 2
    assert capfd.readouterr().err == "/run/peer: Broken pipe; check that it is there and writable.\n"


def test_a_process_without_streams_does_its_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As under pythonw."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["--help"]) == 0
    assert cli.main(["view", str(tmp_path / "nothing")]) == 2
