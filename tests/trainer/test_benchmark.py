"""The benchmark times the training run itself: its hash is that of `train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer import machine
from trainer.agent.agent import Agent
from trainer.agent.learner import PARTS
from trainer.benchmark import HASHED_UPDATES, checkpoint_hash, report_lines, run_benchmark
from trainer.config import Config
from trainer.errors import UserError
from trainer.events import Saved
from trainer.loop import TrainingLoop

CONFIG = Config(
    game="starpilot", preset="debug", num_envs=2, batch_size=2, batch_length=8, replay_gib=0.05, threads=1, seed=7
)


@pytest.fixture(scope="module")
def printed() -> list[str]:
    return []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, printed: list[str]) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("benchmark") / "report.json"
    ticks: list[tuple[int, int]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "_SIDES", {"cpu": 256})
        patch.setattr(machine, "_RATE_SECONDS", 0.0)
        run_benchmark(CONFIG, 3, path, printed.append, lambda done, total: ticks.append((done, total)))
    assert ticks == [(done, HASHED_UPDATES + 3) for done in range(1, HASHED_UPDATES + 4)]
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_the_report_has_its_keys(report: dict[str, Any]) -> None:
    train = report["train"]
    assert train["parameters"] == Agent(CONFIG.size).parameter_count
    assert train["updates_timed"] == 3
    assert 0 < train["fastest_update"] <= train["seconds_per_update"] <= train["slowest_update"]
    assert train["frames_per_second"] == pytest.approx(16 / train["seconds_per_update"])
    assert train["floor_ratio"] == pytest.approx(train["seconds_per_update"] / train["floor_seconds"])
    assert train["peak_memory_gb"] > 0
    for value in (report["env"]["steps_per_second"], report["env"]["play_steps_per_second"]):
        assert value > 0
    assert report["inference"]["frame_ms"] > 0
    assert report["imagination"]["ms"] > 0
    assert report["imagination"]["branches"] == 16
    assert report["imagination"]["horizon"] == 15
    assert isinstance(report["machine"]["busy"], bool | None)


def test_every_part_of_an_update_is_timed(report: dict[str, Any]) -> None:
    assert list(report["train"]["parts"]) == ["sample", *PARTS, "write_back"]
    assert all(seconds > 0 for seconds in report["train"]["parts"].values())


def test_the_hash_is_that_of_training(report: dict[str, Any], tmp_path: Path) -> None:
    busy = CONFIG.replace(save_every_updates=HASHED_UPDATES, log_every_updates=2, evaluate_every=0.0, total_steps=4096)
    loop = TrainingLoop(busy, tmp_path / "run")
    hashes: dict[int, str] = {}
    for event in loop.run():
        if isinstance(event, Saved):
            hashes[event.updates] = checkpoint_hash(Path(event.path))
            if event.updates >= HASHED_UPDATES:
                loop.stop()
    assert report["train"]["hash_after_5_updates"] == hashes[HASHED_UPDATES]
    assert hashes[0] != hashes[HASHED_UPDATES]


def test_people_read_the_ratio_and_the_hash(report: dict[str, Any], printed: list[str]) -> None:
    text = "\n".join(printed)
    assert f"ratio {report['train']['floor_ratio']:.2f}" in text
    assert f"at seed 7: {report['train']['hash_after_5_updates']}" in text


def test_foreign_load_is_told(report: dict[str, Any]) -> None:
    def last_line(foreign: float | None, busy: bool | None) -> str:
        return report_lines({**report, "machine": {**report["machine"], "foreign_cores": foreign, "busy": busy}})[-1]

    assert last_line(0.9, True).startswith("NOT TO BE TRUSTED: something else kept 0.9 cores busy")
    assert last_line(0.01, False) == "other load meanwhile: 0.01 cores"
    assert "does not tell" in last_line(None, None)


def test_bad_wishes_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="updates is 0"):
        run_benchmark(CONFIG, updates=0)
    with pytest.raises(UserError, match="cannot be written"):
        run_benchmark(CONFIG, json_file=tmp_path / "nowhere" / "report.json")
    with pytest.raises(UserError, match="9m"):
        run_benchmark(CONFIG.replace(preset="9m"))
