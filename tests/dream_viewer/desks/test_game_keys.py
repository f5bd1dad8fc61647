"""What is held is an action."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.desks.game_keys import GAME_KEYS, GameKeys
from trainer.envs.actions import ACTIONS, NO_OP

NAMES = {action.name: action.index for action in ACTIONS}


@pytest.fixture
def field(qtbot: QtBot) -> Iterator[QWidget]:
    window = QWidget()
    qtbot.addWidget(window)
    layout = QVBoxLayout(window)
    for _ in range(2):
        layout.addWidget(QWidget())
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    field = layout.itemAt(0).widget()
    assert field is not None
    yield field
    window.close()


@pytest.fixture
def told(field: QWidget) -> list[int | str]:
    keys = GameKeys(field)
    told: list[int | str] = []
    keys.held.connect(told.append)
    keys.left.connect(lambda: told.append("left"))
    keys.begin()
    return told


def test_every_key_that_the_games_know() -> None:
    assert set(GAME_KEYS.values()) == {key for action in ACTIONS for key in action.keys}


def test_keys_held_together_are_one_action(field: QWidget, told: list[int | str], qtbot: QtBot) -> None:
    qtbot.keyPress(field, Qt.Key.Key_Right)
    qtbot.keyPress(field, Qt.Key.Key_Up)
    qtbot.keyRelease(field, Qt.Key.Key_Right)
    qtbot.keyRelease(field, Qt.Key.Key_Up)
    assert told == [NAMES["right"], NAMES["right + up"], NAMES["up"], NO_OP]


def test_letters_and_escape(field: QWidget, told: list[int | str], qtbot: QtBot) -> None:
    qtbot.keyClick(field, Qt.Key.Key_W)
    qtbot.keyClick(field, Qt.Key.Key_Tab)
    qtbot.keyClick(field, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    assert told[:2] == [NAMES["W"], NO_OP] and told[-1] == "left"
    assert NAMES["S"] not in told and field.hasFocus(), "other keys neither play nor take the keyboard away"


def test_keys_are_released_when_the_keyboard_goes_elsewhere(
    field: QWidget, told: list[int | str], qtbot: QtBot
) -> None:
    qtbot.keyPress(field, Qt.Key.Key_Left)
    field.clearFocus()
    assert told == [NAMES["left"], NO_OP]
