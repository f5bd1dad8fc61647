"""The episodes that are kept, and those that go."""

from __future__ import annotations

import pytest

from dream_viewer.episodes import shelf as shelf_module
from dream_viewer.episodes.shelf import Shelf
from dream_viewer.messages.lived import Blinds, Reread
from tests.dream_viewer.feed import arrival, frame, moment
from trainer.episode import Blind


def filled(*numbers: int) -> Shelf:
    shelf = Shelf()
    for number in numbers:
        shelf.add(arrival([moment(i) for i in range(3)], number=number), None)
    return shelf


def test_moments_of_one_episode_come_together() -> None:
    shelf = filled(0, 1)
    assert shelf.add(arrival([moment(3)], 3, 1), None) is shelf.live
    assert [len(reel) for reel in shelf] == [3, 4]
    assert Shelf().live is None


def test_neighbours() -> None:
    shelf = filled(0, 1, 2)
    first, second, third = shelf.reels
    assert shelf.beside(second, -1) is first and shelf.beside(second, 1) is third
    assert shelf.beside(first, -1) is None and shelf.beside(third, 1) is None


def test_the_oldest_go_but_never_the_one_on_show_or_the_one_being_lived(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = filled(0)
    shown = shelf.reels[0]
    monkeypatch.setattr(shelf_module, "BUDGET_BYTES", 0)
    for number in (1, 2, 3):
        shelf.add(arrival([moment(0)], number=number), shown)
    assert [reel.number for reel in shelf] == [0, 3]


def test_what_comes_for_an_episode_that_is_gone_is_dropped() -> None:
    shelf = filled(1)
    assert shelf.reread(Reread(0, 2, (moment(0),))) is None
    shelf.dreamt_along(Blinds(0, 1, 15, 0, (Blind(frame(1), 1),)))
    fresh = tuple(moment(i, generation=2) for i in range(3))
    assert shelf.reread(Reread(1, 2, fresh)) is shelf.live
    shelf.dreamt_along(Blinds(1, 2, 15, 1, (Blind(frame(1), 1),)))
    assert [m.blind is not None for m in shelf.reels[0].moments] == [False, True, False]
