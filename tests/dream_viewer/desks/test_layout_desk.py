"""Before an audience: panes and timeline alone, in large letters; and everything as it was at first."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.desks.layout_desk import WAY_BACK
from dream_viewer.look import theme
from dream_viewer.settings import Settings
from dream_viewer.state.taking_part import Role
from tests.dream_viewer.window import Desk, Show


@pytest.fixture
def desk(shown: Show) -> Iterator[Desk]:
    desk = shown(Settings(training_panel=True))
    desk.live(30)
    yield desk
    theme.dress(QApplication.instance(), theme.Look())  # type: ignore[arg-type]


def visible(desk: Desk) -> dict[str, bool]:
    window = desk.window
    bar = window.menuBar()
    assert bar is not None
    parts: dict[str, QWidget] = {
        "reality": window.reality,
        "dream": window.dream,
        "timeline": window.timeline,
        "menus": bar,
        "side": window.readouts,
        "training": window.training_panel,
        "film": window.film,
        "transport": window.transport,
        "status": window.status,
        "episodes": window.docks.by_id["episodes"],
    }
    return {name: part.isVisible() for name, part in parts.items()}


def test_an_audience_sees_panes_and_timeline_in_large_letters(desk: Desk, qtbot: QtBot) -> None:
    window = desk.window
    window.actions_by_id["episodes"].trigger()
    before, settings = visible(desk), window.settings_now()
    assert all(before.values())
    sizes = window.reality.chrome(), window.reality._caption.fontMetrics().height(), window.timeline._title.height()
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert {name for name, shown in visible(desk).items() if shown} == {"reality", "dream", "timeline"}
    assert window.reality._caption.fontMetrics().height() > 1.2 * sizes[1]
    assert not any(button.isVisible() for button in window.reality.findChildren(QToolButton))
    assert window.timeline._title.height() >= window.timeline._title.sizeHint().height() > sizes[2]
    assert window.timeline.parentWidget().height() > 170  # type: ignore[union-attr]
    assert not desk.session.dreaming.film_visible, "nothing is dreamt for a strip that nobody sees"
    assert window.notice.text == WAY_BACK
    now = window.settings_now()
    assert (now.film_strip, now.training_panel, now.docks) == (True, True, settings.docks), "that is for a while only"
    qtbot.keyClick(window, Qt.Key.Key_Space)
    assert desk.player.asked("set_running")[-1] == (False,), "keys work without menus"
    qtbot.keyClick(window, Qt.Key.Key_F5)
    assert visible(desk) == before and not window.notice.isVisible() and desk.session.dreaming.film_visible
    assert (window.reality.chrome(), window.timeline._title.height()) == (sizes[0], sizes[2])


def test_everything_is_put_where_it_was_at_first(desk: Desk) -> None:
    window, by_id = desk.window, desk.window.actions_by_id
    for name in ("presentation", "difference", "film", "enlarge"):
        by_id[name].trigger()
    by_id["reset_layout"].trigger()
    assert not by_id["presentation"].isChecked() and window.stage.enlarged is None
    checked = {name: by_id[name].isChecked() for name in ("film", "difference", "fan", "events", "training")}
    assert checked == {"film": True, "difference": False, "fan": True, "events": False, "training": True}
    assert window.film.isVisible() and window.readouts.isVisible() and not window.difference.isVisible()


def test_the_smallest_window_stays_as_small(desk: Desk, qtbot: QtBot) -> None:
    window = desk.window
    window.resize(1024, 680)
    for _ in range(2):
        qtbot.keyClick(window, Qt.Key.Key_F5)
        QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 680)


def test_escape_ends_what_claims_it_first(desk: Desk, qtbot: QtBot) -> None:
    window, by_id = desk.window, desk.window.actions_by_id
    assert not by_id["leave"].isEnabled(), "Esc belongs to others"
    for name in ("full_screen", "presentation", "shortcuts"):
        by_id[name].trigger()
    desk.session.play_game()

    def claims() -> tuple[bool, ...]:
        playing = desk.session.part.role is Role.REALITY
        return (
            window.shortcuts.isVisible(),
            playing,
            window.actions_by_id["presentation"].isChecked(),
            window.isFullScreen(),
        )

    window.shortcuts.setFocus()
    for left in range(4):
        assert claims() == tuple(claim >= left for claim in range(4))
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Escape)
    assert claims() == (False,) * 4 and not by_id["leave"].isEnabled()
