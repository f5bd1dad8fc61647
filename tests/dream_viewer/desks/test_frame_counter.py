"""Frames are counted where Qt draws them."""

from PyQt6.QtCore import QCoreApplication, QEvent
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.desks.frame_counter import FrameCounter


def test_a_frame_is_what_reaches_the_screen_at_once(qtbot: QtBot) -> None:
    window, now = QWidget(), [10.0]
    layout = QVBoxLayout(window)
    labels = [QLabel(), QLabel()]
    for label in labels:
        layout.addWidget(label)
    qtbot.addWidget(window)
    counter = FrameCounter(window, lambda: now[0])
    window.show()
    qtbot.waitExposed(window)
    now[0] += 1
    counter.rate()
    for _ in range(6):
        now[0] += 0.25
        before = counter._count
        for label in labels:
            label.update()  # both at once are one frame
        qtbot.waitUntil(lambda before=before: counter._count > before)
    assert counter.rate() == 6 / 1.5
    now[0] += 1
    assert counter.rate() == 0, "nothing changed"


def test_the_frame_that_shows_the_number_does_not_count(qtbot: QtBot) -> None:
    window, now = QWidget(), [10.0]
    qtbot.addWidget(window)
    counter = FrameCounter(window, lambda: now[0])
    for _ in range(3):
        now[0] += 0.5
        QCoreApplication.sendEvent(window, QEvent(QEvent.Type.UpdateRequest))
    assert counter.rate(besides=1) == 2 / 1.5
