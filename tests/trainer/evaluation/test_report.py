"""The report of a real agent on a real game, and `main.py evaluate` as a function."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.checkpoint import save_checkpoint
from trainer.checkpoint_header import Header
from trainer.config import Config
from trainer.envs.protocol import StepBatch
from trainer.errors import UserError
from trainer.evaluation.faithfulness import HORIZON, STARTS, WindowSampler
from trainer.evaluation.report import _watched, drive, evaluate, evaluate_checkpoint, training_scores
from trainer.evaluation.scores import Tick
from trainer.world_model.rssm import Latent

CONFIG = Config(game="starpilot", preset="debug", evaluate_episodes=4)


@pytest.fixture(scope="module")
def agent() -> Agent:
    return Agent(CONFIG.size)


@pytest.fixture(scope="module")
def checkpoint(agent: Agent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint") / "agent.safetensors"
    header = Header("weights", CONFIG, agent.num_actions, env_steps=0, updates=0)
    save_checkpoint(path, header, agent.state_tensors())
    return path


@pytest.fixture(scope="module")
def printed() -> list[str]:
    return []


@pytest.fixture(scope="module")
def report(checkpoint: Path, printed: list[str]) -> dict[str, Any]:
    path = checkpoint.with_name("report.json")
    ticks: list[Tick] = []
    evaluate_checkpoint(checkpoint, episodes=6, json_file=path, dtype="float32", say=printed.append, tick=ticks.append)
    assert {tick.what for tick in ticks} == {"train levels", "random policy", "test levels", "dreams"}
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_the_report_has_its_keys(report: dict[str, Any]) -> None:
    for name in ("train", "unseen", "random"):
        assert math.isfinite(report[name]["mean_return"])
        assert report[name]["stderr"] >= 0
    assert report["train"]["level_seeds"] == list(range(6))
    assert report["unseen"]["level_seeds"] == list(range(10_000, 10_006))
    assert report["random"]["train"]["level_seeds"] == report["train"]["level_seeds"]
    assert report["random"]["unseen"]["level_seeds"] == report["unseen"]["level_seeds"]
    assert report["random"]["episodes"] == 12


def test_the_report_holds_enough_starts_whatever_the_episodes(report: dict[str, Any]) -> None:
    dream = report["dream"]
    assert dream["starts"] == STARTS >= 500
    for table in (dream, dream["moving"]):
        for name in ("psnr", "frozen_psnr", "belief_psnr", "minus_frozen", "minus_belief"):
            assert len(table[name]) == len(table[f"{name}_stderr"]) == HORIZON
    assert dream["moving"]["starts"] > 400
    difference = [a - b for a, b in zip(dream["psnr"], dream["frozen_psnr"], strict=True)]
    assert dream["minus_frozen"] == pytest.approx(difference)


class Watcher(WindowSampler):
    """Keeps all that it sees."""

    def __init__(self) -> None:
        self.seen: list[tuple[StepBatch, Tensor, Latent]] = []
        super().__init__()

    def see(self, shown: StepBatch, actions: NDArray[np.int32], latent: Latent, counted: NDArray[np.bool_]) -> None:
        self.seen.append((shown, torch.from_numpy(actions).long(), latent))


def test_a_start_comes_with_the_belief_of_its_own_frame(agent: Agent) -> None:
    watcher = Watcher()
    drive(_watched(agent, "bossfight", "easy", [10_000, 10_001], watcher, seed=0))
    world = agent.world_model.dyn
    assert len(watcher.seen) > 10
    for (_, action, now), (shown, _, after) in pairwise(watcher.seen):
        keep = torch.from_numpy(~shown.is_first).float()
        taken = world.embed_action(world.action_vector(action, keep))
        expected = world.step(now.deter * keep[:, None], world.onehot(now.stoch) * keep[:, None], taken)
        torch.testing.assert_close(after.deter, expected)


def test_people_are_told_the_levels_and_the_scores(report: dict[str, Any], printed: list[str]) -> None:
    text = "\n".join(printed)
    assert "train levels, one episode each: seeds 0-5" in text
    assert "unseen levels, one episode each: seeds 10000-10005" in text
    assert f"{report['unseen']['mean_return']:.2f} ±" in text
    assert f"{report['dream']['psnr'][14]:.2f} ±" in text


def test_a_report_repeats_to_the_bit(agent: Agent) -> None:
    reports = [drive(evaluate(agent, "starpilot", "easy", 2, "train")) for _ in range(2)]
    assert reports[0] == reports[1]
    assert "unseen" not in reports[0]
    assert "dream" not in reports[0]


def test_curves_never_see_test_levels(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    import trainer.evaluation.scores as scores

    opened: list[int] = []
    real = scores.open_levels

    def watched(game: str, difficulty: Any, seeds: list[int]) -> Any:
        opened.extend(seeds)
        return real(game, difficulty, seeds)

    monkeypatch.setattr(scores, "open_levels", watched)
    values = drive(training_scores(agent, CONFIG))
    assert opened == [0, 1, 2, 3, 200, 201, 202, 203, 200, 201, 202, 203]
    assert {"train.mean_return", "validation.mean_return", "random.mean_return", "validation.stderr"} <= set(values)


def test_nothing_is_played_for_a_file_that_cannot_be_written(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        evaluate_checkpoint(checkpoint, json_file=tmp_path / "nowhere" / "report.json", tick=_never)
    with pytest.raises(UserError, match="is not a file"):
        evaluate_checkpoint(checkpoint, json_file=tmp_path, tick=_never)


def test_no_episodes_are_no_evaluation(checkpoint: Path) -> None:
    with pytest.raises(UserError, match="episodes is 0"):
        evaluate_checkpoint(checkpoint, episodes=0, tick=_never)


def _never(tick: Tick) -> None:
    pytest.fail("something was played")
