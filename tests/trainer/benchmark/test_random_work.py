"""Updates on random data are updates: they train, and the same seed gives the same ones."""

from __future__ import annotations

import pytest
import torch

from trainer.benchmark.random_work import RandomWork
from trainer.config import Config

CONFIG = Config(preset="debug", batch_size=2, batch_length=3, imagination=2, device="cpu", threads=1, warmup=0)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_an_update_trains(dtype: str) -> None:
    first, second = RandomWork(CONFIG.replace(dtype=dtype)), RandomWork(CONFIG.replace(dtype=dtype))
    before = first.agent.state_tensors()
    for work in (first, second):
        assert work.update() > 0
        assert work.update() > 0
    after, again = first.agent.state_tensors(), second.agent.state_tensors()
    assert any(not torch.equal(after[name], before[name]) for name in before)
    assert all(torch.equal(after[name], again[name]) for name in after)
