"""Python's garbage, and the thread that collects it."""

import gc
import threading

from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from dream_viewer.lifetime.collector import Collector


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
