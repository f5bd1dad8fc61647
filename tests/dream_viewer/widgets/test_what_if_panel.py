"""The cards of what each action leads to."""

from __future__ import annotations

from itertools import pairwise

from pytestqt.qtbot import QtBot

from dream_viewer.pictures.branch_cards import cards
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from tests.dream_viewer.feed import what_if


def test_no_card_is_cut_at_any_width(qtbot: QtBot) -> None:
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.show_cards(cards(what_if(), 7), "A verdict.", "About it")
    panel.show()
    in_a_row = []
    for width in (160, 440, 680, 1200):
        panel.resize(width, 300)
        places = [panel.place_of(branch) for branch in (2, 1, 0)]
        assert all(place.right() < panel.surface.width() and place.left() >= 0 for place in places)
        assert panel.surface.minimumHeight() == max(place.bottom() for place in places) + 1
        assert not any(one.intersects(other) for one, other in pairwise(places))
        in_a_row.append(sum(place.top() == 0 for place in places))
        panel.grab()
    assert in_a_row == [1, 2, 3, 3]
