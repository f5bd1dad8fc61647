"""Jobs that take turns."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from dream_viewer.workers.study_lane import StudyLane


def job(name: str, pieces: int, log: list[str]) -> Generator[Any, None, str]:
    try:
        for piece in range(pieces):
            log.append(f"{name}{piece}")
            yield None
        return name
    except GeneratorExit:
        log.append(f"{name} given up")
        raise


def drain(lane: StudyLane) -> None:
    while lane.turn():
        pass


def test_kinds_take_turns() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("a", job("a", 3, log), done=done.append)
    lane.submit("b", job("b", 1, log), done=done.append)
    assert lane.has("a") and not lane.has("c")
    drain(lane)
    assert log == ["a0", "b0", "a1", "a2"] and done == ["b", "a"]
    assert not lane.turn() and not lane.busy


def test_a_newer_request_supersedes_the_one_in_the_making() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("a", job("old", 9, log), done=done.append)
    lane.turn()
    lane.submit("a", job("new", 1, log), done=done.append)
    drain(lane)
    assert log == ["old0", "old given up", "new0"] and done == ["new"]


def test_a_patient_request_waits_and_only_the_newest_waits() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("a", job("first", 2, log), done=done.append, supersede=False)
    lane.turn()
    for name in ("second", "third"):
        lane.submit("a", job(name, 1, log), done=done.append, supersede=False)
    drain(lane)
    assert done == ["first", "third"]
    assert "second0" not in log


def test_superseding_gives_up_those_that_wait_too() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("a", job("first", 2, log), done=done.append)
    lane.submit("a", job("waiting", 1, log), done=done.append, supersede=False)
    lane.submit("a", job("urgent", 1, log), done=done.append)
    drain(lane)
    assert done == ["urgent"]


def test_parts_are_passed_on_as_they_come() -> None:
    def parts() -> Generator[int | None, None, None]:
        yield 1
        yield None
        yield 2

    lane, got = StudyLane(), list[int]()
    lane.submit("a", parts(), part=got.append)
    drain(lane)
    assert got == [1, 2]


def test_a_job_that_fails_is_gone_and_the_others_stay() -> None:
    def broken() -> Generator[None, None, None]:
        yield
        raise RuntimeError("no")

    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("bad", broken())
    lane.submit("good", job("good", 2, log), done=done.append)
    with pytest.raises(RuntimeError, match="no"):
        drain(lane)
    assert not lane.has("bad")
    drain(lane)
    assert done == ["good"]


def test_cancelling_some_kinds_or_all() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    for name in ("a", "b", "c"):
        lane.submit(name, job(name, 2, log), done=done.append)
    lane.submit("a", job("waiting", 1, log), supersede=False)
    lane.turn()
    lane.cancel("a")
    assert "a given up" in log and lane.has("b")
    lane.cancel()
    assert not lane.busy and not done


def test_a_job_may_ask_for_another_when_it_is_done() -> None:
    lane, log, done = StudyLane(), list[str](), list[str]()
    lane.submit("a", job("a", 1, log), done=lambda _: lane.submit("a", job("next", 1, log), done=done.append))
    drain(lane)
    assert done == ["next"]
