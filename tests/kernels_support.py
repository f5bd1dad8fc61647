"""For tests that are about the compiled kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

Test = TypeVar("Test", bound=Callable[..., object])


def compiled_only(test: Test) -> Test:
    """Runs with compiled kernels, and is left out where there is no compiler."""
    chosen: Test = pytest.mark.parametrize("kernels", ["compiled"], indirect=True)(test)
    marked: Test = pytest.mark.usefixtures("kernels")(chosen)
    return marked
