"""A reader goes through an episode once, in parts small enough for others to get a turn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.player_support import result_of, same_reading, small_agent
from trainer.agent.agent import PICTURES_TOGETHER, Agent
from trainer.reader import READ_TOGETHER, Glance, Reader


def glances(count: int) -> list[Glance]:
    frames = np.random.default_rng(0).integers(0, 256, (count, 64, 64, 3), np.uint8)
    return [Glance(frame, None if i == 0 else i % 15) for i, frame in enumerate(frames)]


class Counted:
    """Counts how many pictures each call of `decode` drew."""

    def __init__(self, agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
        self.batches: list[int] = []
        decode = agent.decode

        def counted(latent: Any) -> Any:
            self.batches.append(len(latent.deter))
            return decode(latent)

        monkeypatch.setattr(agent, "decode", counted)


def test_belief_and_dream_are_decoded_in_one_call(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = small_agent()
    counted, reader = Counted(agent, monkeypatch), Reader(agent, 0, 0)
    for glance in glances(4):
        reader.look(glance, 3)
    assert counted.batches == [1, 2, 2, 1], "where the model looks, its belief is the dream"


def test_frames_read_together_are_read_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = small_agent()
    one, many = Reader(agent, 0, 0), Reader(agent, 0, 0)
    alone = [one.look(glance, 3) for glance in glances(READ_TOGETHER)]
    counted = Counted(agent, monkeypatch)
    job, turns = many.looking(glances(READ_TOGETHER), 3), 0
    while True:
        try:
            next(job)
            turns += 1
        except StopIteration as end:
            together = end.value
            break
    for a, b in zip(alone, together, strict=True):
        assert same_reading(a.reading, b.reading)
        assert a.blind is not None and b.blind is not None and a.blind.age == b.blind.age
        assert np.abs(a.blind.frame.astype(int) - b.blind.frame).max() <= 1
    assert turns == 1 + READ_TOGETHER + 1, "after encoding, each step of the recurrence, and decoding"
    assert max(counted.batches) <= PICTURES_TOGETHER


def test_a_dream_along_reality_begins_at_a_look_after_a_change() -> None:
    reader = Reader(small_agent(), 0, 0)
    ages = []
    for i, glance in enumerate(glances(8)):
        blind = reader.look(glance, 3 if i < 4 else 2).blind
        ages.append(None if blind is None else blind.age)
    assert ages == [0, 1, 2, 0, 0, 1, 0, 1]
    reader = Reader(small_agent(), 0, 0)
    reader.look(glances(1)[0], None)
    assert reader.look(glances(2)[1], 4).blind is None


def test_a_dream_gives_turns_after_every_step_and_every_few_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    agent = small_agent()
    agent.read(agent.initial(1), 0, glances(1)[0].frame, True, torch.Generator())
    counted = Counted(agent, monkeypatch)
    turns = sum(1 for _ in agent.dream_steps(6, branches=3))
    assert counted.batches == [8, 8, 2] and turns == 6 + 1 + 3
    assert result_of(agent.dream_steps(6, branches=3)).frames.shape == (3, 6, 64, 64, 3)
    single = result_of(agent.dream_steps(6, branches=3, pictures=False))
    assert np.array_equal(single.values, result_of(agent.dream_steps(6, branches=3)).values)
