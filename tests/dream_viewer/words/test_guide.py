"""The window explains itself: every panel in a sentence, five steps for a newcomer, and the words in a glossary."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QHelpEvent
from PyQt6.QtWidgets import QApplication, QScrollArea, QToolTip
from pytestqt.qtbot import QtBot

from dream_viewer.playback import State
from dream_viewer.widgets.tour import beside
from dream_viewer.words.guide import GLOSSARY, PANELS, TOUR, hint
from tests.dream_viewer.window import Desk, Show

SMALLEST = (1024, 680)


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown(size=SMALLEST)


def test_every_text_is_a_plain_sentence() -> None:
    for text in (*PANELS.values(), *(stop.text for stop in TOUR), *(meaning for _, meaning in GLOSSARY)):
        assert (text[0].isupper() and text[-1] in ".?:") or text.endswith("F1."), text
    assert len(TOUR) == 5 and {stop.panel for stop in TOUR} <= PANELS.keys()
    words = [word for word, _ in GLOSSARY]
    assert words == sorted(words, key=str.lower) and len(set(words)) == len(words)


def test_every_panel_explains_itself_where_the_pointer_rests(desk: Desk, qtbot: QtBot) -> None:
    panels = desk.window._panels()
    assert panels.keys() == PANELS.keys()
    for name, panel in panels.items():
        assert panel.toolTip() == hint(name) and max(map(len, hint(name).splitlines())) <= 64
    for name in desk.window.docks.by_id:
        scroll = desk.window.docks.by_id[name].widget()
        assert isinstance(scroll, QScrollArea)
        assert name == "glossary" or scroll.widget().toolTip(), name
    inner = desk.window.timeline.childAt(desk.window.timeline.rect().center())
    place = inner.rect().center()
    QApplication.sendEvent(inner, QHelpEvent(QHelpEvent.Type.ToolTip, place, inner.mapToGlobal(place)))
    assert QToolTip.text() == hint("timeline")
    QToolTip.hideText()


def test_the_first_time_the_tour_begins_by_itself_and_then_never_again(desk: Desk, shown: Show, qtbot: QtBot) -> None:
    desk.window.guide.welcome()
    tour = desk.window.guide.tour
    assert tour.isHidden(), "there is nothing to see yet"
    desk.live(2)
    assert tour.isVisible() and desk.window.settings_now().tour_seen
    qtbot.keyClick(tour, Qt.Key.Key_Escape)
    desk.live(2, start=2)
    assert tour.isHidden()
    again = shown(desk.window.settings_now(), SMALLEST)
    again.window.guide.welcome()
    again.live(2)
    assert again.window.guide.tour.isHidden()
    again.window.actions_by_id["tour"].trigger()
    assert again.window.guide.tour.isVisible()


def test_its_five_steps_point_at_what_they_talk_of_and_leave_the_window_as_it_was(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    desk.session.playhead.pause()
    window, tour = desk.window, desk.window.guide.tour
    window.actions_by_id["tour"].trigger()
    panels = window._panels()
    for place, stop in enumerate(TOUR):
        part = panels[stop.panel]

        def pointed_at(part=part) -> bool:  # type: ignore[no-untyped-def]
            where = QRect(part.mapTo(window, QPoint(0, 0)), part.size())
            return part.isVisible() and tour.hole.contains(where.intersected(window.rect()).adjusted(2, 2, -2, -2))

        qtbot.waitUntil(pointed_at)
        assert tour.index == place and tour.rect().contains(tour.card.geometry())
        assert not tour.card.geometry().intersects(tour.hole), stop.title
        qtbot.keyClick(tour, Qt.Key.Key_Right)
    assert tour.isHidden() and window.training_panel.isHidden() and desk.session.playhead.index == 4
    qtbot.keyClick(window, Qt.Key.Key_Left)
    assert desk.session.playhead.index == 3, "the window has its keys again"


def test_one_goes_back_skips_and_resizes(desk: Desk, qtbot: QtBot) -> None:
    window, tour = desk.window, desk.window.guide.tour
    window.actions_by_id["tour"].trigger()
    tour.forward.click()
    tour.back.click()
    assert tour.index == 0 and not tour.back.isEnabled()
    before = tour.hole
    window.resize(1280, 800)
    qtbot.waitUntil(lambda: tour.hole != before and tour.size() == window.size())
    for _ in range(4):
        tour.forward.click()
    assert window.training_panel.isVisible()
    tour.skip.click()
    assert tour.isHidden() and window.training_panel.isHidden()
    assert desk.session.playhead.playback.state is State.FOLLOWING


def test_its_card_grows_with_the_letters(desk: Desk, qtbot: QtBot) -> None:
    window, tour = desk.window, desk.window.guide.tour
    window.actions_by_id["tour"].trigger()
    before = tour.card.height()
    tour.card.setStyleSheet("* { font-size: 30px }")

    def whole() -> bool:
        layout = tour.card.layout()
        assert layout is not None
        return tour.card.height() == layout.totalHeightForWidth(tour.card.width()) > before

    qtbot.waitUntil(whole)


def test_a_card_covers_nothing_of_what_it_is_about() -> None:
    room, card = QRect(0, 0, 1000, 700), QSize(300, 150)
    holes = QRect(0, 0, 400, 500), QRect(600, 0, 400, 500), QRect(0, 0, 1000, 200), QRect(0, 600, 1000, 100)
    for hole in holes:
        placed = QRect(beside(hole, card, room), card)
        assert not placed.intersects(hole) and room.contains(placed)
    assert room.contains(QRect(beside(room, card, room), card))
    assert (QRect(beside(QRect(), card, room), card).center() - room.center()).manhattanLength() <= 2


def test_a_part_that_is_hidden_is_told_of_all_the_same(desk: Desk) -> None:
    window, tour = desk.window, desk.window.guide.tour
    window.actions_by_id["enlarge"].trigger()
    window.actions_by_id["tour"].trigger()
    assert window.reality.isHidden() and tour.hole.isEmpty() and tour.rect().contains(tour.card.geometry())


def test_the_glossary_opens_by_f1_and_finds_words(desk: Desk, qtbot: QtBot) -> None:
    glossary = desk.window.glossary
    qtbot.keyClick(desk.window, Qt.Key.Key_F1)
    assert glossary.isVisible() and glossary.shown() == [word for word, _ in GLOSSARY]
    qtbot.keyClicks(glossary.typed, "UNSEEN")
    assert glossary.shown() == ["Train levels", "Unseen levels"]
    qtbot.keyClicks(glossary.typed, "xyz")
    assert glossary.shown() == []
    glossary.typed.clear()
    assert len(glossary.shown()) == len(GLOSSARY)
