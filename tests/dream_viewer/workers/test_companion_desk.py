"""A second agent beside the player: opened, refused, asked, given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.companion import CompanionDreamt, CompanionOpened, CompanionRead, CompanionRefused
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.news import News, Record
from dream_viewer.workers.agent_source import AgentSource
from dream_viewer.workers.companion_desk import CompanionDesk
from tests.player_support import CONFIG, SHORT_GAME, SHORT_LEVEL, small_agent, small_checkpoint
from trainer.episode import Episode
from trainer.player import Player


class Desk:
    """A desk whose news are kept, and the agent that plays beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.told = folder, list[Record]()
        self.source = AgentSource("cpu", "float32")
        self._soon: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.desk = CompanionDesk(self.source, 0, self._tell, self._soon.put)
        self.playing: AgentInfo = self.source.open(small_checkpoint(folder / "playing.safetensors"), None, None).info

    def _tell(self, news: News) -> None:
        self.told += news.records

    def open(self, path: Path) -> Record:
        self.desk.open(path, self.playing)
        self.loaded()
        return self.told[-1]

    def loaded(self) -> None:
        """Wait for a checkpoint to be loaded, and take it."""
        self._soon.get(timeout=20)()

    def work(self) -> None:
        while self.desk.turn():
            pass

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.told if isinstance(record, kind)]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.desk.finish()


@pytest.fixture
def episode() -> Episode:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    for _ in range(5):
        player.advance()
    player.close()
    return player.episode


def test_it_reads_an_episode_and_on_and_dreams_from_what_it_read(desk: Desk, episode: Episode) -> None:
    opened = desk.open(small_checkpoint(desk.folder / "other.safetensors", seed=1))
    assert isinstance(opened, CompanionOpened) and opened.agent.name == "other"
    generation = opened.agent.generation
    assert generation != desk.playing.generation
    part = Episode(episode.game, episode.difficulty, episode.split, episode.level_seed, episode.steps[:3])
    desk.desk.read(7, part, None)
    desk.work()
    part.steps += episode.steps[3:]
    desk.desk.read(7, part, None)
    desk.work()
    pieces = desk.of(CompanionRead)
    assert [(piece.number, piece.start, len(piece.moments)) for piece in pieces] == [(7, 0, 3), (7, 3, 3)]
    moments = [moment for piece in pieces for moment in piece.moments]
    assert [moment.step for moment in moments] == episode.steps
    assert {moment.reading.generation for moment in moments} == {generation}

    key = FutureKey(7, 4, generation, 3, 0)
    desk.desk.future(key, moments[4], None)
    desk.desk.read(8, part, 2)
    desk.work()
    (dreamt,) = desk.of(CompanionDreamt)
    assert dreamt.future.key == key and dreamt.future.dream.frames.shape == (1, 3, 64, 64, 3)
    assert [(piece.number, piece.start) for piece in desk.of(CompanionRead)[2:]] == [(8, 0), (8, 4)]


def test_what_other_weights_read_it_does_not_dream_from(desk: Desk, episode: Episode) -> None:
    desk.open(small_checkpoint(desk.folder / "other.safetensors", seed=1))
    desk.desk.read(7, episode, None)
    desk.work()
    stranger = desk.of(CompanionRead)[0].moments[0]
    second = desk.open(small_checkpoint(desk.folder / "third.safetensors", seed=2))
    desk.desk.future(FutureKey(7, 0, second.agent.generation, 3, 0), stranger, None)
    desk.work()
    assert desk.of(CompanionDreamt) == []


@pytest.mark.parametrize("content", [b"", b"no checkpoint at all", None])
def test_a_damaged_file_is_refused_and_the_companion_stays(desk: Desk, episode: Episode, content: bytes | None) -> None:
    good = small_checkpoint(desk.folder / "other.safetensors", seed=1)
    desk.open(good)
    bad = desk.folder / "bad.safetensors"
    bad.write_bytes(good.read_bytes()[:-100] if content is None else content)
    refused = desk.open(bad)
    assert isinstance(refused, CompanionRefused) and "bad.safetensors" in refused.reason
    desk.desk.read(7, episode, None)
    desk.work()
    assert desk.of(CompanionRead), "what was compared before stays"


def test_another_game_is_refused_in_one_sentence(desk: Desk) -> None:
    foreign = small_checkpoint(desk.folder / "foreign.safetensors", config=CONFIG.replace(game="coinrun"))
    assert desk.open(foreign) == CompanionRefused(
        "foreign.safetensors was trained on coinrun, and leaper is on show; compare with a checkpoint of leaper."
    )
    desk.desk.open(foreign, None)
    desk.loaded()
    assert "There is no agent to compare with yet" in desk.told[-1].reason


def test_closed_it_does_nothing_any_more(desk: Desk, episode: Episode) -> None:
    desk.open(small_checkpoint(desk.folder / "other.safetensors", seed=1))
    desk.desk.read(7, episode, None)
    desk.desk.close()
    desk.desk.read(7, episode, None)
    desk.work()
    assert desk.of(CompanionRead) == []


def test_closed_while_it_is_loaded_it_is_not_taken(desk: Desk, episode: Episode) -> None:
    desk.desk.open(small_checkpoint(desk.folder / "other.safetensors", seed=1), desk.playing)
    desk.desk.close()
    desk.loaded()
    assert [type(record) for record in desk.told] == [CompanionRefused], "every opening is answered once"
    desk.desk.read(7, episode, None)
    assert not desk.desk.turn()


def test_an_error_that_nobody_foresaw_is_an_answer_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr(desk.source, "open", fail)
    with pytest.raises(RuntimeError, match="no memory"):
        desk.open(desk.folder / "other.safetensors")
    assert [type(record) for record in desk.told] == [CompanionRefused], "every opening is answered once"
