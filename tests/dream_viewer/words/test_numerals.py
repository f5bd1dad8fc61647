"""Numbers as people read them."""

import pytest

from dream_viewer.words.numerals import count, decimal, duration, short_count, signed


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "1 min 00 s"), (200, "3 min 20 s"), (7500, "2 h 05 min"), (280_000, "3 d 5 h"), (-4, "0 s")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"), [(950, "950"), (12_340, "12.3 k"), (1_200_000, "1.2 M"), (123_456, "123 k")]
)
def test_short_count(number: int, text: str) -> None:
    assert short_count(number) == text


def test_counts_are_grouped() -> None:
    assert count(1_287_640_042) == "1\u2009287\u2009640\u2009042"


@pytest.mark.parametrize(
    ("number", "text"), [(10.0, "+10"), (-0.5, "\u22120.5"), (0.0, "0"), (-0.001, "0"), (2.25, "+2.25")]
)
def test_signed(number: float, text: str) -> None:
    assert signed(number) == text


@pytest.mark.parametrize(("number", "text"), [(6.256, "6.26"), (-1.5, "\u22121.50"), (-0.001, "0.00")])
def test_decimal(number: float, text: str) -> None:
    assert decimal(number) == text
