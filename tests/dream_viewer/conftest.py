"""What the window's tests share: an end for every window, a session with fakes around it, and deaf ears.

Closing a window destroys nothing, and outside an event loop `deleteLater` does nothing either. Windows would pile up,
tens of thousands of widgets by the last test, and Python's collector would take their Python halves away at any
moment, amid painting or in a worker's thread, while Qt goes on with the rest. So a window ends with its test, and
garbage is collected between tests only, as the application does between events.
"""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QCoreApplication, QEvent
from pytestqt.qtbot import QtBot

from dream_viewer.settings import Settings
from tests.dream_viewer.feed import opened
from tests.dream_viewer.stage import Stage
from tests.dream_viewer.window import Desk, Make, Show


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # The offscreen platform tells of what it cannot do: least sizes for a window manager, windows above each other.
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", r"does not support raise\(\)"))


@pytest.fixture(scope="session")
def little_to_look_at() -> None:
    """What is loaded by now is left out of every collection, so that each takes a moment only."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def windows_end_with_their_test(little_to_look_at: None) -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    app = QCoreApplication.instance()
    if app is not None:
        app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.enable()


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage()
    stage.tell(opened())
    return stage


@pytest.fixture
def made(qtbot: QtBot) -> Make:
    desks: list[Desk] = []  # held until the end: Python must not collect a window that Qt is painting

    def make(settings: Settings | None = None, keepsake: Path | None = None) -> Desk:
        desks.append(desk := Desk(settings, keepsake))
        qtbot.addWidget(desk.window)
        return desk

    return make


@pytest.fixture
def shown(made: Make, qtbot: QtBot) -> Show:
    def show(settings: Settings | None = None, size: tuple[int, int] = (1280, 800)) -> Desk:
        desk = made(settings)
        desk.window.resize(*size)
        desk.window.show()
        desk.window.activateWindow()  # an X server without a window manager gives nobody the keyboard by itself
        qtbot.waitUntil(desk.window.isActiveWindow)
        return desk

    return show


@pytest.fixture
def desk(shown: Show) -> Desk:
    return shown()
