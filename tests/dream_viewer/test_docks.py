"""Docks come and go with their actions."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from tests.dream_viewer.window import Desk


def test_a_dock_closed_by_its_own_button_unchecks_its_action_and_hides_its_widget(qtbot: QtBot) -> None:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.show()
    action, dock = desk.window.actions_by_id["episodes"], desk.window.docks.by_id["episodes"]
    assert dock.isHidden() and desk.window.episodes.isHidden()

    action.trigger()
    assert dock.isVisible() and dock.isFloating() and not desk.window.episodes.isHidden()
    dock.close()
    assert not action.isChecked() and desk.window.episodes.isHidden()


def test_it_goes_with_its_window(qtbot: QtBot) -> None:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.show()
    desk.window.actions_by_id["episodes"].trigger()
    dock = desk.window.docks.by_id["episodes"]
    assert dock.isFloating() and dock.isVisible()
    desk.window.close()
    assert not dock.isVisible()
