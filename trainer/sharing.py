"""What each of several processes takes of a run that they train together, and how they open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.checkpoint import open_checkpoint
from trainer.config import Config
from trainer.distributed import Ranks, RefusedByFirst
from trainer.errors import UserError
from trainer.opening import Opened, open_new, reopen
from trainer.process import cores
from trainer.randomness import seed_of_rank
from trainer.run import Run
from trainer.settle import settle


def share(config: Config, ranks: Ranks) -> Config:
    """One rank's part of a settled config: games, sequences and replay divided, and a seed for its own draws."""
    return config.replace(
        num_envs=config.num_envs // ranks.size,
        batch_size=config.batch_size // ranks.size,
        replay_gib=config.replay_gib / ranks.size,
        seed=seed_of_rank(config.seed, ranks.rank),
    )


def check_shares(config: Config, ranks: Ranks) -> None:
    """Refuses what cannot be divided equally.

    Raises:
        UserError: games or sequences of a settled config that do not divide by the number of ranks.
    """
    for name in ("num_envs", "batch_size"):
        count = getattr(config, name)
        if count % ranks.size:
            raise UserError(
                f"{name} is {count}, which {ranks.size} processes cannot share; give a multiple of {ranks.size}."
            )


def open_run(
    ranks: Ranks,
    config: Config | None,
    run_dir: Path | None,
    resume: Path | None,
    from_checkpoint: Path | None,
    total_steps: int | None,
) -> Opened:
    """A run, new or resumed, which the first rank opens and locks and the others follow into.

    All of them must see the run's folder, on several machines by a file system that they have in common.

    Args:
        ranks: who trains it. config: of a new run. resume: a run or checkpoint to go on from, where there is no config.
        run_dir, from_checkpoint, total_steps: see :func:`trainer.opening.open_new` and :func:`trainer.opening.reopen`.

    Raises:
        UserError: what is asked for cannot be used, or the folder is not to be seen from here.
        RefusedByFirst: the same on the other ranks.
    """
    if not ranks.first:
        return _follow(ranks.gather(None)[0])
    try:
        if config is not None:
            if ranks.size > 1:
                threads = config.threads or max(1, cores() // ranks.local_size)
                device = ranks.device or config.device
                config = config.replace(processes=ranks.size, threads=threads, device=device)
                check_shares(settle(config), ranks)
            opened = open_new(config, run_dir, from_checkpoint)
        else:
            assert resume is not None
            opened = reopen(resume, run_dir, total_steps, ranks.size)
    except UserError as error:
        ranks.gather({"refused": str(error)})
        raise
    ranks.gather(
        {
            "folder": str(opened.folder.path),
            "checkpoint": opened.checkpoint and str(opened.checkpoint.path),
            "weights": opened.weights and str(opened.weights.path),
            "fresh_replay": opened.fresh_replay,
            "total_steps": opened.folder.config.total_steps,
        }
    )
    return opened


def _follow(told: Any) -> Opened:
    """What the first rank has opened, from another one."""
    if "refused" in told:
        raise RefusedByFirst(told["refused"])
    checkpoint, weights = told["checkpoint"], told["weights"]
    run = Run.open(Path(told["folder"]))
    run.config = run.config.replace(total_steps=told["total_steps"])
    return Opened(
        run,
        checkpoint=open_checkpoint(Path(checkpoint)) if checkpoint else None,
        weights=open_checkpoint(Path(weights)) if weights else None,
        fresh_replay=told["fresh_replay"],
    )
