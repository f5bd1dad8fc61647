"""What becomes of exceptions that nobody caught."""

from __future__ import annotations

import sys
import threading
import traceback
from types import TracebackType

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.main_window import MainWindow

_OURS = "The window lives on. Please report this with the text below."


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
