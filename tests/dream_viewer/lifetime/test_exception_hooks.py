"""Exceptions that nobody caught."""

import sys
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime.exception_hooks import ExceptionHooks
from dream_viewer.widgets.failure_dialog import FailureDialog
from tests.dream_viewer.window import Desk


@pytest.fixture
def hooks(desk: Desk) -> Iterator[ExceptionHooks]:
    before = sys.excepthook, threading.excepthook
    hooks = ExceptionHooks(desk.window)
    hooks.install()
    yield hooks
    hooks.uninstall()
    sys.excepthook, threading.excepthook = before


def dialogs(desk: Desk) -> list[FailureDialog]:
    return desk.window.findChildren(FailureDialog)


def test_what_nobody_caught_is_shown(desk: Desk, hooks: ExceptionHooks, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise ValueError("odd")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    assert [dialog.isVisible() for dialog in dialogs(desk)] == [True]
    assert "ValueError: odd" in capsys.readouterr().err


def test_what_nobody_caught_in_a_thread_is_shown_in_the_window_s_own(
    desk: Desk, hooks: ExceptionHooks, qtbot: QtBot
) -> None:
    def fail() -> None:
        raise ValueError("odd")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs(desk)) == 1)
