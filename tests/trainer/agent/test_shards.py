"""An update computed in parts side by side is the update of the whole batch, and stops or fails as a whole."""

from __future__ import annotations

import dataclasses
import gc
import threading
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainer.loop_support import TINY, copied, differing
from tests.trainer.pair_support import whole_batch
from trainer.agent.agent import Agent
from trainer.agent.learner import Learner, NonFiniteUpdate, UpdateResult
from trainer.agent.parts import PARTS, UpdateStopped, never
from trainer.agent.shards import Shard
from trainer.config import Config
from trainer.errors import UserError
from trainer.randomness import torch_generator
from trainer.replay_batch import Batch
from trainer.settle import settle

UPDATES = 4


def learner(shards: int) -> Learner:
    return Learner(Agent(TINY.size, seed=3), TINY.replace(shards=shards, threads=1))


def update(taught: Learner, number: int, batch: Batch | None = None, poll: Any = never) -> UpdateResult:
    generator = torch_generator(0, "update", number)
    return taught.update(whole_batch(number) if batch is None else batch, generator, poll)


@pytest.mark.parametrize("shards", [2, 4])
def test_parts_teach_what_the_whole_batch_teaches(shards: int) -> None:
    whole, parts = learner(1), learner(shards)
    for number in range(UPDATES):
        ours, theirs = update(whole, number), update(parts, number)
        assert theirs.metrics == pytest.approx(ours.metrics, rel=1e-4, abs=1e-6)
        np.testing.assert_allclose(theirs.deter.float(), ours.deter.float(), rtol=1e-3, atol=1e-4)
        assert torch.equal(theirs.stoch, ours.stoch)
    tensors = parts.state_tensors()
    for name, tensor in whole.state_tensors().items():
        if not name.startswith("mu/"):  # the step of a gradient that is all but zero has no sign to agree on
            np.testing.assert_allclose(tensors[name], tensor, rtol=1e-3, atol=1e-5, err_msg=name)


def test_parts_come_out_to_the_same_bits_every_time() -> None:
    left = []
    for _ in range(2):
        taught = learner(2)
        metrics = [update(taught, number).metrics for number in range(UPDATES)]
        left.append((metrics, copied(taught.state_tensors())))
    assert left[0][0] == left[1][0]
    assert differing(left[0][1], left[1][1]) == []


@pytest.mark.parametrize("part", PARTS)
def test_a_stop_leaves_no_trace_whatever_part_it_comes_in(part: str) -> None:
    taught, other = learner(2), learner(2)
    before = copied(taught.state_tensors())
    with pytest.raises(UpdateStopped, match=part):
        update(taught, 0, poll=lambda now: now == part)
    assert differing(before, taught.state_tensors()) == []
    assert update(taught, 0).metrics == update(other, 0).metrics


@pytest.mark.parametrize("place", [0, 1])
def test_a_part_that_fails_ends_the_update_with_its_own_error(monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    compute = Learner.compute

    def failing(self: Learner, inputs: Any, poll: Any, ranks: Shard, grads: Any) -> Any:
        if ranks.rank == place:
            raise MemoryError("no room")
        return compute(self, inputs, poll, ranks, grads)

    taught = learner(2)
    monkeypatch.setattr(Learner, "compute", failing)
    with pytest.raises(MemoryError, match="no room"):
        update(taught, 0)


@pytest.mark.parametrize("row", [0, 3])
def test_a_part_that_is_not_finite_refuses_the_whole_update(row: int) -> None:
    taught, batch = learner(2), whole_batch(0)
    reward = batch.reward.copy()
    reward[row, 4] = np.nan
    before = copied(taught.state_tensors())
    with pytest.raises(NonFiniteUpdate, match="nan"):
        update(taught, 0, dataclasses.replace(batch, reward=reward))
    assert differing(before, taught.state_tensors()) == []


def test_no_thread_outlives_its_learner() -> None:
    before = threading.active_count()
    taught = learner(4)
    update(taught, 0)
    assert threading.active_count() == before + 3
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("shard")]
    del taught
    gc.collect()
    for worker in workers:
        worker.join(10)
    assert not any(worker.is_alive() for worker in workers)


def test_a_batch_that_does_not_divide_is_refused() -> None:
    with pytest.raises(UserError, match="batch_size is 5, which 2 shards cannot share"):
        settle(Config(preset="debug", device="cpu", batch_size=5, shards=2))
