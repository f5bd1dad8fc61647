"""A place in an episode, and steps that are awaited."""

from __future__ import annotations

from dream_viewer.episodes.cursor import Cursor
from dream_viewer.episodes.reel import Reel
from tests.dream_viewer.feed import arrival, moment


def reel(count: int, number: int = 0) -> Reel:
    return Reel(arrival([moment(i) for i in range(count)], number=number))


def test_before_the_first_moment_there_is_nothing() -> None:
    cursor = Cursor()
    assert cursor.moment is None and cursor.clamped(5) == 0


def test_it_stands_at_a_moment_of_its_episode() -> None:
    cursor, shown = Cursor(), reel(4)
    cursor.put(shown, 2)
    assert cursor.moment is shown.moments[2]
    assert (cursor.clamped(-1), cursor.clamped(2), cursor.clamped(9)) == (0, 2, 3)


def test_it_goes_on_by_what_is_awaited_and_no_further() -> None:
    cursor, shown = Cursor(), reel(5)
    cursor.put(shown, 1)
    cursor.awaiting = 2
    cursor.go_on_to(shown)
    assert (cursor.index, cursor.awaiting) == (3, 0)
    cursor.awaiting = 3
    cursor.go_on_to(shown)
    assert (cursor.index, cursor.awaiting) == (4, 2)
    following = reel(1, number=1)
    cursor.go_on_to(following)
    assert cursor.reel is following and (cursor.index, cursor.awaiting) == (0, 1)
