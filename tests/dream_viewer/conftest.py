"""What the window's tests share: a session with fakes around it, and deaf ears for the offscreen platform."""

import pytest
from pytestqt.qtbot import QtBot

from tests.dream_viewer.feed import opened
from tests.dream_viewer.stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # It tells of what it cannot do: least sizes for a window manager, and windows above each other.
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints", r"does not support raise\(\)"))


@pytest.fixture
def stage(qtbot: QtBot) -> Stage:
    stage = Stage()
    stage.tell(opened())
    return stage
