"""Updates as a GPU makes them, staged and as a graph, against the same updates called directly; to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer.agent.tape import Tape, taped
from tests.trainer.loop_support import (
    TINY,
    copied,
    differing,
    drive,
    poisoned,
    resumed,
    rows_without_time,
    tiny_loop,
)
from tests.trainer.pair_support import whole_batch
from trainer.agent.agent import Agent
from trainer.agent.captured import Captured, directly, way_to_run
from trainer.agent.computation import Computed
from trainer.agent.learner import Learner, NonFiniteUpdate, UpdateResult
from trainer.agent.parts import COMPUTE, PARTS, UpdateStopped, never
from trainer.distributed import ALONE, Ranks
from trainer.events import UpdateSkipped
from trainer.loop import TrainingLoop
from trainer.nn import fused
from trainer.randomness import torch_generator
from trainer.replay_batch import Batch
from trainer.world_model import rssm

UPDATES = 5
REFUSED = 2


@pytest.fixture(autouse=True)
def every_step_as_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recurrence takes no shortcut; `test_rssm.py` compares it with the one that does. Kernels are torch's own."""
    monkeypatch.setattr(rssm, "_steps_with", lambda flags: [True] * flags.shape[1])
    monkeypatch.setattr(fused, "_compiled", False)


def update(learner: Learner, number: int, batch: Batch | None = None, poll: Any = never) -> UpdateResult:
    generator = torch_generator(0, "update", number)
    return learner.update(whole_batch(number) if batch is None else batch, generator, poll)


def with_nan(batch: Batch) -> Batch:
    reward = batch.reward.copy()
    reward[1, 4] = np.nan
    return dataclasses.replace(batch, reward=reward)


def learnt(learner: Learner, first: int = 0) -> list[Any]:
    """What some updates leave, one of which is refused; copies, since a graph's own memory is used again."""
    left: list[Any] = []
    for number in range(first, UPDATES):
        if number == REFUSED:
            with pytest.raises(NonFiniteUpdate) as refusal:
                update(learner, number, with_nan(whole_batch(number)))
            left.append(str(refusal.value))
        result = update(learner, number)
        left.append((result.metrics, result.deter.float().numpy().tobytes(), result.stoch.numpy().tobytes()))
    return left


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_graph_computes_what_the_function_does(monkeypatch: pytest.MonkeyPatch, dtype: torch.dtype) -> None:
    plain = Learner(Agent(TINY.size, seed=3), TINY, dtype)
    theirs = learnt(plain)
    tapes = taped(monkeypatch)
    captured = Learner(Agent(TINY.size, seed=3), TINY, dtype)
    assert learnt(captured) == theirs
    assert [tape.replays for tape in tapes] == [UPDATES + 1]
    assert differing(plain.state_tensors(), captured.state_tensors()) == []
    assert "nan" in theirs[REFUSED]


def test_a_graph_goes_on_from_what_is_loaded_into_the_learner(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Learner(Agent(TINY.size, seed=3), TINY)
    update(plain, 0)
    saved = copied(plain.state_tensors())
    theirs = learnt(plain, first=1)
    taped(monkeypatch)
    captured = Learner(Agent(TINY.size, seed=5), TINY)
    update(captured, 7)
    captured.load_state_tensors(saved, updates=1)
    assert learnt(captured, first=1) == theirs
    assert differing(plain.state_tensors(), captured.state_tensors()) == []


def test_a_batch_of_another_shape_is_recorded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def both_shapes(learner: Learner) -> list[dict[str, float]]:
        short = whole_batch(1)
        fields = {field.name: getattr(short, field.name) for field in dataclasses.fields(short)}
        half = Batch(**{name: value[:2] if isinstance(value, np.ndarray) else value for name, value in fields.items()})
        return [update(learner, 0).metrics, update(learner, 1, half).metrics, update(learner, 2).metrics]

    theirs = both_shapes(Learner(Agent(TINY.size), TINY))
    tapes = taped(monkeypatch)
    assert both_shapes(Learner(Agent(TINY.size), TINY)) == theirs
    assert [tape.replays for tape in tapes] == [1, 1, 1]


class Unwilling(Tape):
    """Work that no graph can hold."""

    def capture(self, work: Callable[[], Computed]) -> Computed:
        work()
        raise RuntimeError("operation not permitted when stream is capturing")


def test_what_cannot_be_recorded_is_called_and_that_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Learner(Agent(TINY.size, seed=3), TINY)
    theirs = learnt(plain)
    monkeypatch.setattr("trainer.agent.learner.way_to_run", lambda device, ranks: Captured(device, Unwilling))
    learner = Learner(Agent(TINY.size, seed=3), TINY)
    with pytest.warns(RuntimeWarning, match="not as a CUDA graph: operation not permitted") as told:
        assert learnt(learner) == theirs
    assert len(told) == 1
    assert differing(plain.state_tensors(), learner.state_tensors()) == []
    polled: list[str] = []
    update(learner, UPDATES, poll=lambda part: bool(polled.append(part)))
    assert polled == list(PARTS)


def test_a_computation_that_asks_for_a_number_cannot_be_recorded() -> None:
    with pytest.raises(RuntimeError, match="not permitted"):
        Tape().capture(lambda: torch.ones(()).item())  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("last", [COMPUTE, PARTS[-1]])
def test_a_stop_beside_a_graph_leaves_no_trace(monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    taped(monkeypatch)
    learner, undisturbed = (Learner(Agent(TINY.size, seed=3), TINY) for _ in range(2))
    assert update(learner, 0).metrics == update(undisturbed, 0).metrics
    before = copied(learner.state_tensors())
    polled: list[str] = []

    def stop(part: str) -> bool:
        polled.append(part)
        return part == last

    with pytest.raises(UpdateStopped):
        update(learner, 1, poll=stop)
    assert polled == [COMPUTE, PARTS[-1]][: len(polled)] and polled[-1] == last
    assert differing(before, learner.state_tensors()) == []
    assert update(learner, 1).metrics == update(undisturbed, 1).metrics


def test_a_run_of_graphs_with_a_refused_update_and_a_resume_is_the_same_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(folder: Path) -> tuple[dict[str, torch.Tensor], str, list[Any]]:
        loop = tiny_loop(folder, kernels="torch")
        bad = [2]

        def half_way(loop: TrainingLoop) -> bool:
            if loop.updates in bad:
                bad.clear()
                poisoned(loop, 1)
            return loop.updates >= 4

        events = drive(loop, half_way, record=True)
        assert len([event for event in events if isinstance(event, UpdateSkipped)]) == 1
        again, digest = resumed(folder), ""

        def done(loop: TrainingLoop) -> bool:
            nonlocal digest
            digest = loop.replay.digest() if not digest and loop.updates >= 8 else digest
            return loop.updates >= 8

        drive(again, done, record=True)
        return copied(again.learner.state_tensors()), digest, rows_without_time(folder)

    plain = run(tmp_path / "plain")
    tapes = taped(monkeypatch)
    captured = run(tmp_path / "captured")
    assert [tape.replays for tape in tapes] == [5, 4]
    assert differing(plain[0], captured[0]) == []
    assert captured[1:] == plain[1:]


def test_a_cpu_calls_and_a_gpu_that_is_not_alone_records_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Two(Ranks):
        size = 2

    monkeypatch.setattr("trainer.agent.captured.Captured", lambda device, graph: graph)
    assert way_to_run(torch.device("cpu"), ALONE) is directly
    assert way_to_run(torch.device("cuda"), ALONE) is not None
    assert way_to_run(torch.device("cuda"), Two()) is None


def test_without_a_graph_the_staged_computation_is_called_part_by_part(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Learner(Agent(TINY.size, seed=3), TINY)
    theirs = learnt(plain)
    monkeypatch.setattr("trainer.agent.learner.way_to_run", lambda device, ranks: Captured(device, None))
    staged = Learner(Agent(TINY.size, seed=3), TINY)
    assert learnt(staged) == theirs
    polled: list[str] = []
    update(staged, UPDATES, poll=lambda part: bool(polled.append(part)))
    assert polled == list(PARTS)
