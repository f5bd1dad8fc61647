"""No key is silent: one that can do nothing now says what has to be first."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.actions import TABLE
from dream_viewer.state.dreaming import DreamMode
from tests.dream_viewer.window import Desk, Show, press

FREE = {"leave"}
"""Keys that others have while their action rests."""


@pytest.fixture
def desk(shown: Show) -> Desk:
    made = shown()
    made.live(6)
    return made


def test_every_key_that_may_rest_says_what_has_to_be_first(desk: Desk) -> None:
    resting = {entry.id for entry in TABLE if entry.shortcuts and not desk.window.actions_by_id[entry.id].isEnabled()}
    assert resting - FREE <= {entry.id for entry in TABLE if entry.first}


def test_a_key_that_comes_too_early_is_answered(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_N)
    assert desk.window.notice.text == "Imagine another future: first let the dream pane show the future, with 3."
    press(qtbot, desk, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert desk.window.notice.text.startswith("What really happens: first play in the dream")


def test_it_is_silent_once_the_key_works_or_somebody_else_has_it(desk: Desk, qtbot: QtBot) -> None:
    desk.window.actions_by_id["shortcuts"].trigger()
    press(qtbot, desk, Qt.Key.Key_N)
    desk.window.shortcuts.close_overlay()
    desk.session.dreaming.set_mode(DreamMode.FUTURE)
    press(qtbot, desk, Qt.Key.Key_N)
    assert not desk.window.notice.isVisible()
