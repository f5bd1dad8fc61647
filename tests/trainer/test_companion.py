"""A second agent reads what a first one lives, as far as it went, and dreams from there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from tests.player_support import SHORT_GAME, SHORT_LEVEL, result_of, same_readings, small_agent
from trainer.companion import Companion
from trainer.episode import Episode, Moment
from trainer.player import Player


@pytest.fixture
def player() -> Iterator[Player]:
    player = Player(small_agent(generation=1), SHORT_GAME, "easy", seed=5)
    player.ground_every = 4
    player.new_level("unseen", SHORT_LEVEL)
    yield player
    player.close()


def read(companion: Companion, episode: Episode) -> list[tuple[int, Moment]]:
    found = []
    for piece in companion.read_on(episode):
        if piece is not None:
            found += list(enumerate(piece.moments, piece.start))
    return found


def test_a_copy_of_the_agent_reads_and_dreams_the_same_while_the_episode_grows(player: Player) -> None:
    twin = Companion(small_agent(generation=2), seed=5)
    assert twin.begin(player.number, 4)
    read_by_twin = []
    for steps in (1, 2, 6, 1):
        for _ in range(steps):
            player.advance()
        read_by_twin += read(twin, player.episode)
        assert not twin.begin(player.number, 4), "it goes on where it was"
    assert [index for index, _ in read_by_twin] == list(range(11))
    moments = [moment for _, moment in read_by_twin]
    assert same_readings(moments, player.moments)
    assert {moment.reading.generation for moment in moments if moment.reading is not None} == {2}
    for mine, its in zip(player.moments, moments, strict=True):
        assert mine.blind is not None and its.blind is not None and mine.blind.age == its.blind.age
        assert np.abs(mine.blind.frame.astype(int) - its.blind.frame).max() <= 1

    reading, own = moments[7].reading, player.moments[7].reading
    assert reading is not None and own is not None
    dreamt = result_of(twin.future(player.number, 7, reading, 5, 0))
    np.testing.assert_array_equal(dreamt.actions, result_of(player.future(player.number, 7, own, 5)).actions)
    given = result_of(twin.future(player.number, 7, reading, 3, 0, actions=(1, 2, 3)))
    assert given.actions.tolist() == [[1, 2, 3]] and given.generation == 2
    with pytest.raises(ValueError, match="generation"):
        result_of(twin.future(player.number, 7, own, 5, 0))


def test_what_a_person_did_instead_leads_to_what_it_reads_next(player: Player) -> None:
    twin = Companion(small_agent(generation=2), seed=5)
    twin.begin(player.number, None)
    assert len(read(twin, player.episode)) == 1
    player.advance(action=(player.episode.steps[0].action + 5) % 15)
    ((index, moment),) = read(twin, player.episode)
    assert index == 1 and same_readings([replace(moment, blind=None)], [replace(player.moments[1], blind=None)])


def test_another_episode_or_another_dream_is_begun_from_the_first_frame(player: Player) -> None:
    twin = Companion(small_agent(generation=2), seed=5)
    twin.begin(player.number, None)
    player.advance()
    assert [moment.blind for _, moment in read(twin, player.episode)] == [None, None]
    assert twin.begin(player.number, 3)
    assert [index for index, moment in read(twin, player.episode) if moment.blind is not None] == [0, 1]
    assert twin.begin(player.number + 1, 3)


def test_an_end_step_is_told_without_a_reading(player: Player) -> None:
    while not player.ended:
        player.advance()
    twin = Companion(small_agent(generation=2), seed=5)
    twin.begin(player.number, None)
    last = read(twin, player.episode)[-1]
    assert last == (len(player.episode.steps) - 1, Moment(player.episode.steps[-1], None, None))
