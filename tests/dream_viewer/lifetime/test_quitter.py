"""The one way out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6.QtCore import QObject, pyqtSignal
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime.quitter import Quitter
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.widgets.failure_dialog import FailureDialog
from tests.dream_viewer.window import Desk
from trainer.recording import read_recording


class Loop(QObject):
    """Qt's application as the way out sees it."""

    aboutToQuit = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.codes: list[int] = []

    def exit(self, code: int) -> None:
        self.codes.append(code)


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def quitter(desk: Desk, loop: Loop, tmp_path: Path) -> Iterator[Quitter]:
    import signal

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    quitter = Quitter(loop, desk.session, desk.window, SettingsFile(tmp_path / "viewer.json"))
    quitter.install()
    yield quitter
    for number, handler in before.items():
        signal.signal(number, handler)


def begin_training(desk: Desk) -> None:
    desk.window.training_panel._form.start.click()


def test_the_window_goes_at_once_and_the_process_waits_for_its_workers(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, tmp_path: Path
) -> None:
    begin_training(desk)
    desk.player.stopped = desk.trainer.stopped = False
    desk.window.close()
    assert not desk.window.isVisible()
    assert desk.trainer.calls[-1] == "stop" and desk.player.asked("request_stop")
    assert (tmp_path / "viewer.json").exists()
    desk.player.stopped = True
    quitter._look()
    assert loop.codes == []
    desk.trainer.stopped = True
    quitter._look()
    assert loop.codes == [], "its last word is still on its way"
    desk.trainer.ended.emit()
    qtbot.waitUntil(lambda: loop.codes == [0])


def test_a_save_that_fails_at_the_end_is_told(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    begin_training(desk)
    desk.window.close()
    desk.trainer.failed.emit("the disk is full; free some space.", "details")
    desk.trainer.ended.emit()
    quitter._look()
    (dialog,) = desk.window.findChildren(FailureDialog)
    assert dialog.isVisible() and not desk.window.isVisible() and loop.codes == []
    assert capsys.readouterr().err == "Training was not saved: the disk is full; free some space.\n"
    dialog.accept()
    qtbot.waitUntil(lambda: loop.codes == [1])


def test_who_ends_it_by_a_signal_reads_stderr(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, capsys: pytest.CaptureFixture[str]
) -> None:
    import signal

    begin_training(desk)
    signal.raise_signal(signal.SIGTERM)
    qtbot.waitUntil(lambda: not desk.window.isVisible())
    desk.trainer.failed.emit("the disk is full; free some space.", "details")
    desk.trainer.ended.emit()
    qtbot.waitUntil(lambda: loop.codes == [1])
    assert "the disk is full" in capsys.readouterr().err


def test_a_training_that_failed_before_is_no_trouble_at_the_end(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot
) -> None:
    begin_training(desk)
    desk.trainer.failed.emit("odd", "details")
    desk.trainer.ended.emit()
    desk.window.close()
    qtbot.waitUntil(lambda: loop.codes == [0])


def test_a_signal_closes_the_window(desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot) -> None:
    import signal

    signal.raise_signal(signal.SIGTERM)
    qtbot.waitUntil(lambda: loop.codes == [0])
    assert not desk.window.isVisible()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_settings_that_cannot_be_saved_do_not_keep_the_process(
    desk: Desk, loop: Loop, qtbot: QtBot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    quitter = Quitter(loop, desk.session, desk.window, SettingsFile(tmp_path / "file" / "viewer.json"))
    desk.window.closing.connect(quitter._begin)
    desk.window.close()
    qtbot.waitUntil(lambda: loop.codes == [0])
    assert "Settings were not saved" in capsys.readouterr().err


def test_settings_and_then_the_episode_on_show_are_kept_for_next_time(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, tmp_path: Path
) -> None:
    desk.live(4)
    desk.window.close()
    qtbot.waitUntil(lambda: loop.codes == [0])
    assert SettingsFile(tmp_path / "viewer.json").load().left_off["link"].endswith("step=3")
    assert read_recording(SettingsFile(tmp_path / "viewer.json").keepsake).level_seed == 12_345


def test_on_a_full_disk_the_settings_of_last_time_stay_with_their_episode(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = SettingsFile(tmp_path / "viewer.json")
    file.save(Settings(speed=2.0))
    file.keepsake.write_text("of last time")

    def full(self: Path, text: str, encoding: str) -> None:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    desk.live(4)
    desk.window.close()
    qtbot.waitUntil(lambda: loop.codes == [0])
    assert file.load() == Settings(speed=2.0) and file.keepsake.read_text() == "of last time"
    assert len(list(tmp_path.iterdir())) == 2


def test_the_end_of_the_desktop_s_session_stops_the_workers(desk: Desk, loop: Loop, quitter: Quitter) -> None:
    loop.aboutToQuit.emit()
    assert desk.player.asked("request_stop")
