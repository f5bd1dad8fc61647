"""Files through the player's own thread: saved, opened and exported while the agent lives."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Arrival, Recalled
from dream_viewer.messages.news import Record, Working, Written
from dream_viewer.messages.orders import ExportRequest, LevelChoice
from dream_viewer.workers.player_worker import PlayerWorker
from tests.player_support import SHORT_LEVEL, small_checkpoint
from trainer.episode import Episode


def test_an_episode_is_saved_opened_and_exported_beside_the_one_being_lived(qtbot: QtBot, tmp_path: Path) -> None:
    worker = PlayerWorker(device="cpu", dtype="float32")
    records: list[Record] = []
    refused: list[str] = []
    worker.refused.connect(refused.append)

    def of(kind: type[Any]) -> list[Any]:
        news = worker.news.take()
        records.extend(() if news is None else news.records)
        return [record for record in records if isinstance(record, kind)]

    worker.start()
    worker.open_checkpoint(small_checkpoint(tmp_path / "small.safetensors"), LevelChoice("unseen", SHORT_LEVEL))
    for _ in range(5):
        worker.step_once()
    qtbot.waitUntil(lambda: sum(len(arrival.moments) for arrival in of(Arrival)) == 6, timeout=20_000)
    steps = [moment.step for arrival in of(Arrival) for moment in arrival.moments]
    first = of(Arrival)[0]
    file = tmp_path / "a.episode"
    episode = Episode(first.game, first.difficulty, first.split, first.level_seed, steps)
    worker.save_recording(file, episode)
    qtbot.waitUntil(lambda: of(Written) == [Written(file)], timeout=20_000)
    worker.open_recording(file)
    qtbot.waitUntil(lambda: bool(of(Recalled)), timeout=20_000)
    recalled = of(Recalled)[0].arrival
    assert [moment.step.action for moment in recalled.moments] == [step.action for step in steps]
    film = tmp_path / "a.mp4"
    worker.export(ExportRequest(film, recalled, 0, 3, of(Opened)[0].agent))
    qtbot.waitUntil(lambda: of(Written)[-1] == Written(film), timeout=20_000)
    told = {kind: [work.done for work in of(Working) if work.kind == kind] for kind in ("export", "recording")}
    assert told == {"export": [0, 1, 2, 3, 4, 5, 6, 6], "recording": [4, 6, 6]} and film.exists()
    assert worker.news.take() is None and all(work.total == 6 for work in of(Working))
    worker.open_recording(film)
    qtbot.waitUntil(lambda: bool(refused), timeout=20_000)
    asked = threading.Event()

    def held_up() -> None:
        assert asked.wait(20)

    worker._commands.put(held_up)
    worker.save_recording(tmp_path / "last.episode", episode)
    worker.request_stop()
    asked.set()
    assert worker.wait_stopped(10_000)
    assert len(refused) == 1 and "a.mp4" in refused[0]
    assert (tmp_path / "last.episode").exists(), "what was asked for before the end is saved"
