"""A picture of the window, or why there is none."""

from pathlib import Path

import pytest
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime import screenshot
from dream_viewer.lifetime.screenshot import Screenshot
from tests.dream_viewer.window import Desk


class Leaving:
    """The way out, as far as a screenshot takes it."""

    def __init__(self) -> None:
        self.codes: list[int] = []

    def leave(self, code: int) -> None:
        self.codes.append(code)


def test_a_screenshot_is_the_window(desk: Desk, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenshot, "AFTER", 0.01)
    leaving = Leaving()
    file = tmp_path / "window.png"
    shooting = Screenshot(file, desk.session, desk.window, leaving)
    shooting.begin(desk.session.playhead.changed)
    desk.live(3)
    qtbot.waitUntil(lambda: leaving.codes == [0])
    assert QImage(str(file)).size() == desk.window.size()


@pytest.mark.parametrize("what", ["open_failed", "failed"])
def test_a_screenshot_that_cannot_be_made_says_why(
    desk: Desk,
    qtbot: QtBot,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    leaving = Leaving()
    shooting = Screenshot(tmp_path / "window.png", desk.session, desk.window, leaving)
    shooting.begin(desk.session.playhead.changed)
    getattr(desk.player, what).emit("broken", "cut short") if what == "open_failed" else desk.player.failed.emit(
        "cut short", "details"
    )
    qtbot.waitUntil(lambda: leaving.codes == [2])
    assert "No screenshot: cut short" in capsys.readouterr().err
    assert not (tmp_path / "window.png").exists()
