"""The application around the window: the way out, uncaught exceptions, screenshots, garbage."""

import gc
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer import app as application
from dream_viewer.app import BrokenOffSearch, Collector, ExceptionHooks, Quitter, Screenshot
from dream_viewer.options import ViewOptions
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.widgets.failure_dialog import FailureDialog
from dream_viewer.workers.player_worker import PlayerWorker
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
def desk(qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk()
    qtbot.addWidget(desk.window)
    desk.window.show()
    yield desk
    desk.window.close()


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
    (dialog,) = dialogs(desk)
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


def test_a_screenshot_is_the_window(
    desk: Desk, loop: Loop, quitter: Quitter, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "SCREENSHOT_AFTER", 0.01)
    file = tmp_path / "window.png"
    shooting = Screenshot(file, desk.session, desk.window, quitter)
    shooting.begin(desk.session.playhead.changed)
    desk.live(3)
    qtbot.waitUntil(lambda: loop.codes == [0])
    assert QImage(str(file)).size() == desk.window.size()


@pytest.mark.parametrize("what", ["open_failed", "failed"])
def test_a_screenshot_that_cannot_be_made_says_why(
    desk: Desk,
    loop: Loop,
    quitter: Quitter,
    qtbot: QtBot,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
) -> None:
    shooting = Screenshot(tmp_path / "window.png", desk.session, desk.window, quitter)
    shooting.begin(desk.session.playhead.changed)
    getattr(desk.player, what).emit("broken", "cut short") if what == "open_failed" else desk.player.failed.emit(
        "cut short", "details"
    )
    qtbot.waitUntil(lambda: loop.codes == [2])
    assert "No screenshot: cut short" in capsys.readouterr().err
    assert not (tmp_path / "window.png").exists()


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


def test_garbage_is_collected_in_the_window_s_thread_only(qtbot: QtBot) -> None:
    died_in: list[threading.Thread] = []

    class Cycle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            died_in.append(threading.current_thread())

    def litter() -> None:
        for _ in range(3 * gc.get_threshold()[0]):
            Cycle()

    parent = QObject()
    collector = Collector(parent)
    collector.install()
    try:
        assert not gc.isenabled()
        thread = threading.Thread(target=litter)
        thread.start()
        thread.join()
        assert died_in == [], "Python would have collected many times by now"
        qtbot.waitUntil(lambda: len(died_in) > 0)
        assert set(died_in) == {threading.main_thread()}
    finally:
        collector.uninstall()
    assert gc.isenabled()


def test_no_worker_starts_before_the_window_collects(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    gc.enable()
    monkeypatch.setattr(application, "QApplication", lambda _: qapp)
    monkeypatch.setattr(application, "qInstallMessageHandler", lambda _: None)
    monkeypatch.setattr(application, "_watch_native_crashes", lambda: None)
    enabled: list[bool] = []

    def start(worker: PlayerWorker) -> None:
        enabled.append(gc.isenabled())
        raise KeyboardInterrupt

    monkeypatch.setattr(PlayerWorker, "start", start)
    with pytest.raises(KeyboardInterrupt):
        application.run(ViewOptions())
    for collector in qapp.findChildren(Collector):
        collector.uninstall()
    assert enabled == [False]


def test_a_broken_off_run_is_found_beside_the_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    dismissed, found_run = (SimpleNamespace(path=Path(f"/runs/coinrun-{number}")) for number in (4, 3))
    looked = []
    monkeypatch.setattr(
        application,
        "broken_off_runs",
        lambda: looked.append(threading.current_thread()) or [dismissed, found_run],
    )
    parent = QObject()
    search = BrokenOffSearch([str(dismissed.path)], parent)
    with qtbot.waitSignal(search.found) as found:
        search.begin()
    search.begin()
    assert found.args == [found_run.path]
    assert len(looked) == 1 and looked[0] is not threading.main_thread()
