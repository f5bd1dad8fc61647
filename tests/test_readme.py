"""What the README shows works."""

import re
from pathlib import Path
from typing import Any

import pytest

from trainer.agent.agent import Agent
from trainer.checkpoint import save_checkpoint
from trainer.checkpoint_header import Header
from trainer.cli import COMMANDS
from trainer.config_files import named_config

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_it_opens_with_the_picture_and_two_commands() -> None:
    assert README.startswith("![")
    blocks = re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert blocks[0].strip().endswith("python main.py")
    assert blocks[1].strip().endswith("python -m pytest")


def test_every_command_is_told() -> None:
    for name in COMMANDS:
        assert f"python main.py {name}" in README


def test_the_python_example(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = re.search(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert code is not None
    config = named_config("debug")
    agent = Agent(config.size)
    path = tmp_path / "resources" / "checkpoints" / "coinrun.safetensors"
    path.parent.mkdir(parents=True)
    save_checkpoint(path, Header("weights", config, agent.num_actions, 0, 0), agent.state_tensors())
    monkeypatch.chdir(tmp_path)
    assert "\ndreams, rewards, values = agent.imagine_future(horizon=15)" in code[1]
    names: dict[str, Any] = {}
    exec(code[1], names)
    shapes = [names[name].shape for name in ("dreams", "rewards", "values")]
    assert shapes == [(15, 64, 64, 3), (15,), (15,)] and names["dreams"].dtype == "uint8"


def test_links_lead_somewhere() -> None:
    root = Path(__file__).parent.parent
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (root / target).exists()
