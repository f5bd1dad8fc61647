"""Recordings through the player's thread, on a real game with a real agent of the smallest size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dream_viewer.messages.lived import Recalled
from dream_viewer.messages.news import News, Record, Working, Written
from dream_viewer.workers import file_desk
from dream_viewer.workers.file_desk import FileDesk
from tests.player_support import SHORT_GAME, SHORT_LEVEL, small_agent
from trainer.player import Player
from trainer.recording import Recording, save_recording


class Heard:
    """A desk, and what it said."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.refusals: list[str] = []
        self.desk = FileDesk(self._tell, self.refusals.append)

    def _tell(self, news: News) -> None:
        self.records += news.records

    def work(self) -> None:
        while self.desk.turn():
            pass


def a_player(steps: int = 6) -> Player:
    player = Player(small_agent(generation=3), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    for _ in range(steps - 1):
        player.advance()
    return player


def test_an_episode_is_saved_and_comes_back_with_readings(tmp_path: Path) -> None:
    heard, player, file = Heard(), a_player(), tmp_path / "a.episode"
    heard.desk.save_recording(file, player.episode)
    heard.work()
    assert heard.records == [Written(file)]
    for _ in range(2):
        heard.desk.open_recording(player, file)
        heard.work()
    first, second = (record for record in heard.records if isinstance(record, Recalled))
    assert first.differs == "" and (first.arrival.number, second.arrival.number) == (-2, -3)
    assert first.arrival.generation == 3 and first.arrival.outcome is None
    for now, then in zip(first.arrival.moments, player.moments, strict=True):
        assert np.array_equal(now.step.frame, then.step.frame) and now.reading is not None
    assert player.number == 0 and len(player.moments) == 6, "the episode being lived is left alone"
    player.close()


def test_what_cannot_be_done_is_said_in_a_sentence(tmp_path: Path) -> None:
    heard, player = Heard(), a_player(2)
    heard.desk.save_recording(tmp_path / "missing" / "a.episode", player.episode)
    broken = tmp_path / "b.episode"
    broken.write_text("{")
    heard.desk.open_recording(player, broken)
    heard.work()
    assert heard.records == [] and len(heard.refusals) == 2
    assert "cannot be written" in heard.refusals[0] and "no recording" in heard.refusals[1]
    player.close()


def test_two_files_asked_for_at_once_are_both_written_even_at_the_end(tmp_path: Path) -> None:
    heard, player = Heard(), a_player(40)
    files = [tmp_path / "a.episode", tmp_path / "b.episode"]
    for file in files:
        heard.desk.save_recording(file, player.episode)
    heard.desk.open_recording(player, files[0])
    heard.desk.finish()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.episode", "b.episode"]
    assert not heard.desk.turn() and not any(isinstance(record, Recalled) for record in heard.records)
    player.close()


def test_what_goes_wrong_with_one_file_at_the_end_leaves_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def saving(path: Path, recording: Recording) -> None:
        if path.name == "a.episode":
            raise RuntimeError("unforeseen")
        save_recording(path, recording)

    monkeypatch.setattr(file_desk, "save_recording", saving)
    heard, player = Heard(), a_player(2)
    for name in ("a.episode", "b.episode"):
        heard.desk.save_recording(tmp_path / name, player.episode)
    with pytest.raises(RuntimeError, match="unforeseen"):
        heard.desk.finish()
    assert [path.name for path in tmp_path.iterdir()] == ["b.episode"]
    player.close()


def test_a_recording_tells_how_far_it_is_read_and_can_be_given_up(tmp_path: Path) -> None:
    heard, player, file = Heard(), a_player(12), tmp_path / "a.episode"
    heard.desk.save_recording(file, player.episode)
    heard.work()
    heard.records.clear()
    heard.desk.open_recording(player, file)
    while not heard.records:
        assert heard.desk.turn()
    heard.desk.cancel_recording()
    assert not heard.desk.turn() and heard.refusals == []
    assert heard.records == [Working("recording", "a.episode", 4, 12), Working("recording", "a.episode", 12, 12)]
    player.close()
