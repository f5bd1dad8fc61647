"""A whole window around a fake player and a fake trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.session import Session
from dream_viewer.settings import Settings
from tests.dream_viewer.feed import FakePlayer, FakeTrainer, arrival, end_moment, forked, future, moment, opened
from trainer.events import Started


class Desk:
    """The window with everything around it.

    Attributes:
        player, session, window: the parts. trainers: made so far, oldest first.
    """

    def __init__(self, settings: Settings | None = None, keepsake: Path | None = None) -> None:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        if not app.styleSheet():
            theme.apply(app)
        self.player = FakePlayer()
        self.trainers: list[FakeTrainer] = []
        self.session = Session(self.player, self._make_trainer)
        self.window = MainWindow(self.session, settings or Settings(), keepsake)

    def _make_trainer(self, request: TrainingRequest) -> FakeTrainer:
        self.trainers.append(FakeTrainer(request))
        return self.trainers[-1]

    @property
    def trainer(self) -> FakeTrainer:
        return self.trainers[-1]

    def live(self, count: int, start: int = 0, number: int = 0) -> None:
        """Let so many Moments happen, after an agent was opened if there was none."""
        self._open()
        moments = [moment(start + i, age=(start + i) % 15) for i in range(count)]
        self.player.tell(arrival(moments, start, number), fps=15.0)
        self.session.tick()

    def live_to_the_end(self, count: int, number: int = 0) -> None:
        """Let a whole episode happen, won, after an agent was opened if there was none."""
        self._open()
        moments = [*(moment(i, age=i % 15) for i in range(count)), end_moment()]
        self.player.tell(arrival(moments, 0, number, "won"), fps=15.0)
        self.session.tick()

    def _open(self) -> None:
        if self.session.casting.agent is None:
            self.player.tell(opened())


class Make(Protocol):
    """Makes a window and does not show it."""

    def __call__(self, settings: Settings | None = None, keepsake: Path | None = None) -> Desk: ...


class Show(Protocol):
    """Makes a window and shows it."""

    def __call__(self, settings: Settings | None = None, size: tuple[int, int] = (1280, 800)) -> Desk: ...


def press(
    qtbot: QtBot, desk: Desk, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    qtbot.keyClick(desk.window, key, modifier)


def at_rest(desk: Desk) -> Desk:
    """Rest the cursor on the fifth of six Moments."""
    desk.live(6)
    desk.session.playhead.seek(4)
    return desk


def begin_training(desk: Desk) -> None:
    desk.window.actions_by_id["training"].setChecked(True)
    desk.window.training_panel._form.start.click()
    desk.trainer.happened.emit(Started("/runs/coinrun-1", 0, 0, 1_000_000, "cpu, bfloat16, 1 thread"))


def with_a_future(desk: Desk, index: int = 12) -> FutureKey:
    """Stand at a Moment whose future and truth are known."""
    desk.live(20)
    desk.session.playhead.seek(index)
    key = desk.player.asked("ask_future")[-1][0]
    desk.player.tell(future=future(key))
    desk.session.tick()
    desk.player.tell(forked(key))
    desk.session.tick()
    return key
