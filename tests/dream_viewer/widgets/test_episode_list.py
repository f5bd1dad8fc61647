"""The list of episodes: rows in any order a person wants, and a click that names the right one."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.records import EpisodeRow
from dream_viewer.widgets.episode_list import EpisodeList
from tests.dream_viewer.feed import frame


def row(
    place: int, total: float, steps: int, surprise: float | None = 2.0, end: str = "won", horizon: float | None = 8.25
) -> EpisodeRow:
    return EpisodeRow(place + 5, place, frame(place), 1000 + place, "unseen", total, steps, end, surprise, horizon)


ROWS = [row(0, 10, 90), row(1, 0, 1000, None, "time-out", None), row(2, 9.5, 100, 0.5, "lost", 12.0)]


@pytest.fixture
def listed(qtbot: QtBot) -> EpisodeList:
    listed = EpisodeList()
    qtbot.addWidget(listed)
    listed.resize(460, 300)
    listed.show()
    listed.show_rows(ROWS, 6, "3 episodes, 1 of 512 MiB")
    return listed


def test_the_newest_comes_first_and_each_tells_what_it_is(listed: EpisodeList) -> None:
    assert listed.shown()[0] == ["1\u2009002", "unseen", "+9.5", "100", "lost", "0.5", "12.0"]
    assert listed.shown()[1] == ["1\u2009001", "unseen", "0", "1\u2009000", "time-out", "\u2013", "\u2013"]
    assert listed.memory == "3 episodes, 1 of 512 MiB"


@pytest.mark.parametrize(
    ("column", "seeds"),
    [
        (3, ["1001", "1002", "1000"]),
        (4, ["1000", "1002", "1001"]),
        (6, ["1001", "1002", "1000"]),
        (7, ["1001", "1000", "1002"]),
    ],
)
def test_numbers_are_sorted_as_numbers(listed: EpisodeList, column: int, seeds: list[str]) -> None:
    listed.view.sortByColumn(column, Qt.SortOrder.AscendingOrder)
    assert [words[0].replace("\u2009", "") for words in listed.shown()] == seeds


def test_the_episode_under_the_cursor_is_picked_out_wherever_it_stands(listed: EpisodeList) -> None:
    for order in (Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder):
        listed.view.sortByColumn(4, order)
        (picked,) = listed.view.selectionModel().selectedRows(1)
        assert picked.data() == "1\u2009001"
    listed.show_rows(ROWS, None, "")
    assert listed.view.selectionModel().selectedRows() == []


def test_a_click_names_the_episode_in_its_row(listed: EpisodeList, qtbot: QtBot) -> None:
    listed.view.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    top = listed.view.visualRect(listed.view.model().index(0, 1)).center()
    with qtbot.waitSignal(listed.chosen) as chosen:
        qtbot.mouseClick(listed.view.viewport(), Qt.MouseButton.LeftButton, pos=top)
    assert chosen.args == [6]


def test_rows_that_stay_are_brought_up_to_date(listed: EpisodeList) -> None:
    listed.show_rows([*ROWS[:2], row(2, 12, 140, 0.5, "won")], 6, "")
    assert listed.shown()[0] == ["1\u2009002", "unseen", "+12", "140", "won", "0.5", "8.2"]
    listed.show_rows([], None, "")
    assert listed.shown() == []
