"""Whatever is to be read can be read, in every scheme and with every pair."""

from itertools import product
from typing import get_args

import pytest

from dream_viewer.look.palette import PAIRS, SCHEMES, Pair, Scheme, colours, contrast

GROUNDS = ("window", "panel", "control", "hover", "pressed", "bad", "good")
BRIGHT = ("accent", "bright", "observed", "imagined", "forked", "played")
READ = (
    *product(("text", "muted"), GROUNDS),
    *product(("accent", "observed", "high", "low", "reward", "horizon", "companion"), ("window", "panel")),
    ("observed", "hover"),
    *product(("onbright",), BRIGHT),
)
"""Letters, and what they stand on."""
DRAWN = tuple(
    product(
        (
            "observed",
            "imagined",
            "forked",
            "played",
            "high",
            "middle",
            "low",
            "reward",
            "accent",
            "horizon",
            "companion",
        ),
        ("panel",),
    )
)
"""Lines, borders and marks, and what they are drawn on."""


@pytest.mark.parametrize(("scheme", "pair"), list(product(get_args(Scheme), get_args(Pair))))
def test_contrast(scheme: Scheme, pair: Pair) -> None:
    worn = colours(scheme, pair)
    for pairs, least in ((READ, 4.5), (DRAWN, 3.0)):
        poor = {(on, ground): contrast(worn[on], worn[ground]) for on, ground in pairs}
        assert not {names: ratio for names, ratio in poor.items() if ratio < least}


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_every_scheme_knows_every_word() -> None:
    assert SCHEMES["dark"].keys() == SCHEMES["light"].keys()
    assert len({frozenset(PAIRS[pair][scheme]) for pair, scheme in product(PAIRS, SCHEMES)}) == 1
