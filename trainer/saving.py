"""A training's state to and from full checkpoints, to the bit."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from trainer.checkpoint import CheckpointFile, save_checkpoint
from trainer.checkpoint_header import Header
from trainer.config import Config
from trainer.distributed import ALONE, Ranks
from trainer.errors import UserError
from trainer.events import Saved
from trainer.opening import Opened
from trainer.plain_values import count, number
from trainer.replay import Replay
from trainer.sharing import share
from trainer.training import Best, Training

_UNFIT = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what a damaged state may raise


def open_replay(opened: Opened, config: Config, ranks: Ranks = ALONE) -> Replay:
    """A rank's replay: empty, or as it was at the checkpoint that training goes on from.

    Args:
        opened: the run. config: settled. ranks: whose share of the games and the budget.

    Raises:
        UserError: it does not belong to the checkpoint, or cannot be read or written.
    """
    file, own = opened.checkpoint, share(config, ranks)
    folder = opened.folder.replay_dir
    try:
        return Replay(
            folder if ranks.first else folder / f"rank-{ranks.rank}",
            own.num_envs,
            config.size,
            "bfloat16" if config.dtype == "bfloat16" else "float32",
            int(own.replay_gib * 2**30),
            config.batch_length + 1,
            None if file is None or opened.fresh_replay else _own(file.header.state, ranks)["replay"],
        )
    except _UNFIT as error:
        if file is None:
            raise
        raise _damaged(file) from error


class Saver:
    """Saves one training into its run, and brings it back.

    Where several processes train together the first one writes the checkpoint, with what the others have of their own
    (games, policy's carry, replay's tables) beside what is equal on all: it is as whole as that of one process.

    Games are signed with a secret of this user on this machine: only what was signed with it is restored.
    """

    def __init__(self, training: Training, opened: Opened, key: bytes) -> None:
        """Nothing is saved or restored yet.

        Args:
            training: as it is at the start of a run. opened: its run. key: the secret.
        """
        self._training, self._opened, self._key = training, opened, key
        self._provenance = opened.provenance()
        self._saves: list[list[int]] = []  # environment steps and replay's number of each save that can be resumed

    def begin(self) -> None:
        """Puts the training where the run starts from: the checkpoint, weights alone, or nothing.

        Raises:
            UserError: the checkpoint's state is damaged or does not fit.
        """
        if self._opened.checkpoint is not None:
            self._restore(self._opened.checkpoint)
        elif self._opened.weights is not None:
            self._check_model(self._opened.weights)
            self._training.learner.load_weights(self._opened.weights.weights())
        self._training.tally.begin(self._training.now)

    def save(self, best: bool = False) -> Saved:
        """Saves everything to go on from; the old checkpoints stay until this one is safe.

        Raises:
            UserError: the disk is full, the folder cannot be written, or another rank is gone.
        """
        training, folder = self._training, self._opened.folder
        elapsed, updates, env_steps = training.now
        keep = training.config.keep_checkpoints
        training.schedule.saving.done(elapsed, updates)
        replay = training.replay.save()
        older = [save for save in self._saves if save[0] != env_steps and folder.checkpoint_path(save[0]).exists()]
        self._saves = [*older, [env_steps, replay["save"]]][-keep:]
        path = folder.checkpoint_path(env_steps)
        states, carries = self._gathered({"replay": replay, "collector": training.collector.state()})
        if training.ranks.first:
            self._write(path, states, carries)
            folder.prune(keep, training.best["env_steps"] if training.best else None)
        self._saves = training.ranks.gather(self._saves)[0]  # the others go on once the checkpoint is safe
        training.replay.mark_saved(self._saves[0][1])
        training.unsaved = False
        return Saved(str(path), env_steps, updates, best)

    def _gathered(self, state: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Tensor]]:
        """What every rank has of its own: states in order, and tensors by name."""
        ranks = self._training.ranks
        own = self._training.collector.tensors(self._key)
        if ranks.size == 1:
            return [state], own
        own = {name: tensor.to("cpu").contiguous() for name, tensor in own.items()}
        tensors: dict[str, Tensor] = {}
        for rank, data in enumerate(ranks.gather_bytes(safetensors.torch.save(own))):
            tensors |= {_prefix(rank) + name: tensor for name, tensor in safetensors.torch.load(data).items()}
        return ranks.gather(state), tensors

    def _write(self, path: Path, states: list[dict[str, Any]], carries: dict[str, Tensor]) -> None:
        training = self._training
        tensors = training.learner.state_tensors()
        low, high = tensors.pop("normaliser/lo"), tensors.pop("normaliser/hi")
        header = Header(
            kind="full",
            config=training.config,
            num_actions=training.agent.num_actions,
            env_steps=training.env_steps,
            updates=training.updates,
            skipped=training.skipped,
            elapsed=training.clock.elapsed,
            normaliser=(float(low), float(high)),
            provenance=self._provenance,
            state=self._state(states),
        )
        save_checkpoint(path, header, tensors | carries)

    def _state(self, states: list[dict[str, Any]]) -> dict[str, Any]:
        training = self._training
        return {
            **states[0],
            "ranks": states[1:],
            "ratio": training.ratio.state(),
            "in_a_row": training.in_a_row,
            "tally": training.tally.state(),
            "best": training.best,
            "saves": self._saves,
            "schedule": training.schedule.state(),
        }

    def _check_model(self, file: CheckpointFile) -> None:
        """Refuses the weights of another model."""
        ours, theirs = self._training.config.preset, file.header.config.preset
        if ours != theirs:
            raise UserError(f"{file.path}: is of preset {theirs}, its run's config.yaml says {ours}; mend it there.")
        known, given = self._training.agent.num_actions, file.header.num_actions
        if known != given:
            raise UserError(f"{file.path}: has {given} actions, the games have {known}; choose another checkpoint.")

    def _restore(self, file: CheckpointFile) -> None:
        self._check_model(file)
        training, header, state = self._training, file.header, file.header.state
        tensors = file.tensors()
        prefix = _prefix(training.ranks.rank)
        carry = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
        low, high = header.normaliser
        tensors |= {"normaliser/lo": torch.tensor(low), "normaliser/hi": torch.tensor(high)}
        for name in training.learner.state_tensors():
            least = 0.0 if name.startswith("nu/") else -math.inf  # of which a root is taken
            if not bool((torch.isfinite(tensors[name]) & (tensors[name] >= least)).all()):
                raise UserError(f"{file.path}: {name} holds numbers that make no sense; use another checkpoint.")
        training.learner.load_state_tensors(tensors, header.updates)
        training.updates, training.skipped = header.updates, header.skipped
        training.clock.before = header.elapsed
        try:
            training.collector.load(_own(state, training.ranks)["collector"], carry, self._key)
            training.ratio.load(state["ratio"])
            training.in_a_row = count(state["in_a_row"])
            training.tally.load(state["tally"])
            training.best, self._saves = _best(state["best"]), _saves(state["saves"])
            training.schedule.load(state["schedule"])
            if training.env_steps != header.env_steps or self._saves[-1] != [header.env_steps, state["replay"]["save"]]:
                raise ValueError("it is of another step")
        except UserError as error:
            raise UserError(f"{file.path}: {error}") from error
        except _UNFIT as error:
            raise _damaged(file) from error
        training.unsaved = self._opened.fresh_replay


def _prefix(rank: int) -> str:
    """What stands before the names of a rank's own tensors."""
    return f"ranks/{rank}/" if rank else ""


def _own(state: dict[str, Any], ranks: Ranks) -> dict[str, Any]:
    """What a checkpoint has of this rank's own."""
    own: dict[str, Any] = state if ranks.first else state["ranks"][ranks.rank - 1]
    return own


def _best(state: Any) -> Best | None:
    if state is None:
        return None
    return {"env_steps": count(state["env_steps"]), "updates": count(state["updates"]), "score": number(state["score"])}


def _saves(state: Any) -> list[list[int]]:
    """Environment steps and replay's number of each save, oldest first."""
    saves = [[count(env_steps), count(save)] for env_steps, save in state]
    if not saves or any(a >= b for before, after in pairwise(saves) for a, b in zip(before, after, strict=True)):
        raise ValueError("saves are out of order")
    return saves


def _damaged(file: CheckpointFile) -> UserError:
    return UserError(f"{file.path}: its training state is damaged; start a new run from it with --from.")
