"""The application: what is set up before the first widget, and the one way out."""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

import appdirs
from PyQt6.QtCore import (
    QMessageLogContext,
    QObject,
    QTimer,
    QtMsgType,
    pyqtBoundSignal,
    pyqtSignal,
    pyqtSlot,
    qInstallMessageHandler,
)
from PyQt6.QtWidgets import QApplication

from dream_viewer import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages import LevelChoice
from dream_viewer.options import ViewOptions
from dream_viewer.session import Session
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.workers.keepsake import Keepsake
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from trainer.errors import UserError
from trainer.levels import split_of
from trainer.run import broken_off_runs

SCREENSHOT_AFTER = 4.0
"""Seconds of playing before a screenshot."""
SCREENSHOT_LIMIT = 120.0
"""Seconds after which a screenshot is given up."""
COLLECT_MS = 500
"""Milliseconds between two looks whether garbage should be collected."""
EXIT_LIMIT = 60.0
"""Seconds the process waits for its workers, hidden, before it leaves without them; files were safe long before."""
_OURS = "The window lives on. Please report this with the text below."


def run(options: ViewOptions) -> int:
    """Open the window and stay until it is closed.

    Returns:
        the process's exit code: 0, 1 where a training was not saved, or 2 where a screenshot could not be made.
    """
    qInstallMessageHandler(on_qt_message)
    crash_log = _watch_native_crashes()
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Dream Agent")
    app.setQuitOnLastWindowClosed(False)
    theme.apply(app)
    collector = Collector(app)
    collector.install()
    player = PlayerWorker()
    session = Session(player, TrainingWorker)
    player.start()
    if options.path is not None:
        session.casting.open_checkpoint(options.path, _choice(options), options.difficulty, options.game)
    if options.recording is not None:
        session.files.open_recording(options.recording)
    file = None if options.screenshot is not None else SettingsFile()
    settings = Settings() if file is None else file.load()
    if options.mode is not None:
        settings = settings.replace(dream_mode=options.mode)
    window = MainWindow(session, settings, None if file is None else file.keepsake)
    collector.leave_out_what_is_loaded()
    hooks = ExceptionHooks(window)
    hooks.install()
    quitter = Quitter(app, session, window, file)
    quitter.install()
    session.start()
    window.show()
    if options.screenshot is not None:
        shooting = Screenshot(options.screenshot, session, window, quitter)
        shooting.begin(session.playhead.changed if options.recording is None else session.files.recalled)
    else:
        window.guide.welcome()
        search = BrokenOffSearch(settings.dismissed, window)
        search.found.connect(window.resuming.offer)
        session.casting.agent_changed.connect(search.begin)
    try:
        return app.exec()
    finally:
        hooks.uninstall()
        collector.uninstall()
        if crash_log is not None:
            faulthandler.disable()
            crash_log.close()


def _choice(options: ViewOptions) -> LevelChoice:
    if options.level is None:
        return LevelChoice(options.split)
    return LevelChoice(split_of(options.level), options.level)


def on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str | None) -> None:
    """Write Qt's messages, but for the one that says of every window without a screen that it has no screen."""
    if text is not None and "propagateSizeHints" not in text:
        sys.stderr.write(f"{text}\n")


def _watch_native_crashes() -> IO[str] | None:
    """Let a crash in native code leave its stacks in a file; None where no file can be written."""
    folder = Path(appdirs.user_log_dir("dream-agent", appauthor=False))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = open(folder / "crash.log", "a", encoding="utf-8")  # noqa: SIM115 - open as long as the process lives
    except OSError:
        faulthandler.enable()
        return None
    faulthandler.enable(file)
    return file


class Collector(QObject):
    """Collects Python's cyclic garbage in the GUI thread, and in no other.

    Python's collector runs in whichever thread happens to allocate; a widget whose last reference it finds in a worker
    would be destroyed there, and Qt ends the process for that. So this one is there before the first worker starts.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self._collect)

    def install(self) -> None:
        """Take over from Python."""
        gc.disable()
        self._timer.start()

    def leave_out_what_is_loaded(self) -> None:
        """Look at nothing that is there by now in later rounds, so that they take a moment only."""
        gc.freeze()

    def uninstall(self) -> None:
        """Give back to Python."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()

    @pyqtSlot()
    def _collect(self) -> None:
        due = [generation for generation in range(3) if gc.get_count()[generation] > gc.get_threshold()[generation]]
        if due:
            gc.collect(due[-1])


class ExceptionHooks(QObject):
    """Shows what nobody caught, in any thread, in place of Qt ending the process.

    Args:
        window: shows the dialog.
    """

    caught = pyqtSignal(str, str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.caught.connect(self._show)

    def install(self) -> None:
        """Take over from Python."""
        sys.excepthook = self._on_exception
        threading.excepthook = self._on_thread_exception

    def uninstall(self) -> None:
        """Give back to Python."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _on_exception(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, trace))
        sys.stderr.write(details)
        if issubclass(kind, Exception):
            self.caught.emit(f"{kind.__name__}: {error}", details)

    def _on_thread_exception(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    @pyqtSlot(str, str)
    def _show(self, line: str, details: str) -> None:
        self._window.failures.show("Something went wrong in the window", line, details, _OURS)


class Quitter(QObject):
    """The one way out: the window goes first, then files are made safe, then threads end, then the process.

    A training that cannot save meanwhile is told on stderr and by the exit code 1; the window's dialog about it stays
    until it is dismissed, unless a signal asked for the end.

    Args:
        app, session, window: what ends. file: where settings go; None keeps none.
    """

    def __init__(self, app: QApplication, session: Session, window: MainWindow, file: SettingsFile | None) -> None:
        super().__init__(window)
        self._app, self._session, self._window, self._file = app, session, window, file
        self._keepsake = None if file is None else Keepsake(file.keepsake)
        self._code = 0
        self._waited_ms = 0
        self._signalled = self._unsaved = False
        self._timer = QTimer(self)
        self._timer.setInterval(20)
        self._timer.timeout.connect(self._look)

    def install(self) -> None:
        """Listen to the window, to the system's end of session, and to Ctrl-C and SIGTERM."""
        self._window.closing.connect(self._begin)
        self._session.training.failed.connect(self._on_training_failed)
        self._app.aboutToQuit.connect(self._stop_now)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._on_signal())

    def leave(self, code: int) -> None:
        """Close the window and end the process with an exit code."""
        self._code = code
        self._window.close()

    def _on_signal(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        self._signalled = True
        QTimer.singleShot(0, self._window.close)  # not from here: Python may have been amid painting

    @pyqtSlot()
    def _begin(self) -> None:
        if self._timer.isActive():
            return
        self._window.hide()
        self._timer.start()
        self._session.request_stop()
        if self._file is not None and self._keepsake is not None:
            try:
                self._file.save(self._window.settings_now())
            except OSError as error:
                sys.stderr.write(f"Settings were not saved: {error}\n")
            else:  # only now: on a full disk the settings come first
                if self._window.left_off.episode is not None:
                    self._keepsake.keep(self._window.left_off.episode)

    @pyqtSlot(str, str)
    def _on_training_failed(self, line: str, details: str) -> None:
        if self._timer.isActive():
            self._unsaved = True
            self._code = 1
            sys.stderr.write(f"Training was not saved: {line}\n")

    @pyqtSlot()
    def _look(self) -> None:
        self._waited_ms += self._timer.interval()
        kept = self._keepsake is None or self._keepsake.safe
        if self._session.wait_stopped(0) and not self._session.training.busy and kept:  # its last word was heard
            unread = self._unsaved and not self._signalled and self._window.failures.told
            if not unread:
                self._timer.stop()
                self._app.exit(self._code)
        elif self._waited_ms > EXIT_LIMIT * 1000:
            sys.stderr.write("A worker did not end in time; leaving without it.\n")
            faulthandler.dump_traceback(all_threads=True)
            os._exit(1)

    @pyqtSlot()
    def _stop_now(self) -> None:
        """The session of the desktop ends: there is no time for a second way out."""
        self._session.request_stop()
        self._session.wait_stopped(int(EXIT_LIMIT * 1000))


class Screenshot(QObject):
    """Waits for some seconds of playing, writes the window as PNG, and leaves.

    Args:
        path: of the file. session: what plays. window: what is seen. quitter: the way out.
    """

    def __init__(self, path: Path, session: Session, window: MainWindow, quitter: Quitter) -> None:
        super().__init__(window)
        self._path, self._session, self._window, self._quitter = path, session, window, quitter
        self._limit, self._play = QTimer(self), QTimer(self)
        for timer, seconds in ((self._limit, SCREENSHOT_LIMIT), (self._play, SCREENSHOT_AFTER)):
            timer.setSingleShot(True)
            timer.setInterval(int(seconds * 1000))
        self._limit.timeout.connect(lambda: self._give_up(f"nothing was played within {SCREENSHOT_LIMIT:.0f} seconds"))
        self._play.timeout.connect(self._shoot)

    def begin(self, awaited: pyqtBoundSignal) -> None:
        """Wait for the first frame of what is to be seen, told by a signal."""
        self._awaited = awaited
        awaited.connect(self._on_frame)
        self._session.refused.connect(self._give_up)
        self._session.casting.open_failed.connect(lambda _, reason: self._give_up(reason))
        self._session.failed.connect(lambda line, _: self._give_up(line))
        self._limit.start()

    @pyqtSlot()
    def _on_frame(self) -> None:
        if self._session.playhead.moment is not None and not self._play.isActive():
            self._awaited.disconnect(self._on_frame)
            self._play.start()

    @pyqtSlot()
    def _shoot(self) -> None:
        self._limit.stop()
        if self._window.grab().save(str(self._path), "PNG"):
            self._quitter.leave(0)
        else:
            self._give_up(f"{self._path} could not be written")

    def _give_up(self, reason: str) -> None:
        self._limit.stop()
        self._play.stop()
        sys.stderr.write(f"No screenshot: {reason}\n")
        self._quitter.leave(2)


class BrokenOffSearch(QObject):
    """Looks once, beside the window, for a training that ended without a word.

    Args:
        dismissed: folders of runs that a person does not want to hear of again.

    Signals:
        found: carries the newest such run's folder.
    """

    found = pyqtSignal(object)

    def __init__(self, dismissed: Sequence[str], parent: QObject) -> None:
        super().__init__(parent)
        self._dismissed = frozenset(dismissed)
        self._begun = False

    @pyqtSlot()
    def begin(self) -> None:
        """Look, in a thread of its own, as folders may be many and disks slow; once only."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._look, name="broken-off runs", daemon=True).start()

    def _look(self) -> None:
        try:
            runs = [run.path for run in broken_off_runs() if str(run.path) not in self._dismissed]
        except (OSError, UserError):
            return  # an unreadable data folder is told when training starts there
        if runs:
            self.found.emit(runs[0])
