"""The estimate at the start of a training, on rates that were measured once."""

from __future__ import annotations

import pytest

from trainer.config import Config
from trainer.forecast import Forecast, forecast
from trainer.hardware import Rates

SETTLED = Config(
    preset="12m", device="cpu", dtype="bfloat16", kernels="compiled", threads=2, batch_size=16, train_ratio=8
)
TWO_CORES = Rates(flops=386e9, call=1.3e-6)
"""Of two cores of an EPYC, whose updates the next test knows."""


@pytest.mark.parametrize(
    ("preset", "kernels", "seconds"),
    [
        ("1m", "compiled", 0.76),
        ("4m", "compiled", 1.43),
        ("12m", "compiled", 3.7),
        ("1m", "torch", 1.2),
        ("12m", "torch", 4.4),
    ],
)
def test_it_comes_near_what_was_measured(preset: str, kernels: str, seconds: float) -> None:
    expected = forecast(SETTLED.replace(preset=preset, kernels=kernels), 0, 15, measured=TWO_CORES)
    assert 1 / expected.updates_per_second == pytest.approx(seconds, rel=0.2)
    assert expected.seconds == pytest.approx(1_000_000 * 8 / 1024 / expected.updates_per_second)


def test_what_is_done_is_not_done_again() -> None:
    whole, rest = (forecast(SETTLED, steps, 15, measured=TWO_CORES).seconds for steps in (0, 750_000))
    assert rest == pytest.approx(whole / 4)
    assert forecast(SETTLED, 2_000_000, 15, measured=TWO_CORES).seconds == 0


def test_a_machine_is_measured_where_no_rates_are_given() -> None:
    expected = forecast(SETTLED.replace(preset="debug", dtype="float32", threads=1), 0, 15)
    assert 0 < expected.updates_per_second < 1e4


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(36_720, "estimated 0.21 updates/s, 10 h 12 min to the end"), (600, "10 min to the end"), (5, "a minute to")],
)
def test_people_read_hours_and_minutes(seconds: float, words: str) -> None:
    assert words in str(Forecast(0.2136, seconds))
