"""Commands reach the thread that obeys, in order, and wake it."""

from __future__ import annotations

import threading

from dream_viewer.workers.command_queue import CommandQueue


def test_commands_run_in_order_and_may_give_others() -> None:
    queue, seen = CommandQueue(), list[int]()
    queue.put(lambda: seen.append(1))
    queue.put(lambda: queue.put(lambda: seen.append(3)))
    queue.put(lambda: seen.append(2))
    queue.obey()
    assert seen == [1, 2, 3]


def test_a_stop_overtakes_what_waits() -> None:
    queue, seen = CommandQueue(), list[int]()
    queue.put(queue.stop)
    queue.put(lambda: seen.append(1))
    queue.obey()
    assert queue.stopped and seen == []
    queue.sleep(None)  # returns at once


def test_what_is_left_for_a_sleeper_wakes_it() -> None:
    queue, obeyed = CommandQueue(), threading.Event()

    def run() -> None:
        while not queue.stopped:
            queue.obey()
            queue.sleep(None)

    thread = threading.Thread(target=run)
    thread.start()
    queue.put(obeyed.set)
    assert obeyed.wait(10)
    queue.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_it_does_not_sleep_where_something_is_due() -> None:
    queue = CommandQueue()
    queue.sleep(0.0)
    queue.sleep(-1.0)
    queue.put(lambda: None)
    queue.sleep(None)
