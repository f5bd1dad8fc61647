from __future__ import annotations

from fractions import Fraction

import pytest

from trainer.pace import Clock, Every, TrainRatio


def test_the_clock_counts_only_between_start_and_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("trainer.pace.time.monotonic", lambda: now[0])
    clock = Clock(before=5.0)
    now[0] += 50
    assert clock.elapsed == 5.0
    clock.start()
    now[0] += 2
    clock.start()
    now[0] += 1
    assert clock.elapsed == 8.0
    clock.stop()
    now[0] += 50
    assert clock.elapsed == 8.0


def test_every_so_many_seconds_or_in_their_place_updates() -> None:
    by_time, by_count, never = Every(10.0), Every(10.0, 4), Every(0.0)
    assert [by_time.due(seconds, 99) for seconds in (9.9, 10.0)] == [False, True]
    assert [by_count.due(99.0, updates) for updates in (3, 4)] == [False, True]
    assert not never.due(1e9, 10**9)
    by_time.done(12.0, 0)
    assert [by_time.due(seconds, 0) for seconds in (21.9, 22.0)] == [False, True]
    again = Every(10.0)
    again.load(by_time.state())
    assert not again.due(21.9, 0)


@pytest.mark.parametrize("ratio", [0.1, 2.3, 8.0, 64.0])
def test_updates_are_earned_to_the_last_fraction(ratio: float) -> None:
    train_ratio = TrainRatio(ratio, cost=48)
    assert not train_ratio.owed
    updates = 0
    for _ in range(1000):
        train_ratio.step(16)
        while train_ratio.owed:
            train_ratio.pay()
            updates += 1
        reopened = TrainRatio(ratio, cost=48)
        reopened.load(train_ratio.state())
        train_ratio = reopened
    assert updates == 1 + int(Fraction(ratio) * 16 * 999 / 48)


def test_a_state_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="no fraction"):
        TrainRatio(1.0, 1).load("nonsense")
