"""Docks come and go with their actions."""

from __future__ import annotations

import itertools

import pytest
from PyQt6.QtCore import QRect, QSize, Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from dream_viewer.main_window import EPISODES_SIZE, SMALLEST
from dream_viewer.settings import Settings
from tests.dream_viewer.window import Make


def test_a_dock_closed_by_its_own_button_unchecks_its_action_and_hides_its_widget(made: Make) -> None:
    desk = made()
    desk.window.show()
    action, dock = desk.window.actions_by_id["episodes"], desk.window.docks.by_id["episodes"]
    assert dock.isHidden() and desk.window.episodes.isHidden()

    action.trigger()
    assert dock.isVisible() and dock.isFloating() and not desk.window.episodes.isHidden()
    dock.close()
    assert not action.isChecked() and desk.window.episodes.isHidden()


def test_it_is_shown_in_its_own_size_whatever_became_of_it_before(made: Make) -> None:
    desk = made()
    desk.window.show()
    dock = desk.window.docks.by_id["episodes"]
    dock.resize(dock.minimumSizeHint())
    desk.window.actions_by_id["episodes"].trigger()
    assert dock.size() == QSize(*EPISODES_SIZE)


def test_it_goes_with_its_window(made: Make) -> None:
    desk = made()
    desk.window.show()
    desk.window.actions_by_id["episodes"].trigger()
    dock = desk.window.docks.by_id["episodes"]
    assert dock.isFloating() and dock.isVisible()
    desk.window.close()
    assert not dock.isVisible()


def test_docks_stand_where_they_stood_last_time(made: Make) -> None:
    first = made()
    first.window.show()
    docks, actions = first.window.docks.by_id, first.window.actions_by_id
    for name in ("episodes", "what_if", "many"):
        actions[name].trigger()
    docks["episodes"].setGeometry(60, 70, 500, 300)
    for name in ("what_if", "many"):
        first.window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks[name])
        docks[name].setFloating(False)
    first.window.tabifyDockWidget(docks["what_if"], docks["many"])
    first.window.close()
    settings = first.window.settings_now()
    assert "latents" not in settings.docks, "it was never shown"

    second = made(settings)
    second.window.show()
    docks, actions = second.window.docks.by_id, second.window.actions_by_id
    shown = {name for name, dock in docks.items() if not dock.isHidden()}
    assert shown == {"episodes", "what_if", "many"} and actions["what_if"].isChecked()
    assert docks["episodes"].geometry() == QRect(60, 70, 500, 300) and docks["episodes"].isFloating()
    assert not docks["what_if"].isFloating() and docks["many"] in second.window.tabifiedDockWidgets(docks["what_if"])
    assert second.window.dockWidgetArea(docks["many"]) == Qt.DockWidgetArea.RightDockWidgetArea

    actions["reset_layout"].trigger()
    assert all(dock.isFloating() and dock.isHidden() for dock in docks.values())
    assert not actions["episodes"].isChecked()
    actions["episodes"].trigger()
    assert docks["episodes"].size() == QSize(*EPISODES_SIZE)
    second.window.close()


PLACE = (1, 1, 0, 0, 60, 70, 500, 300)


@pytest.mark.parametrize(
    "place",
    [
        (),
        (*PLACE, 1),
        (2, *PLACE[1:]),
        (*PLACE[:2], 9, *PLACE[3:]),
        (*PLACE[:3], 77, *PLACE[4:]),
        (*PLACE[:4], -(10**9), *PLACE[5:]),
        (*PLACE[:6], 2**40, 300),
        (*PLACE[:6], -5, 0),
        (*PLACE[:4], 15_000, 15_000, 500, 300),
    ],
)
def test_places_that_make_no_sense_break_nothing(made: Make, place: tuple[int, ...]) -> None:
    desk = made(Settings(docks={"episodes": list(place), "of tomorrow": list(PLACE)}))
    desk.window.show()
    dock = desk.window.docks.by_id["episodes"]
    desk.window.actions_by_id["episodes"].setChecked(True)
    screen = QGuiApplication.primaryScreen()
    assert dock.isVisible() and screen is not None and screen.geometry().intersects(dock.geometry())
    assert dock.width() >= 80 and dock.height() >= 80
    desk.window.close()


@pytest.mark.parametrize("edge", [Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea])
def test_docked_beside_the_panes_of_the_smallest_window_nothing_is_cut(
    made: Make, qtbot: QtBot, edge: Qt.DockWidgetArea
) -> None:
    desk = made(Settings(training_panel=True))
    window = desk.window
    window.resize(*SMALLEST)
    window.show()
    desk.live(30)
    window.actions_by_id["latents"].trigger()
    dock = window.docks.by_id["latents"]
    window.addDockWidget(edge, dock)
    dock.setFloating(False)
    window.resize(*SMALLEST)
    qtbot.waitUntil(lambda: not dock.geometry().intersects(window.stage.rect().translated(window.stage.pos())))
    assert window.size() == QSize(*SMALLEST) and window.rect().contains(dock.geometry())
    assert window.latents.width() >= window.latents.minimumSizeHint().width(), "it scrolls instead"
    bar = window.transport
    QApplication.sendPostedEvents()  # what was left out is laid out with the next ones
    buttons = [child for child in bar.findChildren(QToolButton) if child.isVisible()]
    places = [(button.toolTip(), button.geometry()) for button in buttons]
    assert not [(a, b) for a, b in itertools.combinations(places, 2) if a[1].intersects(b[1])], bar.size()
    assert all(button.width() >= button.minimumSizeHint().width() for button in buttons)
    assert window.reality.isVisible() and window.dream.isVisible()
    title = window.timeline._title
    assert title.geometry().right() <= window.timeline.width() and title.text().startswith("Value: ")
    window.close()
