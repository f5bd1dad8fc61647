"""The model card of a real checkpoint, made from a real report."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainer.agent.agent import Agent
from trainer.checkpoint import save_checkpoint
from trainer.checkpoint_header import Header
from trainer.config import Config, read_config
from trainer.config_files import game_config
from trainer.envs.procgen import ProcgenVector
from trainer.errors import UserError
from trainer.evaluation.report import evaluate_checkpoint
from trainer.evaluation.scores import AgentPolicy, open_levels
from trainer.model_card import PICTURE_STEPS, belief_picture, command, main

CONFIG = Config(game="starpilot", preset="debug", batch_size=16, lr=2e-4, total_steps=2_000_000)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("card") / "starpilot.safetensors"
    header = Header("weights", CONFIG, 15, 1_234_560, 9_876, skipped=1, elapsed=5400.0, provenance={"torch": "2.13.0"})
    save_checkpoint(path, header, Agent(CONFIG.size).state_tensors())
    return path


@pytest.fixture(scope="module")
def report_file(checkpoint: Path) -> Path:
    path = checkpoint.with_name("report.json")
    evaluate_checkpoint(checkpoint, episodes=3, json_file=path, dtype="float32", say=lambda line: None)
    return path


@pytest.fixture(scope="module")
def card(checkpoint: Path, report_file: Path) -> str:
    assert main([str(checkpoint), str(report_file)]) == 0
    return checkpoint.with_suffix(".md").read_text()


def test_the_card_tells_how_it_was_made(card: str, tmp_path: Path) -> None:
    assert command(CONFIG, 1_234_560) in card
    assert "| environment steps | 1,234,560 |" in card
    assert "| updates | 9,876 (batch 16 x 64, 1 refused) |" in card
    assert "1:30:00 on the training loop's own clock" in card
    settings = tmp_path / "settings.yaml"
    settings.write_text(card.partition("```yaml\n")[2].partition("```")[0])
    assert read_config(settings) == CONFIG


def test_the_command_gives_the_settings_back() -> None:
    words = shlex.split(command(CONFIG, 500))
    assert words[:3] == ["python", "main.py", "train"]
    flags = dict(zip(words[3::2], words[4::2], strict=True))
    assert flags.pop("--game") == CONFIG.game
    changes = {name.removeprefix("--"): text for name, text in flags.items()}
    usual = game_config(CONFIG.game)
    typed = {name: type(getattr(CONFIG, name))(text) for name, text in changes.items()}
    assert usual.replace(**typed) == CONFIG.replace(total_steps=500)


def test_the_card_holds_scores_and_decibels(card: str, report_file: Path) -> None:
    report = json.loads(report_file.read_text())
    for name in ("train", "unseen"):
        own, random = report[name], report["random"][name]
        wanted = f"| {name} | {own['mean_return']:.2f} ± {own['stderr']:.2f} | {random['mean_return']:.2f} ± "
        assert wanted in card
    for table in (report["dream"], report["dream"]["moving"]):
        assert f"| 15 | {table['psnr'][14]:.2f} ± " in card
        assert "starts of one episode" in card


def test_the_picture_is_beside_the_card(card: str, checkpoint: Path) -> None:
    assert "(starpilot.png)" in card
    with Image.open(checkpoint.with_suffix(".png")) as image:
        assert image.size == (8 * 132 + 4, 3 * 260 + 4)


def test_the_picture_shows_fixed_steps_of_the_first_test_levels() -> None:
    agent = Agent(CONFIG.size)
    picture = belief_picture(agent, "starpilot", "easy")
    env = ProcgenVector("starpilot", "easy", first_level=10_002, num_levels=1)
    first = env.current().frame[0]
    env.close()

    def cell(row: int, column: int) -> np.ndarray:
        top, left = 4 + row * 260, 4 + column * 132
        return picture[top : top + 256 : 2, left : left + 128 : 2]

    def followed(column: int) -> list[np.ndarray]:
        seeds = list(range(10_000, 10_008))
        env = open_levels("starpilot", "easy", seeds)
        policy = AgentPolicy(agent, 8, 0)
        shown, cells, ended = env.current(), [], False
        for step in range(max(PICTURE_STEPS) + 1):
            actions = policy.act(shown)
            if not ended:
                last = np.concatenate([shown.frame[column], agent.decode(policy.latent)[column]])
            if step in PICTURE_STEPS:
                cells.append(last)
            shown = env.step(actions)
            ended = ended or bool(shown.is_first[column])
        env.close()
        return cells

    for column in (0, 2, 7):
        for row, wanted in enumerate(followed(column)):
            assert np.array_equal(cell(row, column), wanted)
    assert not np.array_equal(cell(0, 2)[:64], first)


def test_a_report_on_another_checkpoint_is_refused(
    checkpoint: Path, report_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**json.loads(report_file.read_text()), "updates": 1}))
    assert main([str(checkpoint), str(other)]) == 2
    assert "is about another checkpoint" in capsys.readouterr().err
    other.write_text("{}")
    with pytest.raises(UserError, match="not a whole report"):
        from trainer.model_card import write_model_card

        write_model_card(checkpoint, other)
    assert main([str(checkpoint), str(tmp_path / "none.json")]) == 2
    assert "no readable report" in capsys.readouterr().err
