"""The player's thread on a real game with a real agent of the smallest size."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened, Weights
from dream_viewer.messages.futures import Dreamt, Fan, Forked, Future, FutureKey
from dream_viewer.messages.lived import Acted, Arrival, Blinds, DuelBegun, Picture, Reread, RivalPlayed
from dream_viewer.messages.news import Record
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.pictures.packed import unpack_picture
from dream_viewer.workers.file_desk import FileDesk
from dream_viewer.workers.player_worker import PlayerWorker, player_threads
from dream_viewer.workers.study_desk import FAN_BRANCHES
from tests.player_support import (
    CONFIG,
    SHORT_GAME,
    SHORT_LEVEL,
    broken_on,
    result_of,
    same_readings,
    small_agent,
    small_checkpoint,
)
from trainer.agent.agent import Agent
from trainer.envs.actions import NO_OP
from trainer.envs.viewer import procgen_level
from trainer.episode import Dream, Episode, Moment
from trainer.player import Player

LEVEL = LevelChoice("unseen", SHORT_LEVEL)
FAST = 10_000.0


class Listener:
    """Keeps everything a worker tells, in order."""

    def __init__(self, worker: PlayerWorker, qtbot: QtBot) -> None:
        self.worker, self._qtbot = worker, qtbot
        self.records: list[Record] = []
        self.futures: list[Future] = []
        self.failures: list[tuple[str, str]] = []
        self.refusals: list[tuple[str, str]] = []
        worker.failed.connect(lambda line, details: self.failures.append((line, details)))
        worker.open_failed.connect(lambda path, reason: self.refusals.append((path, reason)))

    def drain(self) -> None:
        news = self.worker.news.take()
        if news is not None:
            self.records += news.records
            if news.future is not None:
                self.futures.append(news.future)

    def until(self, condition: Callable[[], Any]) -> None:
        def check() -> bool:
            self.drain()
            return bool(condition())

        self._qtbot.waitUntil(check, timeout=20_000)

    def of(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.records if isinstance(record, kind)]

    def moments(self, number: int = 0) -> list[Moment]:
        return [moment for arrival in self.of(Arrival) if arrival.number == number for moment in arrival.moments]


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return small_checkpoint(tmp_path / "small.safetensors")


def started(qtbot: QtBot, **options: Any) -> Listener:
    worker = PlayerWorker(device="cpu", dtype="float32", **options)
    worker.set_fps(FAST)
    worker.start()
    return Listener(worker, qtbot)


@pytest.fixture
def listener(qtbot: QtBot) -> Iterator[Listener]:
    listener = started(qtbot)
    yield listener
    listener.worker.request_stop()
    assert listener.worker.wait_stopped(10_000)
    assert listener.failures == []


def test_it_plays_a_checkpoint_on_the_level_that_was_chosen(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    listener.until(lambda: listener.of(Arrival))
    opened, arrival = listener.records[:2]
    assert isinstance(opened, Opened) and isinstance(arrival, Arrival)
    info = opened.agent
    assert (info.name, info.game, info.preset, info.path) == ("small", SHORT_GAME, "debug", checkpoint)
    assert (info.env_steps, info.updates, info.training) == (1000, 10, False)
    assert arrival.level_seed == SHORT_LEVEL and arrival.generation == info.generation
    worker.set_running(True)
    listener.until(lambda: len({arrival.number for arrival in listener.of(Arrival)}) >= 3)
    worker.set_running(False)
    assert {arrival.level_seed for arrival in listener.of(Arrival)} == {SHORT_LEVEL}, "this level again and again"
    first = listener.moments(0)
    assert first[-1].step.is_last and first[-1].reading is None
    assert [moment.step.is_first for moment in first] == [True] + [False] * (len(first) - 1)


def test_unseen_levels_are_drawn_from_behind_the_train_levels(listener: Listener, checkpoint: Path) -> None:
    listener.worker.open_checkpoint(checkpoint, LevelChoice("unseen"))
    for count, split in enumerate(("unseen", "train", "train"), 2):
        listener.worker.new_level(LevelChoice(split))  # type: ignore[arg-type]
        listener.until(lambda count=count: len(listener.of(Arrival)) >= count)
    seeds = [arrival.level_seed for arrival in listener.of(Arrival)]
    assert min(seeds[:2]) >= 10_000 and max(seeds[2:]) < 200 and len(set(seeds)) == 4
    assert [arrival.split for arrival in listener.of(Arrival)] == ["unseen", "unseen", "train", "train"]


def test_at_rest_it_lives_exactly_the_steps_asked_for(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.step_once()
    worker.step_once()
    worker.ask_reread(99, small_episode())  # a study that ends after all that was asked before it
    listener.until(lambda: listener.of(Reread))
    assert len(listener.moments()) == 3


def test_a_person_plays_and_the_agent_goes_on_from_there(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.step_once()
    worker.hold(7)
    worker.step_once()
    worker.hold(NO_OP)
    worker.step_once()
    worker.hold(None)
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 5)
    assert [(acted.number, acted.index, acted.action) for acted in listener.of(Acted)] == [(0, 1, 7), (0, 2, NO_OP)]
    replayed = procgen_level(SHORT_GAME, "easy", SHORT_LEVEL)
    moments = listener.moments()
    for moment, action in zip(moments, [moments[0].step.action, 7, NO_OP, moments[3].step.action, 0], strict=True):
        assert np.array_equal(replayed.current().frame[0], moment.step.frame), "one episode, never begun again"
        replayed.step(np.array([action], np.int32))
    replayed.close()


def test_inside_the_dream_reality_and_new_weights_wait(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 2)
    moment, generation = listener.moments()[1], listener.of(Opened)[0].agent.generation
    worker.enter_dream(key := FutureKey(0, 1, generation, 0, -1), moment)
    worker.adopt(handed_over(1))
    worker.hold(7)
    worker.set_running(True)
    listener.until(lambda: len(listener.of(Dreamt)) >= 20)
    dreamt = listener.of(Dreamt)
    assert [record.ahead for record in dreamt] == list(range(len(dreamt))) and {record.key for record in dreamt} == {
        key
    }
    assert dreamt[-1].step.action == 7
    assert len(listener.moments()) == 2 and len(listener.of(Opened)) == 1
    worker.set_running(False)
    worker.hold(None)
    listener.until(lambda: len(listener.of(Opened)) == 2)
    left = len(listener.of(Dreamt))
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 3)
    assert len(listener.of(Dreamt)) == left, "the agent plays on in reality"


def test_a_dream_does_not_begin_from_what_other_weights_read(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    listener.until(lambda: listener.moments())
    worker.enter_dream(FutureKey(0, 0, 99, 0, -1), stranger(listener.moments()[0]))
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 2)
    assert listener.of(Dreamt) == []


def test_in_a_duel_both_play_on_from_the_same_moment(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    for _ in range(8):
        worker.step_once()
    listener.until(lambda: len(listener.moments()) == 9)
    past = tuple(listener.moments()[:6])
    worker.begin_duel(0, episode_of(listener), past)
    worker.adopt(handed_over(1))
    listener.until(lambda: listener.of(DuelBegun))
    worker.step_once()
    listener.until(lambda: listener.of(RivalPlayed) and len(listener.moments(1)) == 7)
    (begun,), (rival,) = listener.of(DuelBegun), listener.of(RivalPlayed)
    assert (begun.number, begun.rival, rival.arrival.number) == (1, 2, 2)
    for moments in (listener.moments(1), rival.arrival.moments):
        assert [m.step.frame is n.step.frame for m, n in zip(moments, past, strict=False)] == [True] * 6
    assert (1, 5, NO_OP) in [(acted.number, acted.index, acted.action) for acted in listener.of(Acted)]
    assert rival.arrival.outcome == "lost" and rival.arrival.moments[-1].step.is_last
    assert {m.reading.generation for m in rival.arrival.moments[:-1] if m.reading} == {rival.arrival.generation}
    listener.until(lambda: len(listener.of(Opened)) == 2)  # the weights waited for the agent's part
    assert listener.records.index(rival) < listener.records.index(listener.of(Opened)[1])


def test_no_duel_begins_where_it_cannot(listener: Listener, checkpoint: Path, qtbot: QtBot) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 2)
    past, episode = tuple(listener.moments()[:2]), episode_of(listener)
    with qtbot.waitSignal(worker.refused) as refused:
        worker.begin_duel(0, episode, (past[0], stranger(past[1])))
    assert "Other weights" in refused.args[0]
    strange = replace(past[1], step=replace(past[1].step, frame=255 - past[1].step.frame))
    with qtbot.waitSignal(worker.refused) as refused:
        worker.begin_duel(0, replace(episode, steps=[past[0].step, strange.step]), (past[0], strange))
    assert "does not repeat itself" in refused.args[0]
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 3)
    assert listener.of(DuelBegun) == []


def test_a_level_chosen_while_a_duel_is_being_prepared_is_played(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 2)
    past, episode = tuple(listener.moments()[:1]), episode_of(listener)

    def at_once() -> None:
        worker.begin_duel(0, episode, past)
        worker.new_level(LEVEL)

    worker._commands.put(at_once)
    listener.until(lambda: listener.moments(1))
    worker.step_once()
    listener.until(lambda: len(listener.moments(1)) == 2)
    assert listener.of(DuelBegun) == [] and listener.of(RivalPlayed) == []


def stranger(moment: Moment) -> Moment:
    assert moment.reading is not None
    return replace(moment, reading=replace(moment.reading, generation=99))


def small_episode() -> Episode:
    """An episode of another time: one frame."""
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    player.close()
    return player.episode


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint at all"])
def test_a_checkpoint_that_cannot_be_opened_leaves_the_present_one_playing(
    listener: Listener, checkpoint: Path, tmp_path: Path, content: bytes | None
) -> None:
    worker, bad = listener.worker, tmp_path / "bad.safetensors"
    if content is not None:
        bad.write_bytes(content)
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.open_checkpoint(bad, LevelChoice("train"))
    listener.until(lambda: listener.refusals)
    path, reason = listener.refusals[0]
    assert path == str(bad) and "bad.safetensors" in reason
    before = len(listener.moments())
    worker.set_running(True)
    listener.until(lambda: len(listener.moments(0)) >= before + 5)
    assert len(listener.of(Opened)) == 1
    assert {arrival.level_seed for arrival in listener.of(Arrival)} == {SHORT_LEVEL}, "the choice of levels stays too"


def test_another_agent_goes_on_with_new_numbers(listener: Listener, checkpoint: Path, tmp_path: Path) -> None:
    other = small_checkpoint(tmp_path / "other.safetensors", seed=1, config=CONFIG.replace(game="coinrun"))
    listener.worker.open_checkpoint(checkpoint, LEVEL)
    listener.worker.open_checkpoint(other, LevelChoice("train", 7), difficulty="hard")
    listener.until(lambda: len(listener.of(Arrival)) == 2)
    first, second = listener.of(Arrival)
    assert (second.game, second.difficulty, second.level_seed) == ("coinrun", "hard", 7)
    assert second.number == first.number + 1 and second.generation > first.generation


def test_a_newer_generation_takes_over_and_rereads(listener: Listener, checkpoint: Path) -> None:
    def names() -> list[str]:
        return [record.agent.name for record in listener.of(Opened)]

    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    for _ in range(9):
        worker.step_once()
    for seed in (1, 2, 3):
        worker.adopt(handed_over(seed))
        if seed != 2:  # the second is overtaken or not, as the threads have it
            listener.until(
                lambda seed=seed: names()[-1:] == [f"run {seed}"] and isinstance(listener.records[-1], Reread)
            )
    worker.step_once()
    listener.until(lambda: len(listener.moments()) == 11)
    opened = [record.agent for record in listener.of(Opened)]
    assert [agent.generation for agent in opened] == sorted({agent.generation for agent in opened})
    newest = opened[-1].generation
    reread = listener.of(Reread)[-1]
    assert {moment.reading.generation for moment in reread.moments} == {newest}
    assert [moment.step for moment in listener.moments()[:10]] == [moment.step for moment in reread.moments]
    assert listener.moments()[10].reading.generation == newest  # type: ignore[union-attr]
    last = [type(record) for record in listener.records if isinstance(record, Opened | Reread)][-2:]
    assert last == [Opened, Reread]

    reference = Player(small_agent(3), SHORT_GAME, "easy")
    again = result_of(reference.reread(0, episode_of(listener)))
    assert same_readings(again[:10], reread.moments) and same_readings(again[10:], listener.moments()[10:])


def test_weights_that_a_file_is_made_with_are_not_overwritten_by_newer_ones(
    listener: Listener, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lent: list[Agent] = []

    def endless(desk: FileDesk, player: Player, *rest: Any) -> Generator[None, None, None]:
        lent.append(player.agent)
        while True:
            yield

    monkeypatch.setattr(FileDesk, "_exporting", endless)
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.export(None)  # type: ignore[arg-type]
    listener.until(lambda: lent)
    generation = lent[0].generation
    for seed in (1, 2):
        worker.adopt(handed_over(seed))
        listener.until(lambda seed=seed: len(listener.of(Reread)) == seed)
    assert lent[0].generation == generation


def test_a_recording_is_refused_where_its_checkpoint_could_not_be_opened(
    listener: Listener, checkpoint: Path, tmp_path: Path
) -> None:
    refused: list[str] = []
    listener.worker.refused.connect(refused.append)
    listener.worker.open_checkpoint(tmp_path / "none.safetensors", LEVEL)
    listener.worker.open_recording(tmp_path / "a.episode")
    listener.until(lambda: refused)
    assert "a.episode" in refused[0] and listener.refusals


def handed_over(seed: int, **changes: Any) -> Weights:
    config = CONFIG.replace(**changes)
    return Weights(config, small_agent(seed).state_tensors(), 100 * seed, 10 * seed, f"run {seed}", None)


def test_weights_of_another_game_play_that_game(listener: Listener, checkpoint: Path) -> None:
    listener.worker.open_checkpoint(checkpoint, LevelChoice("train", 4))
    listener.worker.adopt(handed_over(1, game="coinrun"))
    listener.until(lambda: len(listener.of(Arrival)) == 2)
    arrival, opened = listener.of(Arrival)[1], listener.of(Opened)[1]
    assert (arrival.game, arrival.level_seed) == ("coinrun", 4) and opened.agent.training


def test_weights_may_come_before_any_checkpoint(listener: Listener) -> None:
    listener.worker.adopt(handed_over(1))
    listener.until(lambda: listener.of(Arrival))
    assert listener.of(Opened)[0].agent.updates == 10


def test_studies_answer_what_was_asked(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.set_human_wanted(True)
    for _ in range(5):
        worker.step_once()
    listener.until(lambda: len(listener.moments()) == 6)
    generation = listener.of(Opened)[0].agent.generation
    drawn = {picture.index: picture.packed for picture in listener.of(Picture)}
    assert sorted(drawn) == [1, 2, 3, 4, 5] and unpack_picture(drawn[3]).std() > 10
    key = FutureKey(0, 3, generation, 4, 0)
    worker.ask_future(key, listener.moments()[3], True)
    worker.ask_blinds(0, 4, 3, tuple(listener.moments()))
    worker.ask_picture(0, 3, episode_of(listener))
    listener.until(lambda: listener.futures and len(listener.of(Blinds)) == 2 and len(listener.of(Picture)) == 6)
    dream: Dream = listener.futures[0].dream
    assert listener.futures[0].key == key and dream.frames.shape == (1, 4, 64, 64, 3)
    assert {(b.start, len(b.blinds), b.ground_every) for b in listener.of(Blinds)} == {(3, 3, 3), (0, 3, 3)}
    assert listener.of(Picture)[-1].packed == drawn[3], "drawn again it is the same to the pixel"


def test_a_future_is_forked_and_fanned(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    for _ in range(6):
        worker.step_once()
    listener.until(lambda: len(listener.moments()) == 7)
    moments = listener.moments()
    key = FutureKey(0, 2, listener.of(Opened)[0].agent.generation, 4, 0)
    actions = tuple(moment.step.action for moment in moments[2:6])
    worker.ask_fork(key, episode_of(listener), actions)  # type: ignore[arg-type]
    worker.ask_fan(key, moments[2], True)
    listener.until(lambda: listener.of(Forked) and listener.of(Fan))
    (forked,), (fan,) = listener.of(Forked), listener.of(Fan)
    assert forked.key == fan.key == key and fan.dream.values.shape == (FAN_BRANCHES, 4)
    assert np.array_equal(forked.fork.frames, np.stack([moment.step.frame for moment in moments[3:7]]))


def episode_of(listener: Listener) -> Episode:
    steps = [moment.step for moment in listener.moments()]
    return Episode(SHORT_GAME, "easy", "unseen", SHORT_LEVEL, steps)


def test_what_was_read_by_other_weights_is_not_studied(listener: Listener, checkpoint: Path) -> None:
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    listener.until(lambda: listener.moments())
    old = listener.moments()[0]
    worker.adopt(handed_over(1))
    listener.until(lambda: listener.of(Reread))
    worker.ask_future(FutureKey(0, 0, 1, 4, 0), old, True)
    worker.ask_blinds(99, 0, 3, (old,))
    worker.ask_blinds(98, 0, 3, ())  # being lived when it was asked about, and over since
    worker.ask_picture(0, 0, episode_of(listener))
    listener.until(lambda: listener.of(Picture))
    assert listener.futures == [] and listener.of(Blinds) == []


def test_a_study_without_end_does_not_hold_up_the_live_lane(
    listener: Listener, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[int] = []

    def endless(*_: Any) -> Generator[None, None, None]:
        while True:
            turns.append(1)
            yield

    monkeypatch.setattr(Player, "future", endless)
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    listener.until(lambda: listener.moments())
    worker.ask_future(FutureKey(0, 0, 1, 4, 0), listener.moments()[0], True)
    listener.until(lambda: len(turns) > 5)
    worker.set_running(True)
    listener.until(lambda: len(listener.moments()) > 10)
    before = len(turns)
    listener.until(lambda: len(turns) > before)


def test_an_exception_is_told_and_the_worker_lives_on(qtbot: QtBot, checkpoint: Path) -> None:
    listener = started(qtbot, make_env=broken_on(13))
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.set_running(True)
    worker.new_level(LevelChoice("train", 13))
    listener.until(lambda: listener.failures)
    line, details = listener.failures[0]
    assert line == "RuntimeError: the game broke" and "in make" in details, "the place is told too"
    lived = len(listener.moments())
    worker.new_level(LevelChoice("train", 14))
    listener.until(lambda: listener.of(Arrival)[-1].level_seed == 14)
    assert len(listener.moments()) == lived, "it rested after the failure"
    worker.set_running(True)
    listener.until(lambda: len(listener.moments(1)) > 3)
    worker.request_stop()
    assert worker.wait_stopped(10_000)
    assert len(listener.failures) == 1


def test_a_level_that_does_not_exist_is_one_sentence(qtbot: QtBot, checkpoint: Path) -> None:
    listener = started(qtbot)
    listener.worker.open_checkpoint(checkpoint, LEVEL)
    listener.worker.new_level(LevelChoice("unseen", 2**31))
    listener.until(lambda: listener.failures)
    assert "level seeds run from" in listener.failures[0][0]
    listener.worker.step_once()
    listener.until(lambda: len(listener.moments(0)) == 2)
    listener.worker.request_stop()
    assert listener.worker.wait_stopped(10_000)


def test_stopping_ends_the_thread_in_the_middle_of_everything(qtbot: QtBot, checkpoint: Path) -> None:
    listener = started(qtbot)
    worker = listener.worker
    worker.open_checkpoint(checkpoint, LEVEL)
    worker.set_running(True)
    listener.until(lambda: len(listener.moments()) > 3)
    worker.adopt(handed_over(1))
    worker.request_stop()
    assert worker.wait_stopped(10_000) and worker.isFinished()
    assert listener.failures == []


def test_the_thread_sets_its_own_number_of_torch_threads(qtbot: QtBot, checkpoint: Path) -> None:
    seen: list[int] = []

    def make(game: str, difficulty: str, level: int) -> Any:
        seen.append(torch.get_num_threads())
        raise RuntimeError("enough")

    listener = started(qtbot, make_env=make)
    listener.worker.open_checkpoint(checkpoint, LEVEL)
    listener.until(lambda: listener.failures)
    listener.worker.request_stop()
    assert listener.worker.wait_stopped(10_000)
    assert seen == [player_threads()]


def test_what_is_lived_does_not_depend_on_the_thread(listener: Listener, checkpoint: Path) -> None:
    listener.worker.open_checkpoint(checkpoint, LEVEL)
    for _ in range(8):
        listener.worker.step_once()
    listener.until(lambda: len(listener.moments()) == 9)
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    for _ in range(8):
        player.advance()
    for ours, theirs in zip(player.moments, listener.moments(), strict=True):
        assert np.array_equal(ours.step.frame, theirs.step.frame) and ours.step.action == theirs.step.action
    player.close()
