"""A run that somebody else trains is followed to its newest checkpoint, without a pause in what is on show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Arrival, Reread
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.workers.run_watch import newer_weights
from tests.dream_viewer.workers.test_player_worker import Listener, started
from tests.player_support import CONFIG, SHORT_LEVEL, small_checkpoint
from trainer.checkpoint import fingerprint
from trainer.errors import UserError
from trainer.run import Run

LEVEL = LevelChoice("unseen", SHORT_LEVEL)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run.create(tmp_path / "somewhere", CONFIG)
    small_checkpoint(run.checkpoint_path(1000))
    return run


@pytest.fixture
def listener(qtbot: QtBot) -> Iterator[Listener]:
    listener = started(qtbot, watch_period=0.02)
    yield listener
    listener.worker.request_stop()
    assert listener.worker.wait_stopped(10_000)
    assert listener.failures == []


def save(run: Run, seed: int) -> Path:
    """What the other process does: a whole file under its name at once; the one before is deleted."""
    before = run.latest_checkpoint()
    whole = small_checkpoint(run.path / "whole", seed=seed)
    path = run.checkpoint_path(1000 + seed)
    whole.replace(path)
    before.unlink()
    return path


def agents(listener: Listener) -> list[Opened]:
    return [record.agent for record in listener.of(Opened)]


def test_each_checkpoint_that_is_saved_plays_on_in_the_episode_on_show(listener: Listener, run: Run) -> None:
    worker = listener.worker
    worker.open_checkpoint(run.path, LEVEL)
    for _ in range(3):
        worker.step_once()
    listener.until(lambda: len(listener.moments()) == 4)
    newest = save(run, 1)
    listener.until(lambda: len(agents(listener)) == 2)
    save(run, 2)
    listener.until(lambda: len(agents(listener)) == 3)
    first, second, third = agents(listener)
    assert [agent.env_steps for agent in (first, second, third)] == [1000, 1001, 1002]
    assert {(agent.name, agent.run, agent.training) for agent in agents(listener)} == {("somewhere", run.path, False)}
    assert [agent.handed_over for agent in agents(listener)] == [False, True, True]
    assert second.path == newest and third.generation > second.generation > first.generation
    assert third.fingerprint == fingerprint(run.latest_checkpoint())
    assert {arrival.number for arrival in listener.of(Arrival)} == {0}
    assert listener.of(Reread)[-1].generation == third.generation and len(listener.of(Reread)[-1].moments) == 4


def test_the_game_that_a_person_chose_stays(listener: Listener, run: Run) -> None:
    listener.worker.open_checkpoint(run.path, LEVEL, "hard", "coinrun")
    listener.until(lambda: listener.of(Arrival))
    save(run, 1)
    listener.until(lambda: len(agents(listener)) == 2)
    assert (agents(listener)[1].game, agents(listener)[1].difficulty) == ("coinrun", "hard")
    assert {arrival.game for arrival in listener.of(Arrival)} == {"coinrun"}


def test_it_is_followed_no_more_once_another_agent_is_open(listener: Listener, run: Run, tmp_path: Path) -> None:
    other = small_checkpoint(tmp_path / "other.safetensors", seed=5)
    listener.worker.open_checkpoint(run.path, LEVEL)
    listener.worker.open_checkpoint(tmp_path / "missing.safetensors", LEVEL)
    listener.until(lambda: listener.refusals)
    save(run, 1)
    listener.until(lambda: len(agents(listener)) == 2)
    listener.worker.open_checkpoint(other, LEVEL)
    listener.until(lambda: len(agents(listener)) == 3)
    assert agents(listener)[-1].run is None
    stale = newer_weights(run.path, other)
    assert stale is not None
    listener.worker._found(stale)
    listener.worker.step_once()
    listener.until(lambda: len(listener.of(Arrival)[-1].moments) and listener.of(Arrival)[-1].start == 1)
    assert len(agents(listener)) == 3


def test_what_cannot_be_read_is_told_once_and_tried_again(listener: Listener, run: Run, qtbot: QtBot) -> None:
    refused: list[str] = []
    listener.worker.refused.connect(refused.append)
    listener.worker.open_checkpoint(run.path, LEVEL)
    listener.until(lambda: listener.of(Arrival))
    damaged = run.checkpoint_path(1001)
    damaged.write_bytes(b"half a file")
    qtbot.waitUntil(lambda: bool(refused), timeout=10_000)
    save(run, 2)
    listener.until(lambda: len(agents(listener)) == 2)
    assert len(refused) == 1 and "step-000001001" in refused[0]


def test_only_what_is_newer_is_read(run: Run) -> None:
    assert newer_weights(run.path, run.latest_checkpoint()) is None
    weights = newer_weights(run.path, run.path / "older")
    assert weights is not None and weights.run == run.path and weights.env_steps == 1000
    with pytest.raises(UserError, match="is no run"):
        newer_weights(run.path / "gone", run.path)


def test_a_folder_that_may_not_be_looked_into_is_told_and_looked_at_again(
    listener: Listener, run: Run, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> Run:
        raise PermissionError(13, "Permission denied")

    refused: list[str] = []
    listener.worker.refused.connect(refused.append)
    listener.worker.open_checkpoint(run.path, LEVEL)
    listener.until(lambda: listener.of(Arrival))
    with monkeypatch.context() as patched:
        patched.setattr(Run, "open", refuse)
        qtbot.waitUntil(lambda: bool(refused), timeout=10_000)
    save(run, 1)
    listener.until(lambda: len(agents(listener)) == 2)
    assert "Permission denied" in refused[0]
