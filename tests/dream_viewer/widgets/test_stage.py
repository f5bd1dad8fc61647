"""Two pictures of one size, by whole factors, and room for the timeline."""

import pytest
from PyQt6.QtCore import QSize

from dream_viewer.widgets.stage import LEAST_BELOW, UNIT, arrange

CHROME, BAR = QSize(6, 62), 44


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("size", [(700, 560), (790, 650), (1046, 760), (1676, 1040), (2500, 1400)])
def test_places(size: tuple[int, int], ratio: float) -> None:
    places = arrange(QSize(*size), CHROME, BAR, ratio)
    assert (places.side * ratio) % UNIT == pytest.approx(0, abs=1e-6)
    assert places.left.size() == places.right.size()
    assert places.left.width() >= places.side + CHROME.width()
    assert not places.left.intersects(places.right)
    assert places.below.top() > places.left.bottom() and places.bar.top() > places.below.bottom()
    assert places.below.height() >= LEAST_BELOW
    assert places.left.left() >= 0 and places.right.right() < size[0] and places.bar.bottom() < size[1]


@pytest.mark.parametrize(("size", "side"), [((1046, 760), 512), ((790, 640), 384), ((674, 640), 320)])
def test_pictures_are_as_large_as_they_can_be(size: tuple[int, int], side: int) -> None:
    assert arrange(QSize(*size), CHROME, BAR, 1.0).side == side
