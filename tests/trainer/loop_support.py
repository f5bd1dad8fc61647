"""Small training runs, and what is compared of two of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.config import Config
from trainer.envs.protocol import VectorEnv
from trainer.envs.testing import CorridorVector
from trainer.evaluation.scores import Tick
from trainer.events import Event, Metrics
from trainer.loop import TrainingLoop
from trainer.metrics import RunRecorder
from trainer.replay import Batch
from trainer.tally import WALL_CLOCK

TINY = Config(
    preset="debug",
    num_envs=2,
    total_steps=10_000,
    device="cpu",
    dtype="float32",
    threads=1,
    batch_size=2,
    batch_length=6,
    train_ratio=3,
    imagination=2,
    replay_gib=0.02,
    warmup=0,
    lr=1e-3,
    log_every=0,
    log_every_updates=1,
    save_every=0,
    evaluate_every=0,
    video_every=0,
)
"""On the corridor an update takes milliseconds: 4 steps of play (12 replayed ones) earn one."""


def corridor(config: Config) -> VectorEnv:
    return CorridorVector(config.num_envs, config.levels, config.seed)


def no_scores(agent: Agent, config: Config) -> Generator[Tick, None, dict[str, float]]:
    yield Tick("nothing", 1, 1)
    return {"validation.mean_return": 0.0}


def tiny_loop(folder: Path, **settings: Any) -> TrainingLoop:
    return TrainingLoop(TINY.replace(**settings), folder, make_env=corridor, score=no_scores)


def resumed(path: Path, **arguments: Any) -> TrainingLoop:
    return TrainingLoop(resume=path, make_env=corridor, score=no_scores, **arguments)


def drive(
    loop: TrainingLoop, until: Callable[[TrainingLoop], bool] = lambda loop: False, record: bool = False
) -> list[Event]:
    """All events of a loop that is stopped (and saves) as soon as `until` holds; its end is part of them."""
    return list(driven(loop, until, record))


def driven(loop: TrainingLoop, until: Callable[[TrainingLoop], bool], record: bool = False) -> Iterator[Event]:
    recorder = RunRecorder() if record else None
    for event in loop.run():
        if recorder is not None:
            recorder.handle(event)
        yield event
        if until(loop):
            loop.stop()
    if recorder is not None:
        recorder.close()


def updates_reach(count: int) -> Callable[[TrainingLoop], bool]:
    return lambda loop: loop.updates >= count


def poisoned(loop: TrainingLoop, times: int) -> None:
    """Lets replay hand out a reward that is no number, `times` times."""
    sample, left = loop.replay.sample, [times]

    def bad(batch_size: int, generator: np.random.Generator) -> Batch:
        batch = sample(batch_size, generator)
        if left[0]:
            left[0] -= 1
            batch.reward[0, 3] = np.nan
        return batch

    loop.replay.sample = bad  # type: ignore[method-assign]


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def differing(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> list[str]:
    """Names of tensors that differ in any bit."""
    assert ours.keys() == theirs.keys()
    return [name for name in ours if not ours[name].equal(theirs[name])]


def rows_without_time(run: Path) -> list[dict[str, Any]]:
    """The rows of `metrics.jsonl` but for what the clock says."""
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{name: value for name, value in row.items() if name not in WALL_CLOCK} for row in rows]


def metrics(events: Iterable[Event]) -> list[Metrics]:
    return [event for event in events if isinstance(event, Metrics)]
