"""News that pile up while the window is busy."""

from __future__ import annotations

import pickle

import numpy as np

from dream_viewer.messages.futures import Future, FutureKey
from dream_viewer.messages.lived import Picture, Reread
from dream_viewer.messages.news import News, merge_news
from tests.dream_viewer.feed import arrival, future, moment, opened


def test_arrivals_of_one_episode_become_one() -> None:
    news = News((arrival([moment(0)]),))
    for index in range(1, 4):
        news = merge_news(news, News((arrival([moment(index)], start=index),)))
    (record,) = news.records
    assert record.start == 0 and len(record.moments) == 4  # type: ignore[union-attr]


def test_order_is_kept_between_episodes_generations_and_other_records() -> None:
    records = [
        opened(),
        arrival([moment(0)]),
        Reread(0, 2, (moment(0, generation=2),)),
        arrival([moment(1, generation=2)], start=1),
        arrival([moment(0, generation=2)], number=1),
        Picture(1, 0, b""),
    ]
    news = News()
    for record in records:
        news = merge_news(news, News((record,)))
    assert list(news.records) == records


def test_the_latest_future_and_rate_win() -> None:
    first, second = (future(FutureKey(0, index, 1, 3, 0), 3) for index in (4, 5))
    merged = merge_news(News(future=first, frames_per_second=15.0), News(future=second))
    assert merged.future is second and merged.frames_per_second is None
    assert merge_news(merged, News(frames_per_second=14.0)).future is second


def test_records_can_cross_processes() -> None:
    original = future(FutureKey(0, 4, 1, 3, 0), 3)
    copy: Future = pickle.loads(pickle.dumps(original))
    assert copy.key == original.key and np.array_equal(copy.dream.frames, original.dream.frames)


def test_of_pictures_that_wait_only_the_newest_keeps_its_pixels() -> None:
    pixels = np.zeros((512, 512, 3), np.uint8)
    news = News((Picture(0, 0, b"0", pixels),))
    kept = merge_news(news, News((opened(),)))
    assert [r.pixels is not None for r in kept.records if isinstance(r, Picture)] == [True]
    two = merge_news(kept, News((Picture(0, 1, b"1", pixels),)))
    assert [r.pixels is not None for r in two.records if isinstance(r, Picture)] == [False, True]
