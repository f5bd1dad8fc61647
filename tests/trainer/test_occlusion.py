"""Where value and choice come from: of a judge that is known, and of the bundled agent."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.player_support import result_of, small_agent
from trainer import occlusion
from trainer.agent.agent import Agent
from trainer.checkpoint import load_agent
from trainer.episode import Reading
from trainer.player import Player
from trainer.saliency import blurred, covered, spread


class LinearJudge(torch.nn.Module):
    """Likes what is bright around (20, 12) and dislikes what is bright around (44, 50); chooses by the latter alone."""

    def __init__(self, agent: Agent) -> None:
        super().__init__()

    def forward(self, frames: torch.Tensor, deter: torch.Tensor, action: int) -> torch.Tensor:
        light = frames.float().mean(-1) / 255
        good, bad = light[:, 18:23, 10:15].mean((1, 2)), light[:, 42:47, 48:53].mean((1, 2))
        return torch.stack([good - bad, -bad], -1)


def reading_of(agent: Agent, frame: np.ndarray) -> Reading:
    return agent.read(agent.initial(1), 0, frame, True, torch.Generator().manual_seed(0))[1]


def test_of_a_linear_value_the_map_shows_its_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(occlusion, "_Judge", LinearJudge)
    frame = np.zeros((64, 64, 3), np.uint8)
    for y, x in ((20, 12), (44, 50), (30, 30)):
        frame[y - 2 : y + 3, x - 2 : x + 3] = 200
    agent = small_agent()
    found = result_of(occlusion.saliency(agent, reading_of(agent, frame), frame, 3))
    value, choice = spread(found.value), spread(found.choice)
    for picture, place, sign in ((value, (20, 12), 1), (value, (44, 50), -1), (choice, (44, 50), -1)):
        there = np.unravel_index((sign * picture).argmax(), picture.shape)
        assert np.abs(np.array(there) - place).max() <= 3
        assert sign * picture[there] > 0.1
    assert np.abs(value[26:35, 26:35]).max() < 0.01, "what it does not look at has no part in it"
    assert choice.max() < 0.01
    spot = int(found.value.argmax())
    seen = np.concatenate([frame[None], covered(frame, blurred(frame), spot, spot + 1)])
    whole, less = LinearJudge(agent)(torch.from_numpy(seen), torch.zeros(1), 3)[:, 0].tolist()
    assert found.value[spot] == pytest.approx(whole - less), "what it says of a spot is what blurring that one does"


def test_weights_of_any_precision_are_judged_alike_and_stay_as_they_were() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    agent = small_agent()
    reading = reading_of(agent, frame)
    before = agent.named_parameters()["val/head/logits/kernel"]
    exact = result_of(occlusion.saliency(agent, reading, frame, 3))
    agent.to(torch.bfloat16)
    rounded = result_of(occlusion.saliency(agent, reading, frame, 3))
    after = agent.named_parameters()["val/head/logits/kernel"]
    assert after is before and after.dtype == torch.bfloat16
    largest = np.abs(exact.value).max()
    assert largest > 0
    assert rounded.value == pytest.approx(exact.value, abs=0.2 * largest)


def test_the_bundled_agent_hopes_for_the_coin_it_sees() -> None:
    checkpoint = files("resources").joinpath("checkpoints").joinpath("coinrun.safetensors")
    player = Player(load_agent(Path(str(checkpoint)), torch.device("cpu"), torch.float32, 1), "coinrun", "easy")
    player.new_level("unseen", 10_000)
    while len(player.moments) <= 8:
        player.advance()
    moment = player.moments[-1]
    gold = np.abs(moment.step.frame.astype(int) - (235, 200, 20)).sum(-1) < 90
    assert moment.reading is not None and 0 < gold.sum() < 12
    found = result_of(occlusion.saliency(player.agent, moment.reading, moment.step.frame, 7))
    player.close()
    value = spread(found.value)
    peak = np.unravel_index(value.argmax(), value.shape)
    coin = np.argwhere(gold).mean(0)
    assert np.abs(np.array(peak) - coin).max() <= 6
    assert value.max() > 0.02
