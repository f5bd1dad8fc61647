"""The command palette finds, greys what cannot be done, and gives the keyboard back before it acts."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.records import Command
from dream_viewer.widgets.command_palette import CommandPalette

COMMANDS = (
    Command("play", "Play or pause", "Play or pause", ("Space",)),
    Command("again", "Imagine another future", "Imagine another future from here", ("N",), enabled=False),
    Command("future", "Future", "What it imagines it would do next", ("3",), checked=True),
)


@pytest.fixture
def palette(qtbot: QtBot) -> CommandPalette:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(1024, 652)
    window.show()
    made = CommandPalette(window)
    made.window_held = window  # type: ignore[attr-defined]
    made.open_with(COMMANDS)
    return made


def test_it_opens_with_everything_and_the_keyboard(palette: CommandPalette) -> None:
    assert palette.shown() == ["play", "again", "future"]
    assert palette.typed.hasFocus() or not palette.isActiveWindow()
    assert palette.rect().contains(palette.card.geometry())


def test_what_is_typed_is_done_by_enter_and_only_after_it_has_closed(palette: CommandPalette, qtbot: QtBot) -> None:
    happened: list[object] = []
    palette.toggled.connect(happened.append)
    palette.chosen.connect(happened.append)
    qtbot.keyClicks(palette.typed, "fut")
    assert palette.shown() == ["future", "again"]
    qtbot.keyClick(palette.typed, Qt.Key.Key_Return)
    assert happened == [False, "future"] and palette.isHidden()


def test_arrows_move_and_what_cannot_be_done_is_not_done(palette: CommandPalette, qtbot: QtBot) -> None:
    chosen: list[str] = []
    palette.chosen.connect(chosen.append)
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Return):
        qtbot.keyClick(palette.typed, key)
    assert palette.found.currentRow() == 1 and chosen == [] and palette.isVisible()
    qtbot.keyClick(palette.typed, Qt.Key.Key_PageDown)
    qtbot.keyClick(palette.typed, Qt.Key.Key_Return)
    assert chosen == ["future"]


def test_esc_and_a_click_beside_it_close_it(palette: CommandPalette, qtbot: QtBot) -> None:
    qtbot.keyClick(palette.typed, Qt.Key.Key_Escape)
    assert palette.isHidden()
    palette.open_with(COMMANDS)
    qtbot.mouseClick(palette, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert palette.isHidden()


def test_where_nothing_fits_enter_does_nothing(palette: CommandPalette, qtbot: QtBot) -> None:
    chosen: list[str] = []
    palette.chosen.connect(chosen.append)
    qtbot.keyClicks(palette.typed, "zzz")
    qtbot.keyClick(palette.typed, Qt.Key.Key_Return)
    assert palette.shown() == [] and chosen == [] and palette.isVisible()


def test_a_click_on_a_row_does_it(palette: CommandPalette, qtbot: QtBot) -> None:
    chosen: list[str] = []
    palette.chosen.connect(chosen.append)
    item = palette.found.item(2)
    assert item is not None
    place = palette.found.visualItemRect(item).center()
    qtbot.mouseClick(palette.found.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen == ["future"]
