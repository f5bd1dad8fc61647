"""One table: menus, keys and the overlay cannot differ."""

import pytest
from PyQt6.QtCore import QObject, Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import QMenuBar
from pytestqt.qtbot import QtBot

from dream_viewer import actions

KEYS = {
    "play": ["Space"],
    "back": ["Left"],
    "forward": ["Right"],
    "back_ten": ["Shift+Left", "PgDown"],
    "forward_ten": ["Shift+Right", "PgUp"],
    "first": ["Home"],
    "last": ["End"],
    "episode_back": ["Up"],
    "episode_forward": ["Down"],
    "slower": ["["],
    "faster": ["]"],
    "loop": ["L"],
    "follow": ["F"],
    "difference": ["D"],
    "bookmark": ["B"],
    "event_back": [","],
    "event_forward": ["."],
    "take_over": ["P"],
    "open": ["Ctrl+O"],
    "save": ["Ctrl+S"],
    "export": ["Ctrl+E"],
    "full_screen": ["F11"],
    "shortcuts": ["?"],
}
"""The design's keys."""


@pytest.fixture
def built(qtbot: QtBot) -> dict:
    parent = QObject()
    made = actions.build(parent)
    made["parent"] = parent
    return made


@pytest.mark.parametrize("name", KEYS)
def test_the_designs_keys(built: dict, name: str) -> None:
    assert built[name].shortcuts() == [QKeySequence(keys) for keys in KEYS[name]]


def test_no_key_does_two_things() -> None:
    keys = [key for entry in actions.TABLE for key in entry.shortcuts]
    assert len(keys) == len(set(keys))
    assert len({entry.id for entry in actions.TABLE}) == len(actions.TABLE)


def test_every_action_is_in_a_menu(built: dict, qtbot: QtBot) -> None:
    bar = QMenuBar()
    qtbot.addWidget(bar)
    actions.fill_menus(bar, built)
    menus = {menu.text(): [item for item in menu.menu().actions() if not item.isSeparator()] for menu in bar.actions()}
    assert {item for items in menus.values() for item in items} == {built[entry.id] for entry in actions.TABLE}
    for texts in (list(menus), *([item.text() for item in items] for items in menus.values())):
        letters = [text[text.index("&") + 1].lower() for text in texts]
        assert len(letters) == len(set(letters)), f"one letter of the keyboard each: {texts}"


def test_the_overlay_lists_every_key() -> None:
    listed = [name for _, rows in actions.overlay_rows() for names, _ in rows for name in names]
    assert len(listed) == sum(len(entry.shortcuts) for entry in actions.TABLE)
    assert "Shift+\u2190" in listed and "?" in listed


def test_actions_of_a_group_exclude_each_other(built: dict) -> None:
    built["dream"].setChecked(True)
    built["future"].setChecked(True)
    assert not built["dream"].isChecked()


def test_tooltips_name_the_key(built: dict) -> None:
    assert built["open"].toolTip() == "Open a checkpoint or a recording (Ctrl+O)"


def test_review_keys_rest_while_others_work_on(built: dict) -> None:
    actions.set_review_keys(built, False)
    assert built["play"].shortcutContext() == Qt.ShortcutContext.WidgetShortcut
    assert built["shortcuts"].shortcutContext() == Qt.ShortcutContext.WindowShortcut
    actions.set_review_keys(built, True)
    assert built["play"].shortcutContext() == Qt.ShortcutContext.WindowShortcut
