"""The cards of what each action leads to."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from pytestqt.qtbot import QtBot

from dream_viewer.pictures.branch_cards import cards
from dream_viewer.widgets.what_if_panel import WhatIfPanel
from tests.dream_viewer.feed import what_if


def test_no_card_is_cut_at_any_width(qtbot: QtBot) -> None:
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    panel.show_cards(cards(what_if(), 7), ("A long verdict.", "A verdict."), ("About it all", "About it"))
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


def test_while_it_waits_pictures_are_faint_and_keep_their_colours(qtbot: QtBot) -> None:
    panel = WhatIfPanel()
    qtbot.addWidget(panel)
    grey = np.full((64, 64, 3), 128, np.uint8)
    card = replace(cards(what_if(), 7)[0], imagined=grey, real=grey)
    panel.show_cards([card], ("A long verdict.", "A verdict."), ("About it all", "About it"))
    panel.show_waiting("Trying", over=False)
    panel.resize(panel.sizeHint())
    place = panel.place_of(card.branch)
    drawn = panel.surface.grab().toImage()
    colours = [drawn.pixelColor(place.left() + place.width() * quarter // 4, place.center().y()) for quarter in (1, 3)]
    assert colours[0] == colours[1], "what is imagined has a red frame, what is real a blue one, and no more of it"
