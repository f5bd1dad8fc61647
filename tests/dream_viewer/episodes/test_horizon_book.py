"""Which starts are asked about, and what is kept of the answers."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.episodes.horizon_book import TOGETHER, HorizonBook
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.lived import Reread
from dream_viewer.messages.questions import HorizonQuestion
from tests.dream_viewer.feed import arrival, end_moment, moment
from trainer.horizons import LIMIT, Horizons


def ended(steps: int, number: int = 0) -> Reel:
    moments = [*(moment(i) for i in range(steps - 1)), end_moment()]
    return Reel(arrival(moments, 0, number, "won"))


def answer(question: HorizonQuestion, frames: int = 5) -> Horizons:
    count = len(question.starts)
    return Horizons(np.array(question.starts), np.full(count, frames), ("picture",) * count)


def asked_of(book: HorizonBook, reel: Reel) -> HorizonQuestion:
    question = book.next_question(reel)
    assert question is not None
    return question


def test_starts_are_spread_over_the_episode_until_all_are_known() -> None:
    book, reel = HorizonBook(), ended(101)
    first = asked_of(book, reel)
    assert len(first.starts) == TOGETHER and (first.starts[0], first.starts[-1]) == (0, 99)
    assert max(np.diff(first.starts)) <= 7
    assert first.readings == tuple(reel.moments[start].reading for start in first.starts)
    assert (first.index, first.moment) == (0, reel.moments[0])
    asked: list[int] = []
    while (question := book.next_question(reel)) is not None:
        asked += question.starts
        book.take(question, answer(question))
    assert sorted(asked) == list(range(100)), "each frame that was seen, once; nothing starts at the end step"
    assert book.count(reel) == 100 and book.of(reel).starts.tolist() == list(range(100))


def test_of_an_episode_that_goes_on_only_what_lies_a_dream_back_is_asked() -> None:
    book, reel = HorizonBook(), Reel(arrival([moment(i) for i in range(LIMIT)]))
    assert book.next_question(reel) is None
    reel.extend(arrival([moment(LIMIT), moment(LIMIT + 1)], LIMIT))
    assert asked_of(book, reel).starts == (0, 1)
    book.take(asked_of(book, reel), answer(asked_of(book, reel)))
    assert book.next_question(reel) is None


def test_other_weights_make_a_new_beginning() -> None:
    book, reel = HorizonBook(), ended(4)
    old = asked_of(book, reel)
    book.take(old, answer(old, 5))
    assert book.mean(reel) == pytest.approx(5)
    reel.replace_readings(Reread(0, 2, (*(moment(i, generation=2) for i in range(3)), end_moment())))
    assert book.mean(reel) is None and not len(book.of(reel).starts)
    new = asked_of(book, reel)
    assert new != old
    book.take(new, answer(new, 7))
    assert book.mean(reel) == pytest.approx(7)


def test_episodes_that_are_gone_are_forgotten() -> None:
    book, reels = HorizonBook(), [ended(4, number) for number in (0, 1)]
    for reel in reels:
        question = asked_of(book, reel)
        book.take(question, answer(question))
    book.keep_only({1})
    assert [book.count(reel) for reel in reels] == [0, 3]
