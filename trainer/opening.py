"""What a training starts from: a new run, a run that goes on, or a branch off an older checkpoint.

Settings and checkpoints are checked before anything is written. What only the training itself can tell, whether its
state and its replay are sound, is found out later; a refusal then leaves the run as it was.
"""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from trainer.checkpoint import CheckpointFile, open_checkpoint, read_header
from trainer.config import AUTO, Config, check
from trainer.errors import UserError
from trainer.process import cores
from trainer.run import Run, branch
from trainer.settle import settle


@dataclass(frozen=True)
class Opened:
    """A run's folder, locked for this process, and what its training begins with.

    Attributes:
        folder: of the run.
        checkpoint: to go on from; None in a new run.
        weights: checkpoint whose weights a new run starts from; None: it starts from zero.
        fresh_replay: the steps behind `checkpoint` are gone, and replay fills anew.
        moved_end: the settings have another `total_steps` than their file, which :meth:`begin` changes.
    """

    folder: Run
    checkpoint: CheckpointFile | None = None
    weights: CheckpointFile | None = None
    fresh_replay: bool = False
    moved_end: bool = False

    def begin(self) -> None:
        """Writes what this training changes of the run's settings: once it is known that it can go on.

        Raises:
            UserError: the folder cannot be written.
        """
        if self.moved_end:
            self.folder.write_config()

    def changed(self) -> list[str]:
        """Settings that somebody edited in `config.yaml` after the checkpoint, as a person reads them."""
        if self.checkpoint is None:
            return []
        before, now = dataclasses.asdict(self.checkpoint.header.config), dataclasses.asdict(self.folder.config)
        names = [name for name in now if now[name] != before[name] and name != "total_steps"]
        return [f"{name} from {before[name]} to {now[name]}" for name in names]

    def provenance(self) -> dict[str, Any]:
        """Where this run comes from, for its checkpoints: versions, cores, what its first weights had behind them."""
        origin: dict[str, Any] = {"torch": torch.__version__, "dream-agent": _version(), "cores": cores()}
        if self.checkpoint is not None:
            return self.checkpoint.header.provenance | origin
        if self.weights is not None:
            before = self.weights.header
            origin["from"] = {
                "env_steps": before.env_steps,
                "updates": before.updates,
                "elapsed": before.elapsed,
                **({"from": before.provenance["from"]} if "from" in before.provenance else {}),
            }
        return origin


def open_new(config: Config, run_dir: Path | None, from_checkpoint: Path | None) -> Opened:
    """A new run.

    Args:
        config: not settled yet. run_dir: its folder; None: one in the person's data folder.
        from_checkpoint: to take weights from; they decide the preset where the config leaves it open.

    Raises:
        UserError: settings, folder or checkpoint that cannot be used.
    """
    weights = None
    if from_checkpoint is not None:
        weights = open_checkpoint(from_checkpoint)
        theirs = weights.header.config.preset
        if config.preset not in (AUTO, theirs):
            raise UserError(f"{from_checkpoint}: is of preset {theirs}, not {config.preset}; add --preset {theirs}.")
        config = config.replace(preset=theirs)
    folder = Run.create(run_dir, settle(config))
    folder.lock()
    return Opened(folder, weights=weights)


def reopen(path: Path, run_dir: Path | None, total_steps: int | None, processes: int = 1) -> Opened:
    """A run that goes on.

    Args:
        path: of the run, or of one of its checkpoints: if it is not the newest, a new run branches off and the old one
            stays whole.
        run_dir: folder of such a branch; None: beside the old run. total_steps: new end; None: as it was.
        processes: that are going to train it.

    Raises:
        UserError: no run, one that is being trained, or one that cannot go on here.
    """
    path = path.expanduser()
    run = Run.open(path) if path.is_dir() else Run.of_checkpoint(path)
    fresh_replay = False
    with contextlib.ExitStack() as locked:
        run.lock()
        locked.callback(run.unlock)
        latest = run.latest_checkpoint()
        chosen = latest if path.is_dir() else path.absolute()
        try:
            file = open_checkpoint(chosen)
        except UserError as error:
            if chosen != latest or len(run.checkpoints()) == 1:
                raise
            raise UserError(f"{error} To go on from the one before, delete it and resume again.") from error
        if file.header.kind != "full":
            raise UserError(f"{chosen}: holds weights only; start a new run from it with --from.")
        before = _processes(file)
        if before != processes:
            raise UserError(
                f"{chosen}: was trained by {before} process{'es' if before > 1 else ''}, and here the number is "
                f"{processes}; go on with as many (`processes: {before}` in its config.yaml, or torchrun), or start a "
                "new run from it with --from."
            )
        _check_settings(run)
        if chosen == latest and run_dir is not None:
            raise UserError("--run_dir does not go with --resume of a run's newest checkpoint; leave it out.")
        if chosen == latest:
            locked.pop_all()
        else:
            fresh_replay = file.header.env_steps not in _resumable(run)
            run = branch(run, chosen, run_dir, leave=("replay",) if fresh_replay else ())
            run.lock()
            file = open_checkpoint(run.latest_checkpoint())
    moved_end = total_steps is not None and total_steps != run.config.total_steps
    if moved_end:
        run.config = check(run.config.replace(total_steps=total_steps), "settings")
    return Opened(run, checkpoint=file, fresh_replay=fresh_replay, moved_end=moved_end)


def _check_settings(run: Run) -> None:
    """A run keeps its settings, so all of them must be possible here."""
    settings = run.path / "config.yaml"
    try:
        here = settle(run.config)
    except UserError as error:
        raise UserError(
            f"{settings}: {error} A run keeps its settings: go on where it was begun, or start a new run with --from."
        ) from error
    for field in dataclasses.fields(Config):
        asked, possible = getattr(run.config, field.name), getattr(here, field.name)
        if asked != possible:
            raise UserError(
                f"{settings}: {field.name} is {asked}, here it is {possible}; set that there, or start a new run with "
                "--from."
            )


def _processes(file: CheckpointFile) -> int:
    """How many processes trained together up to this checkpoint."""
    others = file.header.state.get("ranks", [])
    if not isinstance(others, list):
        raise UserError(f"{file.path}: its training state is damaged; start a new run from it with --from.")
    return 1 + len(others)


def _resumable(run: Run) -> set[int]:
    """Environment steps of the checkpoints whose replay can still be brought back, as the newest readable one tells."""
    for checkpoint in reversed(run.checkpoints()):
        with contextlib.suppress(
            UserError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError
        ):  # damaged
            return {int(env_steps) for env_steps, _ in read_header(checkpoint).state["saves"]}
    return set()


def _version() -> str:
    try:
        return metadata.version("dream-agent")
    except metadata.PackageNotFoundError:  # used from a checkout that is not installed
        return "unknown"
