"""The list of events: rows in order, the present one picked out."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QIcon
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.records import EventRow
from dream_viewer.widgets.event_list import THUMBNAIL, EventList
from tests.dream_viewer.feed import frame

FRAMES = [frame(i) for i in range(100)]


def rows(*indices: int) -> list[EventRow]:
    return [EventRow(index, f"reward +{index}", "reward", FRAMES[index]) for index in indices]


@pytest.fixture
def events(qtbot: QtBot) -> EventList:
    events = EventList()
    qtbot.addWidget(events)
    events.resize(180, 300)
    events.show()
    return events


def test_rows_stand_in_order_with_their_pictures(events: EventList) -> None:
    events.show_rows(rows(3, 40))
    assert events.texts() == ["Step 3\nreward +3", "Step 40\nreward +40"]
    icon = events._list.item(1).icon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
        picture = icon.pixmap(THUMBNAIL, THUMBNAIL, mode).toImage()
        assert picture.pixelColor(0, 0) == theme.colour("reward")
        assert picture.pixelColor(THUMBNAIL // 2, 4).red() == FRAMES[40][2, 0, 0], "the frame, untinted"


def test_the_last_one_passed_is_picked_out(events: EventList) -> None:
    events.show_rows(rows(3, 40, 60))
    found = []
    for index in (0, 3, 39, 40, 99):
        events.show_cursor(index)
        found.append(events.current)
    assert found == [None, 3, 3, 40, 60]


def test_more_events_leave_the_others_alone(events: EventList) -> None:
    events.show_rows(rows(3, 40))
    first = events._list.item(0)
    events.show_rows(rows(3, 20, 40))
    assert events._list.item(0) is first and len(events.texts()) == 3
    events.show_rows(rows(7))
    assert events.texts() == ["Step 7\nreward +7"]


def test_a_click_goes_there(events: EventList, qtbot: QtBot) -> None:
    events.show_rows(rows(3, 40))
    place = events._list.visualItemRect(events._list.item(1)).center()
    with qtbot.waitSignal(events.chosen) as asked:
        qtbot.mouseClick(events._list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == [40]


def test_without_events_it_says_what_will_come(events: EventList) -> None:
    assert events._empty.isVisible() and not events._list.isVisible()
    events.show_rows(rows(3))
    assert not events._empty.isVisible() and events._list.isVisible()
