"""Peers in alternation, on made-up ones: real processes with the real server of updates."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path

import pytest
import torch

from trainer.benchmark import peers
from trainer.benchmark.peers import PEERS, TUNABLES, Peer, Variant, time_peers, variants, work_of
from trainer.config import Config
from trainer.evaluation.scores import Tick
from trainer.flops import update_flops

CONFIG = Config(
    preset="debug", batch_size=1, batch_length=2, imagination=1, device="cpu", dtype="bfloat16", threads=1, seed=3
)
GOOD = """
import os
import torch

def build(work):
    print("chatter of a library")
    made = []
    def update():
        torch.ones(1000, 500) @ torch.ones(500, 100)
        made.append(work["batch"])
        if len(made) > 4:
            raise RuntimeError("more updates than were asked for")
    return update, {"version": "1.2", "torch": "0.1", "parameters": work["size"]["deter"],
                    "differs": [os.environ.get("GLIBC_TUNABLES", "untuned")]}
"""
BAD = """
def build(work):
    raise RuntimeError("no room on the " + work["device"])
"""


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[Peer, Path]:
    shutil.copy(peers.DRIVERS / "serve.py", tmp_path)
    (tmp_path / "good_driver.py").write_text(GOOD)
    (tmp_path / "bad_driver.py").write_text(BAD)
    monkeypatch.setattr(peers, "DRIVERS", tmp_path)
    monkeypatch.setattr(peers, "variants", lambda config: [Variant("tuned", "float32", True)])
    python = Path(sys.executable)
    return {Peer("good", "good==1.2", "good_driver"): python, Peer("bad", "bad==1", "bad_driver"): python}


def test_a_peer_is_held_against_ours_and_a_broken_one_is_told(made_up: dict[Peer, Path]) -> None:
    ticks: list[Tick] = []
    good, bad = time_peers(made_up, CONFIG, rounds=2, tick=ticks.append)
    assert good["ratio"] == pytest.approx(good["seconds"] / good["our_seconds"])
    assert good["differs"] == [
        f"torch 0.1, ours {torch.__version__}",
        "computes in float32, ours in bfloat16",
        "32 parameters, ours 33,513",
        TUNABLES,
    ]
    assert good["version"] == "1.2"
    assert good["gflop"] == pytest.approx(2 * 1000 * 500 * 100 / 1e9)
    assert good["ratio_per_flop"] == pytest.approx(good["ratio"] * good["our_gflop"] / good["gflop"])
    # convolutions of 25 taps after upsampling are 9 with four times the channels: less than the reference's own
    assert 0.5 < good["our_gflop"] * 1e9 / update_flops(CONFIG.size, batch=1, length=2, imagination=1).total < 1
    assert bad == {
        "peer": "bad",
        "variant": "tuned",
        "dtype": "float32",
        "failed": "RuntimeError: no room on the cpu",
    }
    assert ticks == [Tick("good", done, 8) for done in range(1, 5)]


def test_a_peer_runs_as_it_comes_and_at_its_best() -> None:
    plain, tuned = variants(CONFIG)
    assert (plain.dtype, plain.tuned) == ("float32", False)
    assert (tuned.dtype, tuned.tuned) == ("bfloat16", True)


def test_the_work_is_plain_and_the_same() -> None:
    work = work_of(CONFIG, 15, "float32")
    assert work["size"]["mults"] == (2, 3, 4, 4)
    assert {name: work[name] for name in ("batch", "length", "imagination", "actions", "dtype")} == {
        "batch": 1,
        "length": 2,
        "imagination": 1,
        "actions": 15,
        "dtype": "float32",
    }


@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_every_peer_has_a_driver_that_needs_nothing_until_it_runs(peer: Peer) -> None:
    assert callable(importlib.import_module(f"trainer.benchmark.drivers.{peer.driver}").build)
    assert "==" in peer.requirement
