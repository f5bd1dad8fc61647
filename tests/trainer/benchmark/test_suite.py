"""The benchmark times the training run itself: its hash is that of `train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer import machine
from trainer.agent.agent import Agent
from trainer.agent.parts import PARTS
from trainer.benchmark import HASHED_UPDATES, checkpoint_hash, report_lines, run_benchmark
from trainer.benchmark.updates import OVERHEAD
from trainer.config import Config
from trainer.errors import UserError
from trainer.evaluation.scores import Tick
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
    ticks: list[Tick] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "_SIDES", {"cpu": 256})
        patch.setattr(machine, "_COPIED", {"cpu": 2**16})
        patch.setattr(machine, "_RATE_SECONDS", 0.0)
        run_benchmark(CONFIG, 3, path, say=printed.append, tick=ticks.append)
    made = [tick for tick in ticks if tick.what == "updates"]
    assert made == [Tick("updates", done, HASHED_UPDATES + 3) for done in range(1, HASHED_UPDATES + 4)]
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def test_the_report_has_its_keys(report: dict[str, Any]) -> None:
    train = report["train"]
    assert train["parameters"] == Agent(CONFIG.size).parameter_count
    assert train["updates_timed"] == 3
    assert 0 < train["fastest_update"] <= train["seconds_per_update"] <= train["slowest_update"]
    assert train["frames_per_second"] == pytest.approx(16 / train["seconds_per_update"])
    assert train["floor_ratio"] == pytest.approx(train["seconds_per_update"] / train["floor_seconds"])
    assert train["traffic_ratio"] == pytest.approx(train["seconds_per_update"] / train["traffic_seconds"])
    assert train["update_gb"] > 0
    assert train["peak_memory_gb"] > 0
    for value in (*report["env"].values(), *report["replay"].values(), *report["start"].values()):
        assert value > 0
    assert report["inference"]["frame_ms"] > 0
    assert report["imagination"]["ms"] > 0
    assert report["imagination"]["branches"] == 16
    assert report["imagination"]["horizon"] == 15
    assert report["settings"]["preset"] == "debug"
    assert report["settings"]["dtype"] in ("float32", "bfloat16")
    assert isinstance(report["machine"]["busy"], bool | None)
    assert "growth" not in report
    assert "peers" not in report


def test_every_part_of_training_is_timed(report: dict[str, Any]) -> None:
    train = report["train"]
    assert list(train["parts"]) == ["collect", "sample", *PARTS, "write_back", "log"]
    assert all(seconds > 0 for seconds in train["parts"].values())
    assert sum(train["shares"].values()) == pytest.approx(1)
    assert train["overhead_share"] == pytest.approx(sum(train["shares"][name] for name in OVERHEAD))


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
    def last_line(foreign: float | None) -> str:
        return report_lines({**report, "machine": {**report["machine"], "foreign_cores": foreign}})[-1]

    assert last_line(0.9).startswith("NOT TO BE TRUSTED: something else kept 0.9 cores busy")
    assert last_line(0.01) == "other load meanwhile: 0.01 cores"
    assert "does not tell" in last_line(None)


def test_growth_is_a_table_for_people(report: dict[str, Any]) -> None:
    rows = [{"value": value, "seconds": 0.5, "frames_per_second": 32.0, "floor_ratio": 3.0} for value in (1, 2)]
    lines = report_lines({**report, "growth": {"batch_size": rows}})
    assert [line.split() for line in lines[-4:-1]] == [
        ["batch_size", "s/update", "frames/s", "to", "floor"],
        ["1", "0.500", "32", "3.00"],
        ["2", "0.500", "32", "3.00"],
    ]


def test_a_peer_is_told_with_what_differs(report: dict[str, Any]) -> None:
    timed = {
        "peer": "theirs",
        "variant": "tuned",
        "dtype": "float32",
        "version": "1.2",
        "seconds": 6.0,
        "our_seconds": 1.5,
        "ratio": 4.0,
        "gflop": 300.0,
        "our_gflop": 1050.0,
        "ratio_per_flop": 14.0,
        "peak_memory_gb": None,
        "foreign_cores": 0.8,
        "differs": ["older model", "no latents"],
    }
    failed = {"peer": "others", "variant": "as it comes", "dtype": "float32", "failed": "ImportError: gone"}
    first, differs, gave_up = report_lines({**report, "peers": [timed, failed]})[-4:-1]
    assert "ours is 4.00x as fast; 300 GFLOP an update, ours 1,050: 14.00x as fast for the same arithmetic" in first
    assert "NOT TO BE TRUSTED" in first
    assert differs.strip() == "differs: older model; no latents"
    assert gave_up == "others as it comes (float32): gave up (ImportError: gone)"


def test_bad_wishes_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="updates is 0"):
        run_benchmark(CONFIG, updates=0)
    with pytest.raises(UserError, match="cannot be written"):
        run_benchmark(CONFIG, json_file=tmp_path / "nowhere" / "report.json")
    with pytest.raises(UserError, match=r"ends in \.png"):
        run_benchmark(CONFIG, plot_file=tmp_path / "plot.pdf")
    with pytest.raises(UserError, match="9m"):
        run_benchmark(CONFIG.replace(preset="9m"))
