"""The same updates on a real GPU: as a graph, part by part, and without making the host wait but once."""

from __future__ import annotations

import pytest
import torch

from tests.trainer.loop_support import TINY
from tests.trainer.pair_support import whole_batch
from trainer.agent.agent import Agent
from trainer.agent.captured import Captured
from trainer.agent.learner import Learner
from trainer.agent.parts import COMPUTE, PARTS
from trainer.randomness import torch_generator

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA GPU")

CUDA = torch.device("cuda")
UPDATES = 4


def learnt(learner: Learner) -> list[dict[str, float]]:
    return [
        learner.update(whole_batch(i), torch_generator(0, "update", i, device=CUDA)).metrics for i in range(UPDATES)
    ]


def test_a_graph_computes_what_the_same_calls_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    captured = Learner(Agent(TINY.size, device=CUDA, seed=3), TINY)
    theirs = learnt(captured)
    monkeypatch.setattr("trainer.agent.learner.way_to_run", lambda device, ranks: Captured(device, None))
    called = Learner(Agent(TINY.size, device=CUDA, seed=3), TINY)
    for ours, graph in zip(learnt(called), theirs, strict=True):
        assert ours == pytest.approx(graph, rel=1e-3, abs=1e-5)
    polled: list[str] = []
    for learner in (captured, called):
        generator = torch_generator(0, "update", UPDATES, device=CUDA)
        learner.update(whole_batch(UPDATES), generator, lambda part: bool(polled.append(part)))
    assert polled == [COMPUTE, PARTS[-1], *PARTS]


def test_an_update_makes_the_host_wait_only_for_its_results() -> None:
    learner = Learner(Agent(TINY.size, device=CUDA, seed=3), TINY)
    learnt(learner)
    torch.cuda.set_sync_debug_mode("error")  # copies and questions that wait; not the one wait that is asked for
    try:
        learnt(learner)
    finally:
        torch.cuda.set_sync_debug_mode("default")
