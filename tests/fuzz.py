"""Opens damaged and hostile files the way window and command line do, and says what was not refused in one sentence.

`python -m tests.fuzz --seed 0 --rounds 5000` tries for long; `tests/test_fuzz.py` tries a little of it every time.
Every case is a function of seed and round, so a failure can be had again.
"""

from __future__ import annotations

import argparse
import builtins
import gc
import json
import os
import random
import resource
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import safetensors.numpy
import torch

from dream_viewer.desks.recent import left_off
from dream_viewer.desks.training_desk import remembered_form
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.widgets.training_panel import TrainingForm
from dream_viewer.workers.agent_source import AgentSource
from dream_viewer.workers.run_watch import newer_weights
from tests.player_support import CONFIG, SHORT_GAME, SHORT_LEVEL, result_of, small_agent, small_checkpoint
from tests.trainer.loop_support import corridor, drive, no_scores, resumed, tiny_loop, updates_reach
from trainer.config import config_text
from trainer.config_files import named_config
from trainer.envs.actions import NO_OP
from trainer.envs.replaying import ReplayDiffers
from trainer.envs.viewer import procgen_level
from trainer.errors import UserError
from trainer.loop import TrainingLoop
from trainer.metrics import RunRecorder
from trainer.player import Player
from trainer.recording import read_recording, recording_of, restoring, save_recording
from trainer.run import Run, broken_off_runs

PATIENCE = 60
"""Seconds after which opening a small file counts as hanging."""
MOST_MEMORY = 8 * 2**30
"""Bytes of address space for this process: what grows without bound ends here, and not with the machine."""
MOST_GROWTH = 300 * 2**20
"""Bytes that opening a small file may take."""
LONGEST_SENTENCE = 500
"""Characters of a refusal, the path left out."""
TURNS = 4
"""Events after which a run that went on is stopped."""

Opener = Callable[[Path], object]
Case = tuple[str, Path, Opener]
"""What it is called, what is opened, and how."""

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, -(10**400), 0.5, 1e308, -1e308,
    float("nan"), float("inf"), float("-inf"), "", "x", "x" * 20_000, "\0", "\ud800", "../../../etc/passwd", "cpu\ncpu",
    "{0.__class__}", [], {}, [[]], [None] * 1000, {"": None}, {"a": {"b": {"c": []}}}, ["a", {"b": 1}], [1e400] * 3,
)  # fmt: skip


class Hang(BaseException):
    """Opening a file takes too long; no OSError, which it would be taken for."""


@dataclass(frozen=True)
class Failure:
    """What went wrong in opening a file.

    Attributes:
        case: which. trouble: what happened in place of one sentence.
    """

    case: str
    trouble: str


def judged(case: str, path: Path, open_it: Opener) -> Failure | None:
    """Open a file; None where that worked or was refused in one sentence that names it, within bounds."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with within(PATIENCE):
            open_it(path)
    except (UserError, ReplayDiffers) as refusal:
        sentence = str(refusal).replace(str(path), "PATH")
        if "\n" in sentence or not sentence.endswith(".") or len(sentence) > LONGEST_SENTENCE:
            return Failure(case, f"is told in other words than one sentence: {sentence[:300]!r}")
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return Failure(case, "".join(traceback.format_exception(error, limit=-4))[-1500:])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    return Failure(case, f"takes {grown / 2**20:.0f} MiB") if grown > MOST_GROWTH else None


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise Hang in the block after so many seconds, also where it waits for a pipe."""

    def late(number: int, frame: FrameType | None) -> None:
        raise Hang(f"still busy after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# What opens a file


def play_checkpoint(path: Path) -> None:
    """Open it as the window does, and play some steps."""
    agent = AgentSource("cpu", "float32").open(path, None, None).agent
    player = Player(agent, SHORT_GAME, "easy")
    player.ground_every = 2
    try:
        with torch.inference_mode():
            player.new_level("unseen", SHORT_LEVEL)
            for _ in range(3):
                player.advance()
            reading = player.moments[0].reading
            assert reading is not None
            result_of(player.future(player.number, 0, reading, 3))
    finally:
        player.close()


def follow_run(path: Path) -> None:
    """Open a run's folder as the window does, follow it, and look whether it broke off."""
    broken_off_runs(path.parent)
    newer_weights(path, path / "nothing")
    Run.open(path).best_checkpoint()
    play_checkpoint(path)


def train_on(path: Path) -> None:
    """Go on with a run as `train --resume` does, for some turns, and save."""
    recorder = RunRecorder()
    loop = TrainingLoop(resume=path, make_env=corridor, score=no_scores)
    with closing(recorder), closing(loop.run()) as events:
        for turn, event in enumerate(events):
            recorder.handle(event)
            if turn == TURNS:
                loop.stop()


def training_on(whole: Path, part: str) -> Opener:
    """Go on with a copy of a run of which a part is damaged; if that is refused, all else must be left as it was."""

    def open_it(path: Path) -> None:
        refusal = ""
        try:
            train_on(path)
        except UserError as error:
            refusal = str(error)
        if refusal:
            gc.collect()  # the loop that was refused holds the run
            remove(path / part)
            shutil.copy(whole / part, path / part)
            try:
                train_on(path)
            except UserError as error:
                raise AssertionError(f"with {part} mended it is still refused after {refusal!r}: {error}") from error
            raise UserError(refusal)

    return open_it


def remove(path: Path) -> None:
    """Take away a file or whatever lies in its place, if anything does."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def replay_recording(path: Path) -> None:
    """Open a recording as the window does, and play it again."""
    result_of(restoring(read_recording(path), procgen_level, lambda t, env: None))


def load_settings(path: Path) -> None:
    """Load settings, which never fails, and what is made of their parts."""
    settings = SettingsFile(path).load()
    left_off(settings.left_off)
    remembered_form(settings.training, TrainingForm("12m", "coinrun", "12m", 4, 100_000, False))
    with tempfile.TemporaryDirectory() as folder:
        again = SettingsFile(Path(folder) / "saved.json")
        again.save(settings)
        assert again.load() == settings


def use_config(path: Path) -> None:
    """Take a file of settings for a training."""
    named_config(str(path))


# What is opened


class Originals:
    """One good file of each kind, in a folder that lives as long as this does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.checkpoint = small_checkpoint(folder / "agent.safetensors")
        self.recording = folder / "level.episode"
        self.settings = folder / "viewer.json"
        self.config = folder / "settings.yaml"
        player = Player(small_agent(), SHORT_GAME, "easy")
        player.new_level("unseen", SHORT_LEVEL)
        for t in range(12):
            player.advance(NO_OP if t in (3, 4, 8) else None)
        player.close()
        save_recording(self.recording, result_of(recording_of(player.episode)))
        link = f"dream-agent://{SHORT_GAME}/easy/unseen/{SHORT_LEVEL}?step=3"
        SettingsFile(self.settings).save(
            Settings(
                training={"game": "coinrun"},
                recent=["/a"],
                left_off={"path": "/a", "link": link, "again": True},
                docks={"what_if": [1, 1, 0, 0, 10, 10, 300, 200]},
                geometry="01d9",
            )
        )
        self.config.write_text(config_text(CONFIG), encoding="utf-8")
        self.trained = folder / "trained"
        drive(tiny_loop(self.trained, save_every_updates=4), updates_reach(10), record=True)
        loop = resumed(self.trained)
        with closing(loop.run()) as events:  # and broken off, so that there is something to undo
            while next(events) and loop.updates < 12:
                pass
        files = [path for path in self.trained.rglob("*") if path.is_file() and path.parent.name != "tensorboard"]
        self.parts = sorted(str(path.relative_to(self.trained)) for path in files)

    def run(self, path: Path) -> Path:
        """A run's folder with two checkpoints, that broke off."""
        run = Run.create(path, CONFIG)
        for env_steps in (100, 200):
            shutil.copy(self.checkpoint, run.checkpoint_path(env_steps))
        run.note(None)
        (run.path / "run.lock").touch()
        return run.path


OPENERS: dict[str, Opener] = {
    "checkpoint": play_checkpoint,
    "recording": replay_recording,
    "settings": load_settings,
    "config": use_config,
}
RUN_FILES = ("config.yaml", "checkpoints/step-000000200.safetensors", "state.json", "run.lock")


# How it is damaged


def mangled(data: bytes, rng: random.Random) -> bytes:
    """Bytes cut short, flipped, doubled, lost or replaced."""
    at, length = rng.randrange(len(data)), rng.randrange(1, 64)
    match rng.randrange(6):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        case 2:
            return data[:at] + rng.randbytes(length) + data[at:]
        case 3:
            return data[:at] + data[at + length :]
        case 4:
            return data[:at] + rng.randbytes(length) + data[at + length :]
        case _:
            return data + data[:at]


def mangled_tree(tree: Any, rng: random.Random) -> Any:
    """Plain values as of JSON with one of them lost, replaced by a nasty one, doubled or made of another kind."""
    tree = json.loads(json.dumps(tree))
    places = list(_places(tree))
    parent, key = rng.choice(places)
    match rng.randrange(5):
        case 0:
            del parent[key]
        case 1 if isinstance(parent, list):
            parent.insert(key, parent[key])
        case 1:
            parent[rng.choice(("", "x" * 300, "__class__", "../" + str(key)))] = parent[key]
        case _:
            parent[key] = rng.choice(NASTY)
    return tree


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    entries = list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    for key, value in entries:
        yield tree, key
        yield from _places(value)


def mangled_checkpoint(data: bytes, rng: random.Random) -> bytes:
    """A checkpoint damaged in its length, its table, its description, its weights, or anywhere."""
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8 : 8 + size]), data[8 + size :]

    def whole(table: Any) -> bytes:
        text = json.dumps(table).encode("utf-8", "surrogatepass")
        return len(text).to_bytes(8, "little") + text + body

    match rng.randrange(6):
        case 0:
            return rng.choice((0, 1, 2, size - 1, size + 1, 2**40, 2**63, 2**64 - 1)).to_bytes(8, "little") + data[8:]
        case 1:
            return whole(mangled_tree(header, rng))
        case 2:
            described = mangled_tree(json.loads(header["__metadata__"]["dream_agent"]), rng)
            header["__metadata__"]["dream_agent"] = json.dumps(described)
            return whole(header)
        case 3:
            described = json.loads(header["__metadata__"]["dream_agent"])
            described["config"] = mangled_tree(described["config"], rng)
            header["__metadata__"]["dream_agent"] = json.dumps(described)
            return whole(header)
        case 4:
            weights = np.frombuffer(body[: len(body) // 4 * 4], np.float32).copy()
            chosen = rng.randrange(len(weights))
            wild = rng.choice((np.nan, np.inf, -np.inf, 3e38, -3e38, 1e-40))
            weights[chosen : chosen + rng.choice((1, 1000, len(weights)))] = wild
            return data[: 8 + size] + weights.tobytes() + body[len(weights) * 4 :]
        case _:
            return mangled(data, rng)


def mangled_state(data: bytes, rng: random.Random) -> bytes:
    """A checkpoint whose training state is damaged in one value."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    described = json.loads(header["__metadata__"]["dream_agent"])
    described["state"] = mangled_tree(described["state"], rng)
    header["__metadata__"]["dream_agent"] = json.dumps(described)
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return len(text).to_bytes(8, "little") + text + data[8 + size :]


def mangled_json(data: bytes, rng: random.Random) -> bytes:
    """A JSON text damaged in one value, or anywhere."""
    if rng.randrange(3) == 0:
        return mangled(data, rng)
    return json.dumps(mangled_tree(json.loads(data), rng)).encode()


def mangled_yaml(data: bytes, rng: random.Random) -> bytes:
    """A file of settings damaged in one value, or anywhere."""
    if rng.randrange(3) == 0:
        return mangled(data, rng)
    lines = data.decode().splitlines()
    place = rng.randrange(len(lines))
    name = lines[place].split(":")[0]
    lines[place] = f"{name}: {rng.choice(YAML)}"
    return "\n".join(lines).encode("utf-8", "surrogatepass")


YAML = (
    "", "~", "yes", "-1", "0", "1e400", ".nan", ".inf", "-.inf", "9" * 4000, "9" * 5000, "0x" + "f" * 5000, "1:" * 900,
    "2020-99-99", "2020-01-01", "!!python/object/apply:os.system ['true']", "!!binary aGk=", "!!set {a, b}", "[" * 500,
    "[" * 20_000, "{a: " * 500, "*nobody", "&me [*me]", "&me {<<: *me}", "'" + "x" * 20_000 + "'", "\"\\0\"", "? a",
    "|\n  long\n  text", "<<: 3", "- 1", "\t", "%TAG", "!!float x", "!!int ''", "!!timestamp x", "\"\\ud800\"",
)  # fmt: skip
MANGLERS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "checkpoint": mangled_checkpoint,
    "recording": mangled_json,
    "settings": mangled_json,
    "config": mangled_yaml,
}


def laughs() -> bytes:
    """A few lines of YAML that stand for 10^30 words, as values and as merged mappings."""
    lists = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    maps = ["b0: &b0 {x: 1}"] + [f"b{i}: &b{i}\n  <<: [{', '.join([f'*b{i - 1}'] * 10)}]" for i in range(1, 30)]
    return "\n".join([*maps, *lists, "game: *a29", "seed: *b29"]).encode()


def wide_shape() -> bytes:
    """A checkpoint whose table tells a shape that takes hours to multiply out."""
    row = {"dtype": "F32", "shape": [int("7" * 4000)] * 3000, "data_offsets": [0, 0]}
    text = json.dumps({"__metadata__": {"dream_agent": "{}"}, "a": row}).encode()
    return len(text).to_bytes(8, "little") + text


def pickled() -> bytes:
    """What would leave a mark in this process where it were unpickled, see :func:`was_unpickled`."""
    return b"cbuiltins\nexec\n(S'import builtins; builtins.was_unpickled = True'\ntR."


def was_unpickled() -> bool:
    """Whether anything ran :func:`pickled`."""
    return hasattr(builtins, "was_unpickled")


def foreign() -> bytes:
    """A checkpoint of another program."""
    return safetensors.numpy.save({"weight": np.zeros((4, 4), np.float32)}, {"format": "pt"})


CONTENTS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "laughs": laughs,
    "wide shape": wide_shape,
    "pickle": pickled,
    "foreign checkpoint": foreign,
    "zip": lambda: b"PK\x03\x04" + bytes(60),
    "deep": lambda: b"[" * 200_000,
    "deep mappings": lambda: b'{"a":' * 100_000,
    "zeros": lambda: bytes(2**20),
    "text": lambda: b"hello\n" * 1000,
    "latin-1": lambda: "game: Bär\n".encode("latin-1"),
    "utf-16": lambda: '{"game": "coinrun"}'.encode("utf-16"),
    "byte order mark": lambda: b"\xef\xbb\xbf{}",
}


def replaced(path: Path, name: str, outside: Path) -> None:
    """Puts something else where a file of a run lies.

    Args:
        path: of the file. name: of what comes in its place. outside: a folder that is none of the run's.
    """
    precious = outside / path.name
    shutil.copy(path, precious)
    if name == "long":
        os.truncate(path, 2**36)
        return
    path.unlink()
    if name == "folder":
        path.mkdir()
    elif name == "pipe":
        os.mkfifo(path)
    elif name == "link":
        path.symlink_to(precious)
    elif name == "good link":
        path.symlink_to(os.path.relpath(precious, path.parent))
    elif name in CONTENTS:
        path.write_bytes(CONTENTS[name]())


IN_PLACE = ("missing", "folder", "pipe", "link", "good link", "long")
"""What `replaced` knows beside CONTENTS."""


@contextmanager
def odd_things(path: Path, original: Path) -> Iterator[dict[str, Path]]:
    """What may lie where a file is expected: folders, pipes, links, devices, sockets, impossible names."""
    ending = original.suffix
    folder = path / "folder"
    folder.mkdir(parents=True)
    folder = folder.rename(path / f"folder{ending}")
    pipe = path / f"pipe{ending}"
    os.mkfifo(pipe)
    links = {name: path / f"{name}{ending}" for name in ("loop", "gone", "zero", "full", "tty", "good", "long")}
    for name, target in (("loop", links["loop"]), ("gone", path / "nowhere"), ("zero", "/dev/zero")):
        links[name].symlink_to(target)
    for name, target in (("full", "/dev/full"), ("tty", "/dev/ptmx"), ("good", original)):
        links[name].symlink_to(target)
    with open(links["long"], "wb") as sparse:
        sparse.truncate(2**36)
    locked = path / f"locked{ending}"
    shutil.copy(original, locked)
    locked.chmod(0)
    spaced = path / f"Übung macht den Meister \udcff\n{ending}"
    shutil.copy(original, spaced)
    ear = path / f"socket{ending}"
    things = {"folder": folder, "pipe": pipe, "locked": locked, "odd name": spaced, "socket": ear, **links}
    things |= {"null": path / f"a\0b{ending}", "too long": path / ("n" * 300 + ending)}
    things |= {"below a file": original / f"x{ending}", "missing": path / f"missing{ending}"}
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(path)  # a socket's whole path is short
        listening.bind(ear.name)
        os.chdir(here)
        yield things


# All of it


def known_cases(originals: Originals, folder: Path) -> Iterator[Case]:
    """Every kind of file in place of which there is something else altogether."""
    for kind, open_it in OPENERS.items():
        original: Path = getattr(originals, kind)
        here = folder / kind
        with odd_things(here, original) as things:
            for name, path in things.items():
                if kind == "settings" and name == "null":
                    continue  # nobody chooses that name
                yield f"{kind}: {name}", path, open_it
        for name, content in CONTENTS.items():
            path = here / f"content{original.suffix}"
            path.write_bytes(content())
            yield f"{kind}: {name}", path, open_it
    for file in RUN_FILES:
        for name in ("missing", "folder", "pipe", "text", "laughs", "deep"):
            run = originals.run(folder / "run" / f"{Path(file).stem}-{name}")
            (run / file).unlink()
            if name == "folder":
                (run / file).mkdir()
            elif name == "pipe":
                os.mkfifo(run / file)
            elif name in CONTENTS:
                (run / file).write_bytes(CONTENTS[name]())
            yield f"run: {file} {name}", run, follow_run
            shutil.rmtree(run)


OTHERS = {"game": "starpilot", "preset": "1m", "num_envs": "4", "batch_length": "9", "replay_gib": "10000"}
"""Settings of other runs."""


def trained_cases(originals: Originals, folder: Path, rng: random.Random, some: int) -> Iterator[Case]:
    """A run that goes on, with damaged parts: some drawn ones, or with 0 every known one."""
    folder.mkdir()
    whole = originals.trained
    known = [(part, name) for part in originals.parts for name in (*IN_PLACE, *CONTENTS)]
    chosen = rng.sample(known, min(some, len(known))) if some else known
    for part, name in chosen:
        with tempfile.TemporaryDirectory(dir=folder) as outside:
            run = Path(shutil.copytree(whole, Path(outside) / "run"))
            replaced(run / part, name, Path(outside))
            yield f"training on: {part} {name}", run, training_on(whole, part)
            if (Path(outside) / Path(part).name).read_bytes() != (whole / part).read_bytes():
                yield f"training on: {part} {name} changed a file outside", run, fail
    for setting, value in OTHERS.items():
        run = Path(shutil.copytree(whole, folder / "other"))
        lines = (run / "config.yaml").read_text().splitlines()
        lines = [f"{setting}: {value}" if line.startswith(f"{setting}:") else line for line in lines]
        (run / "config.yaml").write_text("\n".join(lines))
        yield f"training on: with another {setting}", run, training_on(whole, "config.yaml")
        shutil.rmtree(run)


def fail(path: Path) -> None:
    """Opens nothing."""
    raise AssertionError(path)


def mangled_part(originals: Originals, run: Path, rng: random.Random) -> str:
    """Damages a part of a run that could go on; its name."""
    newest = max(part for part in originals.parts if part.startswith("checkpoints"))
    sized = [part for part in originals.parts if (run / part).stat().st_size]
    part = rng.choice([*sized, *[newest] * 6])
    path = run / part
    mangle = mangled
    if part.startswith("checkpoints"):
        mangle = rng.choice([mangled_checkpoint, mangled_state, mangled_state])
    elif part.endswith(".json"):
        mangle = mangled_json
    elif part.endswith(".yaml"):
        mangle = mangled_yaml
    path.write_bytes(mangle(path.read_bytes(), rng))
    return part


def drawn_cases(originals: Originals, folder: Path, seed: int, rounds: int) -> Iterator[Case]:
    """Files with damage of a random kind in a random place."""
    for number in range(rounds):
        rng = random.Random(f"{seed}/{number}")
        kind = rng.choice([*OPENERS, "run", "training"])
        case = f"seed {seed} round {number}: {kind}"
        if kind == "training":
            run = Path(shutil.copytree(originals.trained, folder / f"training-{number}"))
            part = mangled_part(originals, run, rng)
            yield f"{case} {part}", run, training_on(originals.trained, part)
            shutil.rmtree(run)
        elif kind == "run":
            run = originals.run(folder / f"run-{number}" / "run")
            file = run / rng.choice(RUN_FILES[:3])
            mangle = mangled_checkpoint if file.suffix == ".safetensors" else mangled_yaml
            file.write_bytes(mangle(file.read_bytes(), rng))
            yield f"{case} {file.name}", run, follow_run
            shutil.rmtree(run.parent)
        else:
            original: Path = getattr(originals, kind)
            path = folder / f"drawn-{kind}{original.suffix}"
            path.write_bytes(MANGLERS[kind](original.read_bytes(), rng))
            yield case, path, OPENERS[kind]


def failures(folder: Path, seed: int, rounds: int, trained: int) -> Iterator[Failure]:
    """What goes wrong with all known cases and so many drawn ones; the folder is for the files.

    Of what may lie in a run that goes on only so many as `trained` says are tried; 0: everything.
    """
    (folder / "good").mkdir()
    originals = Originals(folder / "good")
    for kind, open_it in OPENERS.items():
        path = getattr(originals, kind)
        before = path.read_bytes()
        open_it(path)
        assert path.read_bytes() == before
    follow_run(originals.run(folder / "good" / "run"))
    train_on(Path(shutil.copytree(originals.trained, folder / "good" / "copy")))
    cases = [
        known_cases(originals, folder / "known"),
        trained_cases(originals, folder / "parts", random.Random(f"{seed}/parts"), trained),
        drawn_cases(originals, folder, seed, rounds),
    ]
    for some in cases:
        for case, path, open_it in some:
            failure = judged(case, path, open_it)
            if failure is not None:
                yield failure
    if was_unpickled():
        yield Failure("pickle", "was run")


def main() -> int:
    """Say every failure; exit code 1 where there was one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--trained", type=int, default=0, metavar="CASES", help="parts of runs that go on; 0: all")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_DATA_HOME"] = f"{folder}/data"  # where the key lies with which runs are signed
        for failure in failures(Path(folder), flags.seed, flags.rounds, flags.trained):
            found += 1
            sys.stdout.write(f"{failure.case}\n{failure.trouble}\n\n")
            sys.stdout.flush()
    sys.stdout.write(f"{found} failures\n")
    return int(found > 0)


if __name__ == "__main__":
    raise SystemExit(main())
