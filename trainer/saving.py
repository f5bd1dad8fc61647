"""A training's state to and from full checkpoints, to the bit."""

from __future__ import annotations

from typing import Any

import torch

from trainer.checkpoint import CheckpointFile, Header, save_checkpoint
from trainer.config import Config
from trainer.errors import UserError
from trainer.events import Saved
from trainer.opening import Opened
from trainer.replay import Replay
from trainer.training import Training

_UNFIT = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what a damaged state may raise


def open_replay(opened: Opened, config: Config) -> Replay:
    """The run's replay: empty, or as it was at the checkpoint that training goes on from.

    Raises:
        UserError: it does not belong to the checkpoint, or cannot be read or written.
    """
    file = opened.checkpoint
    try:
        return Replay(
            opened.folder.replay_dir,
            config.num_envs,
            config.size,
            "bfloat16" if config.dtype == "bfloat16" else "float32",
            int(config.replay_gib * 2**30),
            config.batch_length + 1,
            None if file is None or opened.fresh_replay else file.header.state["replay"],
        )
    except _UNFIT as error:
        if file is None:
            raise
        raise _damaged(file, error) from error


class Saver:
    """Saves one training into its run, and brings it back.

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
            self._training.learner.load_weights(self._opened.weights.weights())
        self._training.tally.begin(self._training.now)

    def save(self, best: bool = False) -> Saved:
        """Saves everything to go on from; the old checkpoints stay until this one is safe.

        Raises:
            UserError: the disk is full, or the folder cannot be written.
        """
        training, folder = self._training, self._opened.folder
        elapsed, updates, env_steps = training.now
        keep = training.config.keep_checkpoints
        training.schedule.saving.done(elapsed, updates)
        replay = training.replay.save()
        older = [save for save in self._saves if save[0] != env_steps and folder.checkpoint_path(save[0]).exists()]
        self._saves = [*older, [env_steps, replay["save"]]][-keep:]
        tensors = training.learner.state_tensors()
        low, high = tensors.pop("normaliser/lo"), tensors.pop("normaliser/hi")
        header = Header(
            kind="full",
            config=training.config,
            num_actions=training.agent.num_actions,
            env_steps=env_steps,
            updates=updates,
            skipped=training.skipped,
            elapsed=elapsed,
            normaliser=(float(low), float(high)),
            provenance=self._provenance,
            state=self._state(replay),
        )
        path = folder.checkpoint_path(env_steps)
        save_checkpoint(path, header, tensors | training.collector.tensors(self._key))
        folder.prune(keep, training.best["env_steps"] if training.best else None)
        training.replay.mark_saved(self._saves[0][1])
        training.unsaved = False
        return Saved(str(path), env_steps, updates, best)

    def _state(self, replay: dict[str, Any]) -> dict[str, Any]:
        training = self._training
        return {
            "replay": replay,
            "collector": training.collector.state(),
            "ratio": training.ratio.state(),
            "in_a_row": training.in_a_row,
            "tally": training.tally.state(),
            "best": training.best,
            "saves": self._saves,
            "schedule": training.schedule.state(),
        }

    def _restore(self, file: CheckpointFile) -> None:
        training, header, state = self._training, file.header, file.header.state
        tensors = file.tensors()
        low, high = header.normaliser
        tensors |= {"normaliser/lo": torch.tensor(low), "normaliser/hi": torch.tensor(high)}
        training.learner.load_state_tensors(tensors, header.updates)
        training.updates, training.skipped = header.updates, header.skipped
        training.clock.before = header.elapsed
        try:
            training.collector.load(state["collector"], tensors, self._key)
            training.ratio.load(state["ratio"])
            training.in_a_row = state["in_a_row"]
            training.tally.load(state["tally"])
            training.best, self._saves = state["best"], state["saves"]
            training.schedule.load(state["schedule"])
        except _UNFIT as error:
            raise _damaged(file, error) from error
        training.unsaved = self._opened.fresh_replay


def _damaged(file: CheckpointFile, error: Exception) -> UserError:
    return UserError(f"{file.path}: its training state is damaged ({error!r}); start a new run from it with --from.")
