"""A run's folder: `config.yaml`, `checkpoints/`, `replay/`, `metrics.jsonl`, `tensorboard/`, `refused/` batches.

One process at a time trains a run (a lock that dies with its holder), and how training ended is noted beside it: a
run whose note is missing broke off, and can be offered to be resumed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import appdirs

from trainer.config import BEFORE, Config, config_text, read_config
from trainer.errors import UserError
from trainer.plain_values import is_count
from trainer.safe_writing import write_safely
from trainer.small_files import read_small_file

if TYPE_CHECKING:
    from trainer.checkpoint_header import Header

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_CHECKPOINT = re.compile(r"step-([0-9]{9,19})\.safetensors")
_KEPT_BATCHES = 20
_KEY_BYTES = 32
_LARGEST_NOTE = 4096


def data_dir() -> Path:
    """Where this person's runs and keys live."""
    return Path(appdirs.user_data_dir("dream-agent", appauthor=False))


def runs_dir() -> Path:
    """Where runs go that were given no folder."""
    return data_dir() / "runs"


def user_key() -> bytes:
    """A secret of this user on this machine, made on first use: what it signs, this user wrote.

    Raises:
        UserError: the folder for a person's data cannot be read or written.
    """
    path = data_dir() / "key"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            _write_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: cannot be used ({error.strerror}); make its folder readable and writable.") from error
    if len(key) != _KEY_BYTES:
        raise UserError(f"{path}: is damaged; delete it, and begin new runs with --from.")
    return key


def _write_key(path: Path) -> None:
    """Makes the key whole or not at all, and never over an existing one."""
    if path.exists():
        raise FileExistsError(path)
    temporary = path.with_name(f".key.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        if os.name == "nt":
            os.rename(temporary, path)
        else:
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass
class Run:
    """A run's folder and, while it is being trained, the lock on it.

    Attributes:
        path: the folder. config: as its `config.yaml` has it.
    """

    path: Path
    config: Config
    _lock: IO[str] | None = field(default=None, repr=False)

    @classmethod
    def create(cls, folder: Path | None, config: Config) -> Run:
        """A new folder with its `config.yaml`; None: one below :func:`runs_dir`, named by game and time.

        Raises:
            UserError: the folder is not empty or cannot be written.
        """
        if folder is None:
            folder = _unused(runs_dir() / f"{config.game}-{time.strftime('%Y%m%d-%H%M%S')}")
        folder = folder.expanduser().absolute()
        try:
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise UserError(f"{folder}: is in use already; choose another folder or continue it with --resume.")
            for part in ("checkpoints", "replay", "tensorboard"):
                (folder / part).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"{folder}: cannot be written ({error.strerror}); choose another folder with --run_dir."
            ) from error
        run = cls(folder, config)
        run.write_config()
        return run

    @classmethod
    def open(cls, path: Path) -> Run:
        """The run in a folder.

        Raises:
            UserError: there is no run in it.
        """
        path = path.expanduser().absolute()
        if not os.path.isfile(path / "config.yaml") or not os.path.isdir(path / "checkpoints"):  # or nobody may look
            raise UserError(f"{path}: is no run; give a folder that `train` made.")
        return cls(path, read_config(path / "config.yaml", BEFORE))

    @classmethod
    def of_checkpoint(cls, checkpoint: Path) -> Run:
        """The run that a checkpoint file lies in.

        Raises:
            UserError: it lies in none.
        """
        folder = checkpoint.expanduser().absolute().parent
        if folder.name != "checkpoints" or not (folder.parent / "config.yaml").is_file():
            raise UserError(f"{checkpoint}: lies in no run; start a new run from its weights with --from.")
        return cls.open(folder.parent)

    @property
    def checkpoints_dir(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def replay_dir(self) -> Path:
        """Folder of the replay's chunks."""
        return self.path / "replay"

    @property
    def metrics_file(self) -> Path:
        """Rows of metrics, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def tensorboard_dir(self) -> Path:
        """Folder of TensorBoard's event files."""
        return self.path / "tensorboard"

    def write_config(self) -> None:
        """Writes `config.yaml`, for instance after a change of `total_steps`."""
        text = config_text(self.config)
        write_safely(self.path / "config.yaml", lambda temporary: _write_text(temporary, text))

    def checkpoints(self) -> list[Path]:
        """All checkpoints, oldest first."""
        found = [(_CHECKPOINT.fullmatch(path.name), path) for path in self.checkpoints_dir.glob("step-*")]
        return [path for _, path in sorted((int(name[1]), path) for name, path in found if name)]

    def checkpoint_path(self, env_steps: int) -> Path:
        """Where the checkpoint of a step goes."""
        return self.checkpoints_dir / f"step-{env_steps:09d}.safetensors"

    def latest_checkpoint(self) -> Path:
        """The newest checkpoint.

        Raises:
            UserError: there is none.
        """
        found = self.checkpoints()
        if not found:
            raise UserError(f"{self.path}: holds no checkpoint yet; start again with `train`.")
        return found[-1]

    def best_checkpoint(self) -> Path:
        """The checkpoint that scored best on validation levels; the newest one where none was evaluated.

        Raises:
            UserError: there is no checkpoint, or the newest one cannot be read.
        """
        from trainer.checkpoint import read_header  # with torch, which whoever only drives a training does without

        latest = self.latest_checkpoint()
        return self._best(read_header(latest)) or latest

    def _best(self, header: Header) -> Path | None:
        best = header.state.get("best")
        if not isinstance(best, dict) or not is_count(best.get("env_steps")):
            return None
        path = self.checkpoint_path(best["env_steps"])
        return path if path.exists() else None

    def prune(self, keep: int, best_env_steps: int | None) -> None:
        """Deletes checkpoints but for the newest `keep` and the best one, and what broken-off writes left.

        Raises:
            UserError: the folder cannot be written.
        """
        best = self.checkpoint_path(best_env_steps) if best_env_steps is not None else None
        old = [path for path in self.checkpoints()[:-keep] if path != best]
        for path in [*old, *self.checkpoints_dir.glob(".*.tmp")]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise UserError(f"{path}: cannot be deleted ({error.strerror}); make it writable.") from error

    def batch_file(self, attempt: int, rank: int = 0) -> Path:
        """Where the batch of a refused update goes; only the newest few are kept.

        Args:
            attempt: number of the update. rank: whose share of the batch, where several processes train together.

        Raises:
            UserError: the folder cannot be written.
        """
        folder = self.path / "refused"
        try:
            folder.mkdir(exist_ok=True)
            for path in sorted(folder.glob("update-*.npz"))[: -(_KEPT_BATCHES - 1)]:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"{folder}: cannot be written ({error.strerror}); make it writable.") from error
        return folder / (f"update-{attempt:09d}" + (f"-rank-{rank}" if rank else "") + ".npz")

    def lock(self) -> None:
        """Takes the run for this process, until :meth:`unlock` or its end.

        Raises:
            UserError: another process has it, the folder cannot be written, or it holds what leads out of it.
        """
        self._check_inside()
        path = self.path / "run.lock"
        try:
            file = open(path, "a+", encoding="utf-8")  # noqa: SIM115 - held until unlock
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror}); make the folder writable.") from error
        if not _try_lock(file):
            file.close()
            raise UserError(f"{self.path}: is being trained already; stop that training first.")
        self._lock = file

    def _check_inside(self) -> None:
        """Refuses what a run does not make: training writes into its files, and a run may come from anybody.

        Raises:
            UserError: a link, which may lead anywhere, or a pipe or device.
        """
        for folder, folders, files in os.walk(self.path):
            for name in (*folders, *files):
                path = Path(folder, name)
                with contextlib.suppress(FileNotFoundError):  # a temporary file of whoever trains the run just now
                    mode = path.lstat().st_mode
                    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                        what = "a link" if stat.S_ISLNK(mode) else "neither file nor folder"
                        raise UserError(f"{path}: is {what}, and training writes there; put a real one in its place.")

    def unlock(self) -> None:
        """Gives the run free; harmless when it is."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def note(self, ended: str | None) -> None:
        """Notes how training ended, or with None that it is under way.

        Raises:
            UserError: the folder cannot be written.
        """
        text = json.dumps({"process": os.getpid(), "ended": ended})
        write_safely(self.path / "state.json", lambda temporary: _write_text(temporary, text))

    def way_on(self) -> str:
        """What a person can do whose training of this run broke off, in a sentence or two."""
        saved = self.checkpoints()
        if not saved:
            return "Nothing was saved yet; start again."
        return f"The last checkpoint is {saved[-1]}; go on with --resume {self.path}."

    def broke_off(self) -> bool:
        """Whether training of this run ended without a word, by a crash or a power cut."""
        try:
            note = read_small_file(self.path / "state.json", _LARGEST_NOTE, "delete it")
            ended = json.loads(note)["ended"]
            with open(self.path / "run.lock", "a+", encoding="utf-8") as file:
                return ended is None and _try_lock(file)
        except (UserError, OSError, ValueError, RecursionError, KeyError, TypeError):
            return False


def checkpoint_at(path: Path) -> Path:
    """The checkpoint that a path leads to: itself, or a run's newest one.

    Raises:
        UserError: it is a folder, and no run's or without a checkpoint.
    """
    return Run.open(path).latest_checkpoint() if os.path.isdir(path) else path


def broken_off_runs(folder: Path | None = None) -> list[Run]:
    """Runs below a folder (None: :func:`runs_dir`) that broke off and can be resumed, newest first."""
    found = []
    for path in sorted((folder or runs_dir()).glob("*/config.yaml"), key=_changed, reverse=True):
        with contextlib.suppress(UserError):  # a run whose settings cannot be read cannot be offered
            run = Run.open(path.parent)
            if run.checkpoints() and run.broke_off():
                found.append(run)
    return found


def branch(run: Run, checkpoint: Path, folder: Path | None = None, leave: Sequence[str] = ()) -> Run:
    """A new run that stands where an older checkpoint stood; the old run stays whole.

    Args:
        run: the old run. checkpoint: one of its checkpoints. folder: of the new run; None: beside the old one.
        leave: names in the run's folder that are not copied.

    Raises:
        UserError: the checkpoint cannot be read, the disk is full or the folder cannot be written.
    """
    from trainer.checkpoint import read_header

    env_steps = read_header(checkpoint).env_steps  # its name may be another
    target = folder.expanduser().absolute() if folder else _unused(run.path.with_name(f"{run.path.name}-branch"))
    new = Run.create(target, run.config)
    try:
        shutil.copy2(checkpoint, new.checkpoint_path(env_steps))
        if "replay" not in leave:
            shutil.copytree(run.replay_dir, new.replay_dir, dirs_exist_ok=True)
        if run.metrics_file.exists() and "metrics" not in leave:
            shutil.copy2(run.metrics_file, new.metrics_file)
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise UserError(f"{target}: cannot be written ({error}); free some space or choose another folder.") from error
    return new


def _unused(path: Path) -> Path:
    candidate, number = path, 2
    while candidate.exists():
        candidate = path.with_name(f"{path.name}-{number}")
        number += 1
    return candidate


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _try_lock(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
