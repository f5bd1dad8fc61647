"""What two real processes do together for `test_distributed.py`: each writes down what it saw, and the tests compare.

A pair is started once and goes through all scenarios in the same order, since a process takes seconds to begin.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests.trainer.loop_support import TINY, copied, corridor, differing, driven, no_scores, tiny_loop, updates_reach
from trainer.agent.agent import Agent
from trainer.agent.learner import Learner
from trainer.config import Config
from trainer.distributed import Ranks, joined
from trainer.errors import UserError
from trainer.evaluation.scores import Tick
from trainer.events import Evaluated, Event, Finished, UpdateSkipped
from trainer.loop import TrainingLoop
from trainer.randomness import numpy_generator, torch_generator
from trainer.replay_batch import Batch
from trainer.seat import torchrun_seat

ROOT = Path(__file__).parents[2]
SIZE = 2
N = 6
"""Updates to the save that is resumed; each run makes twice as many."""
UPDATES = 4
_WHOLE_BATCH = 4
_LENGTH = 9
_SECONDS = 240


# In the test's own process


@dataclass(frozen=True)
class Pair:
    """What two processes left behind. folder: theirs. seen: what each of them wrote down, by scenario."""

    folder: Path
    seen: list[dict[str, Any]]


def run_pair(folder: Path) -> Pair:
    """Starts two processes as torchrun would, and waits for both."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    there = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(SIZE), "LOCAL_WORLD_SIZE": "1"}
    command = [sys.executable, "-m", "tests.trainer.pair_support", str(folder)]
    processes = []
    for rank in range(SIZE):
        environment = os.environ | there | {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        processes.append(
            subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, env=environment)
        )
    said = [process.communicate(timeout=_SECONDS)[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0] * SIZE, "\n".join(said)
    return Pair(folder, [json.loads((folder / f"seen-{rank}.json").read_text()) for rank in range(SIZE)])


def whole_batch(update: int) -> Batch:
    """A batch of made-up steps with ends of both kinds in it; the rewards tell its parts apart."""
    draw = numpy_generator(0, "batch", update)
    size, shape = TINY.size, (_WHOLE_BATCH, _LENGTH)
    is_last = draw.random(shape) < 0.15
    is_last[:, 0] = False
    is_first = np.zeros(shape, np.bool_)
    is_first[:, 1:] = is_last[:, :-1]
    is_first[:, 0] = True
    return Batch(
        frame=draw.integers(0, 256, (*shape, 64, 64, 3), np.uint8),
        reward=(draw.normal(size=shape) * np.arange(1, 1 + _WHOLE_BATCH)[:, None]).astype(np.float32),
        action=draw.integers(0, 15, shape),
        is_first=is_first,
        is_last=is_last,
        is_terminal=is_last & (draw.random(shape) < 0.5),
        level_seed=np.zeros(shape, np.int32),
        deter=draw.normal(size=(_WHOLE_BATCH, size.deter)).astype(np.float32),
        stoch=draw.integers(0, size.classes, (_WHOLE_BATCH, size.stoch)).astype(np.uint8),
        positions=np.zeros(shape, np.int64),
    )


def taught(ranks: Ranks) -> tuple[list[dict[str, float]], dict[str, torch.Tensor]]:
    """Metrics and weights of some updates from these batches, or this rank's part of them.

    With these first weights no draw falls next to where it would fall otherwise: another order of summation changes
    weights by so much that one which does would be another class.
    """
    learner = Learner(Agent(TINY.size, seed=8), TINY, ranks=ranks)
    part = _WHOLE_BATCH // ranks.size
    rows = slice(ranks.rank * part, (ranks.rank + 1) * part)
    metrics = []
    for update in range(UPDATES):
        batch = whole_batch(update)
        fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}
        own = Batch(**{name: value[rows] if isinstance(value, np.ndarray) else value for name, value in fields.items()})
        metrics.append(learner.update(own, torch_generator(0, "update", update)).metrics)
    return metrics, copied(learner.state_tensors())


# In each of the two


Scenario = Callable[[Ranks, Path], Any]


def learner(ranks: Ranks, folder: Path) -> Any:
    metrics, tensors = taught(ranks)
    np.savez(folder / f"learner-{ranks.rank}.npz", **{name: tensor.numpy() for name, tensor in tensors.items()})
    return metrics


def messages(ranks: Ranks, folder: Path) -> Any:
    """Short, empty, and longer than what goes in one exchange."""
    lengths = [len(text) for text in ranks.gather("x" * (5000 if ranks.first else 7))]
    return [ranks.gather([ranks.rank, None, 0.1]), ranks.gather(""), lengths]


def straight(ranks: Ranks, folder: Path) -> Any:
    return outcome(loop_of(ranks, folder / "straight"), ranks)


def resumed_after_a_break(ranks: Ranks, folder: Path) -> Any:
    """Breaks off between two saves, and goes on from the last one."""
    loop = loop_of(ranks, folder / "broken")
    events = driven(loop, lambda loop: False, record=ranks.first)
    while loop_updates(next(events), loop) < N + 3:
        pass
    events.close()
    again = TrainingLoop(resume=folder / "broken", make_env=corridor, score=no_scores, ranks=ranks)
    return outcome(again, ranks)


def refused(ranks: Ranks, folder: Path) -> Any:
    """The second rank's share of one batch holds a reward that is no number."""
    loop = loop_of(ranks, folder / "refused")
    events = loop.run()
    while loop_updates(next(events), loop) < 3:
        pass
    sample, bad = loop.replay.sample, [ranks.rank == 1]

    def poisoned(size: int, generator: np.random.Generator) -> Batch:
        batch = sample(size, generator)
        if bad.pop() if bad else False:
            batch.reward[0, 3] = np.nan
        return batch

    loop.replay.sample = poisoned  # type: ignore[method-assign]
    before = copied(loop.learner.state_tensors())
    while not isinstance(event := next(events), UpdateSkipped):
        digest = loop.replay.digest()
    changed = differing(before, loop.learner.state_tensors())
    same_replay = loop.replay.digest() == digest
    while loop.updates < 5:
        next(events)
    loop.stop()
    list(events)
    return {
        "in_a_row": event.in_a_row,
        "batch": Path(event.batch_file).name,
        "changed": changed,
        "same_replay": same_replay,
        "weights": fingerprint(loop),
    }


def stopped(ranks: Ranks, folder: Path) -> Any:
    """The second rank alone is asked to stop, in the middle of its fourth update."""
    loop = loop_of(ranks, folder / "stopped")
    events = loop.run()
    while loop_updates(next(events), loop) < 3:
        pass
    before = copied(loop.learner.state_tensors())
    update = loop.learner.update

    def interrupted(*arguments: Any) -> Any:
        if ranks.rank == 1:
            loop.stop()
        return update(*arguments)

    loop.learner.update = interrupted  # type: ignore[method-assign]
    finished = list(events)[-1]
    assert isinstance(finished, Finished)
    return [finished.reason, finished.updates, finished.env_steps, differing(before, loop.learner.state_tensors())]


def evaluated(ranks: Ranks, folder: Path) -> Any:
    """Ranks that would score differently; and a later save that hangs on the score."""

    def score(agent: Agent, config: Config) -> Generator[Tick, None, dict[str, float]]:
        yield Tick("levels", 1, 1)
        return {"validation.mean_return": -float(ranks.rank) * loop.updates}

    config = TINY.replace(evaluate_every_updates=2)
    loop = TrainingLoop(config, folder / "evaluated", make_env=corridor, score=score, ranks=ranks)
    events = list(driven(loop, updates_reach(6)))
    return [event.scores for event in events if isinstance(event, Evaluated)]


def not_divisible(ranks: Ranks, folder: Path) -> Any:
    return [
        refusal(lambda: loop_of(ranks, folder / "odd", num_envs=3)),
        refusal(lambda: loop_of(ranks, folder / "odd", batch_size=5)),
        (folder / "odd").exists(),
    ]


def another_number(ranks: Ranks, folder: Path) -> Any:
    """A run of one process, which two cannot go on with."""
    if ranks.first:
        list(driven(tiny_loop(folder / "single"), updates_reach(1)))
    ranks.gather(None)
    return refusal(lambda: TrainingLoop(resume=folder / "single", ranks=ranks))


SCENARIOS: tuple[Scenario, ...] = (
    messages,
    learner,
    straight,
    resumed_after_a_break,
    refused,
    stopped,
    evaluated,
    not_divisible,
    another_number,
)


def loop_of(ranks: Ranks, folder: Path, **settings: Any) -> TrainingLoop:
    config = TINY.replace(**({"num_envs": 4, "batch_size": 4, "save_every_updates": N} | settings))
    return TrainingLoop(config, folder, make_env=corridor, score=no_scores, ranks=ranks)


def loop_updates(event: Event, loop: TrainingLoop) -> int:
    return loop.updates


def outcome(loop: TrainingLoop, ranks: Ranks) -> Any:
    """What a run comes to at its 2 N-th update."""
    replay = ""
    for _ in driven(loop, updates_reach(2 * N), record=ranks.first):
        replay = loop.replay.digest() if loop.updates >= 2 * N and not replay else replay
    return {
        "weights": fingerprint(loop),
        "replay": replay,
        "env_steps": loop.env_steps,
        "updates": loop.updates,
        "recent": list(loop.collector.recent),
    }


def fingerprint(loop: TrainingLoop) -> str:
    digest = hashlib.sha256()
    for name, tensor in loop.learner.state_tensors().items():
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def refusal(act: Callable[[], object]) -> str:
    try:
        act()
    except UserError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    torch.set_num_threads(1)
    with joined("cpu", torchrun_seat()) as here:
        place = Path(sys.argv[1])
        seen = {scenario.__name__: scenario(here, place) for scenario in SCENARIOS}
        (place / f"seen-{here.rank}.json").write_text(json.dumps(seen))
