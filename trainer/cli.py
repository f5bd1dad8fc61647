"""The headless commands: train · evaluate · benchmark. Flags of `train` come from :class:`trainer.config.Config`.

torch and the game are imported inside the commands, so that `--help` and a mistyped flag answer at once and the
process is set up before the first tensor.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import itertools
import os
import re
import select
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import tyro

from trainer.config import AUTO, Config, check
from trainer.config_files import game_config, named_config
from trainer.errors import UserError

if TYPE_CHECKING:
    from trainer.crew import Crew
    from trainer.evaluation.scores import Tick
    from trainer.loop import TrainingLoop
    from trainer.metrics import EventConsumer
    from trainer.seat import Seat

PROGRAM = "python main.py" if Path(sys.argv[0]).name == "main.py" else "dream-agent"
"""What a person typed to get here, for messages: the installed command, or a checkout's script."""
_REFUSED = 2
_INTERRUPTED = 130

Flags = TypeVar("Flags")
_File = Annotated[Path | None, tyro.conf.arg(metavar="FILE", help_behavior_hint="(optional)")]
_NameOrFile = Annotated[str | None, tyro.conf.arg(metavar="NAME|FILE", help_behavior_hint="(optional)")]


@dataclass(frozen=True)
class TrainFlags:
    """Train an agent, from zero, from a run or from a checkpoint's weights."""

    settings: tyro.conf.OmitArgPrefixes[Config] = field(default_factory=Config)
    config: _NameOrFile = None
    """Settings to start from: a shipped name or a YAML file. Flags override it; without it the game's own is taken."""
    run_dir: Annotated[Path | None, tyro.conf.arg(metavar="FOLDER", help_behavior_hint="(optional)")] = None
    """Folder of the new run; by default one in your data folder."""
    resume: Annotated[Path | None, tyro.conf.arg(metavar="RUN|CHECKPOINT", help_behavior_hint="(optional)")] = None
    """Run to go on with exactly, or one of its older checkpoints: then a new run branches off."""
    from_checkpoint: Annotated[
        Path | None, tyro.conf.arg(name="from", metavar="CHECKPOINT", help_behavior_hint="(optional)")
    ] = None
    """Checkpoint whose weights a new run starts from."""
    debug: bool = False
    """Show the whole traceback of an error."""


@dataclass(frozen=True)
class EvaluateFlags:
    """Score a checkpoint on train and unseen levels beside a random policy, and measure how faithful its dreams are."""

    checkpoint: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="CHECKPOINT|RUN")]
    """A checkpoint, or a run: then its best one."""
    episodes: int = 100
    """Episodes per list of levels, one level each, every one counted."""
    split: Literal["train", "unseen", "both"] = "both"
    """Levels to play."""
    json: _File = None
    """File for the results."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`."""
    dtype: str = "auto"
    """Compute type: `float32`, `bfloat16`, or `auto`."""
    threads: int = 0
    """Threads torch may use; 0 = every core."""
    seed: int = 0
    """Seed of the sampled actions."""
    debug: bool = False
    """Show the whole traceback of an error."""


@dataclass(frozen=True)
class BenchmarkFlags:
    """Time the very updates that `train` makes with these settings, and playing and dreaming beside them."""

    settings: tyro.conf.OmitArgPrefixes[Config] = field(default_factory=Config)
    config: _NameOrFile = None
    """Settings to start from, as for `train`."""
    updates: int = 10
    """Updates to time, after five that warm up; with --peers also of each of them."""
    growth: bool = False
    """Time other batches, sequence lengths, imagined steps and model sizes too; takes several times as long."""
    peers: bool = False
    """Time public implementations on the same work too, each installed into an environment of its own on first use."""
    json: _File = None
    """File for the results."""
    plot: _File = None
    """PNG for a picture of them; needs the extra `bench`."""
    debug: bool = False
    """Show the whole traceback of an error."""


@dataclass(frozen=True)
class _Origin:
    """The flags that decide what the other flags' defaults are."""

    game: str | None = None
    config: str | None = None


@dataclass(frozen=True)
class _TrainOrigin(_Origin):
    """The same for `train`, which need not start from zero."""

    resume: Path | None = None
    from_checkpoint: Annotated[Path | None, tyro.conf.arg(name="from")] = None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands.

    Args:
        argv: command and flags; None = those of the process.

    Raises:
        BrokenPipeError: nobody reads the standard output any more.

    Returns:
        the exit code: 0 done or stopped and saved, 2 refused with one line that says why, 130 broken off by Ctrl-C
        where there was nothing to save, 1 an error of ours.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in arguments
    try:
        if not arguments or arguments[0] not in COMMANDS:
            given = repr(arguments[0]) if arguments else "nothing"
            raise UserError(f"The commands are {', '.join(COMMANDS)}; {given} is none of them.")
        COMMANDS[arguments[0]](arguments[1:])
    except SystemExit as leaving:  # --help
        return leaving.code if isinstance(leaving.code, int) else 0
    except KeyboardInterrupt:
        return _fail("Stopped.", _INTERRUPTED, debug)
    except UserError as error:
        return _fail(str(error), _REFUSED, debug)
    except OSError as error:
        if isinstance(error, BrokenPipeError) and unread():
            raise
        what = error.filename or "The system"
        return _fail(f"{what}: {error.strerror or error}; check that it is there and writable.", _REFUSED, debug)
    except Exception as error:
        if debug:
            return _fail("", 1, debug)
        return _fail(f"{type(error).__name__}: {error} (--debug shows where).", 1, debug)
    return 0


def unread() -> bool:
    """Whether nobody reads the standard output any more; a BrokenPipeError may be of another pipe."""
    if not hasattr(select, "poll"):  # Windows, which has another error for it
        return False
    watch = select.poll()
    try:
        watch.register(sys.stdout.fileno(), 0)
    except io.UnsupportedOperation:  # it was put in place of the process's own
        return False
    return bool(watch.poll(0))


def _fail(message: str, code: int, debug: bool) -> int:
    if debug:
        traceback.print_exc()
    if message:
        sys.stderr.write(" ".join(message.split()) + "\n")
    return code


def _train(arguments: Sequence[str]) -> None:
    origin = _parsed(_TrainOrigin, "train", arguments, known_only=True)
    defaults = _train_defaults(origin)
    flags = _parsed(TrainFlags, "train", arguments, TrainFlags(settings=defaults))
    config = check(flags.settings, "the command line")
    if flags.resume is not None:
        _refuse_changes(defaults, config)
    from trainer.seat import torchrun_seat

    seat = torchrun_seat()
    if seat is None and config.processes > 1:
        _train_in_processes(flags, config)
    else:
        _train_here(flags, config, seat)


def _compile_kernels(config: Config) -> None:
    """Compiles the kernels where that was never done, and tells the person that it is done, or why it cannot be."""
    from trainer.nn.compiling import CannotCompile, compiled

    if config.kernels == "torch" or config.device == "cuda":
        return
    try:
        compiled(_say)
    except CannotCompile as error:
        if config.kernels == AUTO:
            _say(f"Kernels are torch's own, which take longer: {error}.")


def _train_here(flags: TrainFlags, config: Config, seat: Seat | None) -> None:
    """Trains in this process, which may be one of those that `torchrun` started."""
    from trainer.envs.game_files import begin_loading

    if seat is None or seat.rank == 0:
        _compile_kernels(config)
    loading = begin_loading()  # while this thread imports torch
    from trainer.process import prepare

    prepare(config.threads)
    from trainer.distributed import joined
    from trainer.loop import TrainingLoop
    from trainer.metrics import ConsoleProgress, RunRecorder

    consumers: list[EventConsumer] = [RunRecorder(), ConsoleProgress()]
    loading.join()  # what is measured next wants the cores for itself
    with joined(config.device, seat) as ranks:
        loop = TrainingLoop(**_what_to_train(flags, config), ranks=ranks)
        _drive(loop, consumers if ranks.first else [])


def _train_in_processes(flags: TrainFlags, config: Config) -> None:
    """Trains in processes of this one's own; the first of them keeps the run's records."""
    from trainer.crew import Crew
    from trainer.metrics import ConsoleProgress

    _compile_kernels(config)
    _drive(Crew(**_what_to_train(flags, config)), [ConsoleProgress()])


def _what_to_train(flags: TrainFlags, config: Config) -> dict[str, Any]:
    if flags.resume is not None:
        return {"run_dir": flags.run_dir, "resume": flags.resume, "total_steps": config.total_steps}
    return {"config": config, "run_dir": flags.run_dir, "from_checkpoint": flags.from_checkpoint}


def _drive(loop: TrainingLoop | Crew, consumers: Sequence[EventConsumer]) -> None:
    """Trains to the end or until Ctrl-C; only who has consumers talks to the person."""
    with contextlib.ExitStack() as stack:
        for consumer in consumers:
            stack.callback(consumer.close)
        stack.enter_context(stopping_on_signals(loop.stop, bool(consumers)))
        for event in stack.enter_context(contextlib.closing(loop.run())):
            for consumer in consumers:
                consumer.handle(event)


def _defaults(origin: _Origin) -> Config:
    """The settings that flags override: those of the named config, or of the game."""
    if origin.config is not None:
        return named_config(origin.config)
    return game_config(origin.game or Config().game)


def _train_defaults(origin: _TrainOrigin) -> Config:
    """The settings that flags of `train` override: of the resumed run, of the checkpoint, or as everywhere."""
    if origin.resume is not None:
        if origin.config is not None or origin.from_checkpoint is not None:
            raise UserError("--resume goes on with a run as it is: leave --config and --from out.")
        from trainer.run import Run

        path = origin.resume
        if not os.path.exists(path):
            raise UserError(f"{path}: there is no such file or folder; give a run, or one of its checkpoints.")
        return (Run.open(path) if path.is_dir() else Run.of_checkpoint(path)).config
    if origin.from_checkpoint is None:
        return _defaults(origin)
    from trainer.checkpoint import read_header

    given = read_header(origin.from_checkpoint).config
    if origin.config is None and origin.game is None:
        return given.replace(device=AUTO, dtype=AUTO, kernels=AUTO, threads=0)  # those suited another machine, perhaps
    return _defaults(origin).replace(preset=given.preset)


def _refuse_changes(run: Config, wished: Config) -> None:
    """A resumed run goes on exactly, so nothing of it changes but where it ends."""
    ours, theirs = dataclasses.asdict(run), dataclasses.asdict(wished)
    changed = [name for name in ours if ours[name] != theirs[name] and name != "total_steps"]
    if changed:
        raise UserError(
            f"--{changed[0]} cannot change in a run that goes on (it has {ours[changed[0]]}): leave it out, or start a "
            "new run with --from."
        )


@contextlib.contextmanager
def stopping_on_signals(stop: Callable[[], None], say: bool = True) -> Iterator[None]:
    """While the block runs, the first Ctrl-C or SIGTERM calls `stop`; a second one ends the process there and then.

    The second one is left to the operating system, so that it does not wait for a long operation to end; files are
    written under temporary names and lose nothing.

    Args:
        stop: asks for a stop. say: tell the person that it was heard.
    """
    watched = (signal.SIGINT, signal.SIGTERM)

    def first(number: int, frame: FrameType | None) -> None:
        for each in watched:
            signal.signal(each, signal.SIG_DFL)
        stop()
        if say:  # straight to the descriptor: a handler may have interrupted a write to the stream
            with contextlib.suppress(OSError):  # there is nobody to say it to
                os.write(2, b"\nStopping and saving; Ctrl-C again leaves at once.\n")

    before = {each: signal.signal(each, first) for each in watched}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _evaluate(arguments: Sequence[str]) -> None:
    flags = _parsed(EvaluateFlags, "evaluate", arguments)
    from trainer.process import prepare

    prepare(flags.threads)
    from trainer.evaluation.report import evaluate_checkpoint
    from trainer.run import Run

    path = Run.open(flags.checkpoint).best_checkpoint() if flags.checkpoint.is_dir() else flags.checkpoint
    with _progress_bar() as tick:
        evaluate_checkpoint(
            path, flags.episodes, flags.split, flags.json, flags.device, flags.dtype, flags.seed, _say, tick
        )


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[Tick], None]]:
    """A line that shows how far a measurement is, anew for everything it is about; on a terminal only."""
    from tqdm import tqdm

    what = ""
    with tqdm(dynamic_ncols=True, disable=not sys.stderr.isatty()) as bar:

        def tick(now: Tick) -> None:
            nonlocal what
            if now.what != what:
                what = now.what
                bar.reset(now.total)
                bar.set_description_str(what)
            bar.update(now.done - bar.n)

        yield tick


def _say(line: str) -> None:
    """Print a line above the progress line, where there is one."""
    from tqdm import tqdm

    tqdm.write(line, file=sys.stdout)


def parse_benchmark(arguments: Sequence[str]) -> BenchmarkFlags:
    """The flags of `benchmark`, its settings checked.

    Raises:
        UserError: a flag that is unknown, or a value that is none.
        SystemExit: `--help` was asked for and has been printed.
    """
    origin = _parsed(_Origin, "benchmark", arguments, known_only=True)
    flags = _parsed(BenchmarkFlags, "benchmark", arguments, BenchmarkFlags(settings=_defaults(origin)))
    check(flags.settings, "the command line")
    return flags


def _benchmark(arguments: Sequence[str]) -> None:
    flags = parse_benchmark(arguments)
    config = flags.settings
    _compile_kernels(config)
    from trainer.process import prepare

    prepare(config.threads)
    from trainer.benchmark import run_benchmark

    with _progress_bar() as tick:
        run_benchmark(config, flags.updates, flags.json, flags.plot, flags.growth, flags.peers, _say, tick)


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "train": _train,
    "evaluate": _evaluate,
    "benchmark": _benchmark,
}
"""Every command by its name; each takes the arguments after it."""


def _parsed(
    kind: type[Flags], command: str, arguments: Sequence[str], default: Flags | None = None, known_only: bool = False
) -> Flags:
    """The flags as a dataclass.

    Args:
        kind: the dataclass. command: for messages. arguments: of the command line. default: values of flags not given.
        known_only: leave out what is none of its flags, `--help` too.

    Raises:
        UserError: a flag that is unknown, or a value that is none.
        SystemExit: `--help` was asked for and has been printed.
    """
    more: dict[str, Any] = {} if default is None else {"default": default}
    if known_only:
        more |= {"return_unknown_args": True, "add_help": False}
    errors = io.StringIO()
    flags: Any
    try:
        with contextlib.redirect_stderr(errors):
            flags = tyro.cli(
                kind,
                args=list(arguments),
                prog=f"{PROGRAM} {command}",
                use_underscores=True,
                config=(tyro.conf.FlagCreatePairsOff,),
                **more,
            )
    except SystemExit as leaving:
        if leaving.code in (0, None):
            raise
        raise UserError(f"{_in_one_line(errors.getvalue())} See {PROGRAM} {command} --help.") from None
    parsed: Flags = flags[0] if known_only else flags
    return parsed


_WORDS = (
    (r"Error parsing (--\S+): invalid literal for int\(\) with base 10: (.*)", r"\1 is \2, give a whole number"),
    (r"Error parsing (--\S+): could not convert string to float: (.*)", r"\1 is \2, give a number"),
    (r"Missing value for argument '(--\S+)'.*", r"\1 lacks its value"),
    (r"Missing from [^:]*: (\S+) .*", r"\1 is missing"),
)


def _in_one_line(framed: str) -> str:
    """The message and the suggestion out of the framed text that tyro prints: title, message, more, between rules.

    Where it speaks to programmers, in words for everybody.
    """
    lines = [line.strip(" │|") for line in framed.splitlines()[1:]]
    rules = [i for i, line in enumerate(lines) if not line.strip("╭╮╰╯─-+")]
    texts = [line for i, line in enumerate(lines) if i not in rules]
    first = next((i for i in range(len(lines)) if i not in rules), 0)
    end = next((i for i in rules if i > first), len(lines))
    message = " ".join(lines[first:end]).rstrip(".")
    for pattern, words in _WORDS:
        message = re.sub(pattern, words, message)
    for line, after in itertools.pairwise(texts):
        if line.startswith("Perhaps you meant"):
            return f"{message}; did you mean {after.split()[0]}?"
    return f"{message}."
