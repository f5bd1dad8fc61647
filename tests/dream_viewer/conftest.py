"""The offscreen platform says of every window with a least size that it cannot tell a window manager; there is none."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))
