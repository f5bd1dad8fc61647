"""The application: its parts put together, and what is set up before the first widget."""

from __future__ import annotations

import faulthandler
import sys
from pathlib import Path
from typing import IO

import appdirs
from PyQt6.QtCore import (
    QMessageLogContext,
    QtMsgType,
    qInstallMessageHandler,
)
from PyQt6.QtWidgets import QApplication

from dream_viewer.lifetime.broken_off import BrokenOffSearch
from dream_viewer.lifetime.collector import Collector
from dream_viewer.lifetime.exception_hooks import ExceptionHooks
from dream_viewer.lifetime.quitter import Quitter
from dream_viewer.lifetime.screenshot import Screenshot
from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.options import ViewOptions
from dream_viewer.session import Session
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from trainer.levels import split_of


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
