"""Plain values out of files that may come from anybody: what they are said to be, or refused."""

from __future__ import annotations

from typing import Any

LARGEST_NUMBER = 1e30
"""More than any number that is meant: its square still is one, too."""


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 0 on that 64 bits hold."""
    return type(value) is int and 0 <= value < 2**63


def is_number(value: Any) -> bool:
    """Whether it is a finite number that can be reckoned with."""
    return type(value) in (int, float) and abs(value) < LARGEST_NUMBER


def count(value: Any) -> int:
    """The same value, a whole number from 0 on that 64 bits hold.

    Raises:
        ValueError: it is something else.
    """
    if not is_count(value):
        raise ValueError("something else stands for a whole number")
    whole: int = value
    return whole


def number(value: Any) -> float:
    """The same value, a finite number, as float.

    Raises:
        ValueError: it is something else.
    """
    if not is_number(value):
        raise ValueError("something else stands for a number")
    return float(value)
