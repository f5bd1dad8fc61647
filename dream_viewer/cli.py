"""The command line: `view` opens the window, `export` draws without one, `trainer.cli` does all else.

Qt is imported for the window only.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dream_viewer.options import ExportOptions, ViewOptions
from trainer import cli as headless
from trainer.config import GAMES
from trainer.episode import RECORDING_SUFFIX
from trainer.errors import UserError
from trainer.levels import LEVEL_LIMIT

if TYPE_CHECKING:  # what recordings need brings torch, which comes after `prepare`
    from trainer.recording import Recording

PROGRAM = headless.PROGRAM
BUNDLED = "coinrun"
"""The bundled checkpoint that plays when none is named and the game asked for has none of its own."""
MOST_HORIZON = 200
"""Longest future that can be asked for, in frames."""
_REFUSED, _INTERRUPTED, _UNREAD = 2, 130, 141
_COMMANDS = (
    ("view [CHECKPOINT|RUN|RECORDING]", "the window, on the agent of a file or the bundled one"),
    ("export CHECKPOINT|RUN|RECORDING OUT", "an episode as film, picture or table"),
    ("train", "a new agent, or go on with one"),
    ("evaluate CHECKPOINT|RUN", "scores on train and unseen levels, and how faithful the dreams are"),
    ("benchmark [--ui]", "how fast training is; with --ui beside the window"),
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as every other command does."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}. See {self.prog} --help.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; without one, open the window.

    Args:
        argv: command and flags; None = those of the process.

    Returns:
        the exit code: 0, 2 with one line on stderr where something a person can mend was wrong, 130 stopped
        by Ctrl-C, 141 nobody reads the output any more (`| head`), 1 an error of ours.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # pythonw gives none; what is said then is said to nobody
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as the process
    try:
        code = _run(argv)
        sys.stdout.flush()
    except BrokenPipeError:
        if not headless.unread():
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains as it leaves
        return _UNREAD
    return code


def _run(argv: Sequence[str] | None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] in (["-h"], ["--help"]):
        sys.stdout.write(overview())
        return 0
    if not arguments or arguments[0].startswith("-"):
        arguments.insert(0, "view")
    debug = "--debug" in arguments
    window = arguments[0] == "benchmark" and "--ui" in arguments
    if arguments[0] in headless.COMMANDS and not window:
        return headless.main(arguments)
    try:
        if window:
            return _benchmark_window([argument for argument in arguments[1:] if argument != "--ui"])
        if arguments[0] == "export":
            return _export(arguments[1:])
        if arguments[0] != "view":
            known = ", ".join(["view", "export", *headless.COMMANDS])
            raise UserError(f"The commands are {known}; {arguments[0]!r} is none of them.")
        return _view(arguments[1:])
    except SystemExit as leaving:  # --help
        return leaving.code if isinstance(leaving.code, int) else 0
    except UserError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return _INTERRUPTED


def overview() -> str:
    """What `--help` says."""
    width = max(len(usage) for usage, _ in _COMMANDS)
    lines = [
        f"usage: {PROGRAM} [COMMAND] [flags]",
        "",
        "Watch what an agent imagines before it acts. Without a command the window opens on the bundled agent.",
        "",
        *(f"  {usage:{width}}   {what}" for usage, what in _COMMANDS),
        "",
        f"{PROGRAM} COMMAND --help tells a command's flags.",
    ]
    return "\n".join(lines) + "\n"


def _add_levels(parser: _Parser, one: str) -> None:
    """The flags that say what is played; `one`: what is said of a level's seed."""
    games = f"game to play, in place of the one it was trained on: {', '.join(GAMES)}"
    parser.add_argument("--game", choices=GAMES, metavar="GAME", help=games)
    parser.add_argument("--difficulty", choices=("easy", "hard"), help="in place of the one it was trained on")
    parser.add_argument("--split", choices=("train", "unseen"), default="unseen", help="levels to play")
    parser.add_argument("--level", type=int, metavar="SEED", help=one)


def _check_level(seed: int | None) -> None:
    if seed is not None and not 0 <= seed < LEVEL_LIMIT:
        raise UserError(f"--level {seed}: level seeds go from 0 to {LEVEL_LIMIT - 1}.")


def parse_view(arguments: Sequence[str]) -> ViewOptions:
    """The flags of `view`, checked as far as that goes without opening anything.

    Raises:
        UserError: a flag that is unknown, a value that is none, or a path that is not there.
        SystemExit: `--help` was asked for and has been printed.
    """
    parser = _Parser(prog=f"{PROGRAM} view", description="Watch what an agent imagines before it acts.")
    parser.add_argument(
        "path", nargs="?", type=Path, metavar="CHECKPOINT|RUN|RECORDING", help="default: the bundled checkpoint"
    )
    _add_levels(parser, "play this level again and again")
    parser.add_argument("--mode", choices=("belief", "dream", "future"), help="what the dream pane shows at first")
    parser.add_argument("--screenshot", type=Path, metavar="FILE", help="play some seconds, write a PNG, leave")
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    flags = parser.parse_args(list(arguments))
    if flags.path is not None and not os.path.exists(flags.path):
        raise UserError(f"{flags.path}: there is no such file or folder; give a checkpoint, a run or a recording.")
    _check_level(flags.level)
    return ViewOptions(
        path=flags.path or bundled_checkpoint(flags.game),
        game=flags.game,
        difficulty=flags.difficulty,
        split=flags.split,
        level=flags.level,
        mode=flags.mode,
        screenshot=flags.screenshot,
    )


def parse_export(arguments: Sequence[str]) -> ExportOptions:
    """The flags of `export`, checked as far as that goes without opening anything.

    Raises:
        UserError: a flag that is unknown, a value that is none, or a path that is not there.
        SystemExit: `--help` was asked for and has been printed.
    """
    parser = _Parser(
        prog=f"{PROGRAM} export", description="Draw an episode: what happened, what the agent imagined and expected."
    )
    parser.add_argument("source", type=Path, metavar="CHECKPOINT|RUN|RECORDING", help="who plays, or what was played")
    parser.add_argument("out", type=Path, metavar="OUT", help="file.mp4, .gif, .png, or .csv or .npz for the curves")
    parser.add_argument(
        "--horizon", type=int, default=15, metavar="FRAMES", help="from look to look, and of each future"
    )
    parser.add_argument("--agent", type=Path, metavar="CHECKPOINT", help="who reads a recording; default: the bundled")
    parser.add_argument("--compare", type=Path, metavar="CHECKPOINT", help="a second agent that reads the same episode")
    _add_levels(parser, "level to play")
    parser.add_argument("--steps", type=int, metavar="STEPS", help="play so many at most")
    parser.add_argument("--at", type=int, metavar="STEP", help="step of a .png; default: the middle one")
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error")
    flags = parser.parse_args(list(arguments))
    for path in (flags.source, flags.agent, flags.compare):
        if path is not None and not os.path.exists(path):
            raise UserError(f"{path}: there is no such file or folder; give a checkpoint, a run or a recording.")
    _check_level(flags.level)
    for name, least, most in (("horizon", 1, MOST_HORIZON), ("steps", 1, None), ("at", 0, None)):
        value = getattr(flags, name)
        if value is not None and (value < least or (most is not None and value > most)):
            raise UserError(f"--{name} {value}: give {least} or more{'' if most is None else f', {most} at most'}.")
    recorded = flags.source.suffix == RECORDING_SUFFIX
    if not recorded and flags.agent is not None:
        raise UserError("--agent says who reads a recording; a checkpoint plays by itself.")
    return ExportOptions(
        agent=flags.agent if recorded else flags.source,
        recording=flags.source if recorded else None,
        out=flags.out.expanduser().absolute(),
        horizon=flags.horizon,
        game=flags.game,
        difficulty=flags.difficulty,
        split=flags.split,
        level=flags.level,
        steps=flags.steps,
        at=flags.at,
        compare=flags.compare,
    )


def bundled_checkpoint(game: str | None) -> Path | None:
    """The bundled checkpoint of a game, or CoinRun's where the game has none; None if none is bundled."""
    folder = files("resources") / "checkpoints"
    for name in (game or BUNDLED, BUNDLED):
        entry = folder / f"{name}.safetensors"
        if entry.is_file():
            with as_file(entry) as path:
                return path
    return None


def _benchmark_window(arguments: Sequence[str]) -> int:
    flags = headless.parse_benchmark(arguments)
    if flags.growth or flags.peers or flags.plot is not None:
        raise UserError("--growth, --peers and --plot are of the benchmark without a window; leave out --ui.")
    from trainer.process import prepare

    prepare(flags.settings.threads)
    _without_a_display()
    from dream_viewer.lifetime.libraries import check_window

    check_window()
    from dream_viewer.benchmark.window import run_window_benchmark

    run_window_benchmark(flags.settings, flags.updates, flags.json, _say)
    return 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _without_a_display() -> None:
    """Lets Qt draw into memory where there is no screen."""
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


def with_recording(options: ViewOptions, recording: Recording) -> ViewOptions:
    """The options of `view RECORDING`: it is shown first, and read by the bundled agent, which plays that game."""
    game = options.game or recording.game
    return replace(
        options,
        path=bundled_checkpoint(game),
        recording=options.path,
        game=game,
        difficulty=options.difficulty or recording.difficulty,
    )


def _export(arguments: Sequence[str]) -> int:
    options = parse_export(arguments)
    from trainer.envs.game_files import begin_loading

    begin_loading()
    from trainer.process import prepare

    prepare()
    from dream_viewer.workers.headless_export import export
    from trainer.recording import read_recording

    recording = None if options.recording is None else read_recording(options.recording)
    agent = options.agent or bundled_checkpoint(None if recording is None else recording.game)
    if agent is None:
        raise UserError("No checkpoint is bundled that could read the recording; name one with --agent.")
    export(options, agent, recording)
    return 0


def _view(arguments: Sequence[str]) -> int:
    options = parse_view(arguments)
    from trainer.envs.game_files import begin_loading

    begin_loading()  # while this thread imports torch and Qt
    from trainer.process import prepare

    prepare()  # imports torch, which on Windows must come before Qt
    from trainer.checkpoint import read_header
    from trainer.jsonfile import check_target
    from trainer.run import checkpoint_at

    if options.screenshot is not None:
        check_target(options.screenshot.expanduser().absolute())
        _without_a_display()
    if options.path is not None and options.path.suffix == RECORDING_SUFFIX:
        from trainer.recording import read_recording

        options = with_recording(options, read_recording(options.path))
    if options.path is not None:
        read_header(checkpoint_at(options.path))
    from dream_viewer.lifetime.libraries import check_window

    check_window()
    from dream_viewer.app import run

    return run(options)
