"""The slot between threads."""

from __future__ import annotations

import threading

from dream_viewer.mailbox import Mailbox


def test_the_latest_wins() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.take() is None
    assert box.put(1), "the reader has to be called"
    assert not box.put(2), "the reader was called"
    assert box.take() == 2
    assert box.take() is None, "what was taken is gone"


def test_a_merge_keeps_what_must_not_be_lost() -> None:
    box: Mailbox[list[int]] = Mailbox(lambda old, new: old + new)
    for number in range(3):
        box.put([number])
    assert box.take() == [0, 1, 2]
    box.put([3])
    assert box.take() == [3]


def test_nothing_is_lost_or_doubled_between_two_threads() -> None:
    box: Mailbox[tuple[int, ...]] = Mailbox(lambda old, new: old + new)
    done = threading.Event()

    def produce() -> None:
        for number in range(5000):
            box.put((number,))
        done.set()

    thread = threading.Thread(target=produce)
    thread.start()
    taken: list[int] = []
    while not done.is_set():
        taken += box.take() or ()
    thread.join()
    taken += box.take() or ()
    assert taken == list(range(5000))
