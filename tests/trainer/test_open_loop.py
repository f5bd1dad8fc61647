"""Dream horizons on dreams made by hand, whose first flaw is known, and on a real model's draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from tests.player_support import result_of
from trainer.agent.agent import Agent
from trainer.config import SIZES
from trainer.episode import Reading, Step, frozen
from trainer.horizons import LIMIT, Flaw, Horizons
from trainer.open_loop import STARTS_TOGETHER, horizons
from trainer.world_model.rssm import Latent


def steps_of(length: int, outcome_reward: float = 10.0, timeout: bool = False) -> list[Step]:
    """An episode whose frame t is filled with shade t; its last step is an end step."""
    frames = [frozen(np.full((64, 64, 3), t, np.uint8)) for t in range(length - 1)]
    steps = [Step(frame, 0.0, t % 15, t == 0, False, False, 1) for t, frame in enumerate(frames)]
    return [*steps, Step(frames[-1], outcome_reward, None, False, True, not timeout, 1)]


def reading_of(index: int) -> Reading:
    """A Reading whose deter holds the Step's index, as often as a model is wide."""
    nothing = frozen(np.zeros((64, 64, 3), np.uint8))
    deter = frozen(np.full(SIZES["debug"].deter, index, np.float32))
    stoch = frozen(np.zeros(SIZES["debug"].stoch, np.uint8))
    return Reading(0, deter, stoch, nothing, 0.0, frozen(np.ones(15, np.float32) / 15), 1.0, None)


class Dreamer(Agent):
    """Knows the episode by heart but for what it gets wrong: {index of a Step: flaw}. Its state is the index."""

    def __init__(self, steps: Sequence[Step], wrong: dict[int, Flaw]) -> None:
        super().__init__(SIZES["debug"])
        self.steps, self.wrong = steps, wrong
        self.advanced = 0

    def imagine_step(self, latent: Latent, action: torch.Tensor, noise: torch.Tensor) -> Latent:
        self.advanced += len(action)
        assert action.tolist() == [self.steps[int(index)].action for index in latent.deter[:, 0]]
        return Latent(latent.deter + 1, latent.stoch)

    def expected(self, latents: Sequence[Latent]) -> tuple[NDArray[np.float32], ...]:
        (latent,) = latents
        told = []
        for index in latent.deter[:, 0].long().tolist():
            step, flaw = self.steps[index], self.wrong.get(index)
            reward = step.reward + (0.51 if flaw == "reward" else 0.49)
            ends = 0.51 if flaw == "end" else 0.49
            told.append((reward, 1 - ends if not step.is_terminal else ends, 0.0))
        return tuple(np.array(told, np.float32).T[:, :, None])

    def decode(self, latent: Latent) -> NDArray[np.uint8]:
        off = [27 if self.wrong.get(int(i)) == "picture" else 24 for i in latent.deter[:, 0]]
        shade = latent.deter[:, 0].numpy() + np.array(off)  # 10 % are 25.5 levels
        return np.broadcast_to(shade.astype(np.uint8)[:, None, None, None], (len(off), 64, 64, 3)).copy()


def horizons_of(agent: Agent, steps: Sequence[Step], starts: Sequence[int]) -> Horizons:
    return result_of(horizons(agent, 0, 3, steps, starts, [reading_of(start) for start in starts]))


def test_a_dream_holds_until_the_first_frame_that_is_off() -> None:
    steps = steps_of(90)
    wrong: dict[int, Flaw] = {20: "picture", 22: "reward", 40: "end", 89: "reward"}
    starts = list(range(89))
    found = horizons_of(Dreamer(steps, wrong), steps, starts)
    assert found.starts.tolist() == starts
    for start, frames, flaw in zip(starts, found.frames.tolist(), found.flaws, strict=True):
        first = min(index for index in wrong if index > start)
        if first - start <= LIMIT:
            assert (frames, flaw) == (first - start - 1, wrong[first])
        else:
            assert (frames, flaw) == (LIMIT, None)


def test_an_end_that_was_foreseen_breaks_nothing_and_nothing_is_dreamt_beyond_a_flaw() -> None:
    steps = steps_of(10)
    found = horizons_of(Dreamer(steps, {}), steps, range(9))
    assert found.frames.tolist() == [9, 8, 7, 6, 5, 4, 3, 2, 1]
    assert set(found.flaws) == {None}

    agent = Dreamer(steps, {3: "picture"})
    assert horizons_of(agent, steps, [0, 1, 2]).frames.tolist() == [2, 1, 0]
    assert agent.advanced == 3 + 2 + 1


def test_of_a_time_out_a_dream_need_not_know() -> None:
    steps = steps_of(10, outcome_reward=0.0, timeout=True)
    assert horizons_of(Dreamer(steps, {}), steps, [0]).flaws == (None,)


class Gambler(Agent):
    """The real recurrence; it pays where a drawn class says so, so that a horizon hangs on the draws alone."""

    def expected(self, latents: Sequence[Latent]) -> tuple[NDArray[np.float32], ...]:
        pays = (latents[0].stoch[:, 0] == 0).float().numpy()[:, None]
        return pays, np.ones_like(pays), pays

    def decode(self, latent: Latent) -> NDArray[np.uint8]:
        return np.zeros((len(latent.deter), 64, 64, 3), np.uint8)


def test_a_start_dreams_the_same_whatever_starts_are_beside_it() -> None:
    steps = [replace(step, frame=frozen(np.zeros((64, 64, 3), np.uint8))) for step in steps_of(60)]
    starts = list(range(STARTS_TOGETHER + 4))
    agent = Gambler(SIZES["debug"])
    together = horizons_of(agent, steps, starts)
    alone = [horizons_of(agent, steps, [start]) for start in starts]
    assert together.frames.tolist() == [int(found.frames[0]) for found in alone]
    assert len(set(together.frames.tolist())) > 3, "the draws differ from start to start"
