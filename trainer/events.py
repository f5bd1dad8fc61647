"""What a training loop reports: frozen, picklable records, for a loop may run in another process (`trainer.crew`)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Started:
    """Training is ready to run.

    Attributes:
        run_dir: the run's folder.
        env_steps, updates: where it starts from (0 for a new run).
        total_steps: where it ends.
        summary: one line for people: what was chosen, the capacity of the replay, and how long it may take.
    """

    run_dir: str
    env_steps: int
    updates: int
    total_steps: int
    summary: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where training is; yielded at least once per update or vector step.

    Attributes:
        env_steps, updates, skipped: counters; `skipped` counts updates refused for a non-finite loss or gradient.
        elapsed: seconds on the loop's own clock, resumed parts included.
        updates_per_second, frames_per_second: of the latest interval; frames are replayed frames.
        mean_return: mean of the newest finished training episodes, None before the first.
        seconds_left: estimate; None before there is one.
    """

    env_steps: int
    updates: int
    skipped: int
    elapsed: float
    updates_per_second: float
    frames_per_second: float
    mean_return: float | None
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class EpisodeEnded:
    """A training episode ended.

    Attributes:
        env_steps: counter at its end. level_seed: of its level. total_reward: its return. length: its steps.
        outcome: `won`, `lost` or `timeout`.
    """

    env_steps: int
    level_seed: int
    total_reward: float
    length: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """A row for metrics.jsonl, TensorBoard and the curves.

    Attributes:
        env_steps, updates: counters. values: name to number, means over the interval.
    """

    env_steps: int
    updates: int
    values: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Scores on train and validation levels.

    Attributes:
        env_steps, updates: counters. scores: names such as `train.mean_return`, `validation.mean_return`.
    """

    env_steps: int
    updates: int
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class OpenLoopVideo:
    """Replayed sequences beside what the model makes of them: beliefs first, then dreamt blindly along the actions.

    Attributes:
        env_steps, updates: counters.
        truth: (B, T, 64, 64, 3) uint8, what happened.
        model: (B, T, 64, 64, 3) uint8, beliefs up to `observed`, from there on the open-loop dream.
        observed: frames the model saw.
    """

    env_steps: int
    updates: int
    truth: NDArray[np.uint8]
    model: NDArray[np.uint8]
    observed: int


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint is safe on disk.

    Attributes:
        path: of the file. env_steps, updates: counters. best: it scored best on validation levels so far.
    """

    path: str
    env_steps: int
    updates: int
    best: bool


@dataclass(frozen=True, slots=True)
class UpdateSkipped:
    """An update was refused and left no trace.

    Attributes:
        updates: counter. in_a_row: refused ones without a good one between. batch_file: the batch, saved for study.
    """

    updates: int
    in_a_row: int
    batch_file: str


@dataclass(frozen=True, slots=True)
class Finished:
    """Training ended in order and is saved.

    Attributes:
        reason: `complete` or `stopped`. env_steps, updates: counters. checkpoint: the last checkpoint's path.
    """

    reason: str
    env_steps: int
    updates: int
    checkpoint: str


Event = Started | Progress | EpisodeEnded | Metrics | Evaluated | OpenLoopVideo | Saved | UpdateSkipped | Finished
