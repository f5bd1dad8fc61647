"""The window explains itself and finds what one looks for: palette, overlay, tour, glossary, levels, recent files."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer import actions
from dream_viewer.playback import State
from tests.dream_viewer.window import Desk, Show

SMALLEST = (1024, 680)


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown(size=SMALLEST)


def test_the_palette_does_what_the_table_lists_and_the_window_has_its_keys_again(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    palette = desk.window.commands
    qtbot.keyClick(desk.window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert palette.shown() == [entry.id for entry in actions.TABLE if entry.id != "palette"]
    qtbot.keyClick(palette.typed, Qt.Key.Key_Up)
    qtbot.keyClicks(palette.typed, "first frame")
    assert desk.session.playhead.index == 4, "the keys of the window rest"
    qtbot.keyClick(palette.typed, Qt.Key.Key_Return)
    assert (
        palette.isHidden() and desk.session.playhead.index == 0 and desk.session.playhead.playback.state is State.PAUSED
    )
    qtbot.keyClick(desk.window, Qt.Key.Key_Right)
    assert desk.session.playhead.index == 1


def test_one_overlay_at_a_time(desk: Desk) -> None:
    window = desk.window
    window.actions_by_id["shortcuts"].trigger()
    window.actions_by_id["palette"].trigger()
    assert window.shortcuts.isHidden() and window.commands.isVisible()
    window.actions_by_id["shortcuts"].trigger()
    assert window.shortcuts.isVisible() and window.commands.isHidden()
    window.actions_by_id["play"].trigger()
    assert window.actions_by_id["play"].shortcutContext() == Qt.ShortcutContext.WidgetShortcut


def test_the_overlay_of_shortcuts_fits_the_smallest_window(desk: Desk) -> None:
    desk.window.actions_by_id["shortcuts"].trigger()
    overlay = desk.window.shortcuts
    assert overlay.rect().contains(overlay.card.geometry())
    need = overlay.card.minimumSizeHint()
    assert need.width() <= overlay.card.width() and need.height() <= overlay.card.height()
