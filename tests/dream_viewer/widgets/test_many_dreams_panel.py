"""The panel of many dreams."""

from __future__ import annotations

from itertools import combinations

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.desks.many_dreams_desk import sheet
from dream_viewer.messages.questions import ManyDreamsQuestion
from dream_viewer.settings import MANY_DREAMS
from dream_viewer.widgets.many_dreams_panel import ManyDreamsPanel
from tests.dream_viewer.feed import many_dreams, moment
from trainer.episode import Episode


@pytest.mark.parametrize("branches", MANY_DREAMS)
def test_no_dream_is_cut_at_any_width(qtbot: QtBot, branches: int) -> None:
    panel = ManyDreamsPanel(MANY_DREAMS)
    qtbot.addWidget(panel)
    question = ManyDreamsQuestion(0, 4, 1, moment(4), Episode("coinrun", "easy", "unseen", 5), 15, branches)
    panel.show_sheet(sheet(question, many_dreams(branches), 0.99))
    panel.show()
    for width, height in ((268, 360), (420, 500), (700, 510), (1200, 900)):
        panel.resize(width, height)
        places = [panel.place_of(branch) for branch in range(branches)]
        assert all(place.left() >= 0 and place.right() < panel.surface.width() for place in places)
        assert all(place.bottom() < panel.surface.height() for place in places)
        assert panel.width() == width and panel._count.geometry().right() < width, (
            "so wide it is in the smallest window"
        )
        assert not any(one.intersects(other) for one, other in combinations(places, 2))
        panel.grab()


def test_another_frame_ahead_is_another_word_and_stays_when_other_dreams_come(qtbot: QtBot) -> None:
    panel = ManyDreamsPanel(MANY_DREAMS)
    qtbot.addWidget(panel)
    question = ManyDreamsQuestion(0, 4, 1, moment(4), Episode("coinrun", "easy", "unseen", 5), 15, 4)
    panel.show_sheet(sheet(question, many_dreams(4), 0.99))
    last = panel.title
    with qtbot.assertNotEmitted(panel.looked):
        panel.show_ahead(0)
    assert panel.ahead == 0 and panel.title != last and panel.title.endswith("0.0 %"), "at first they are all the same"
    panel.show_sheet(sheet(question, many_dreams(4), 0.99))
    assert panel.ahead == 0
    panel.show_waiting("over", over=True)
    panel.show_sheet(sheet(question, many_dreams(4, horizon=6), 0.99))
    assert panel.ahead == 5
