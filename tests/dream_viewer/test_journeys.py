"""Whole ways through the window, by its keys, with a real game, a real agent and real files.

The environment variable JOURNEYS names a folder: each journey then leaves pictures of its stations there, in both sizes
of the window and with the bundled agent; without it the smallest agent travels, in the smallest window.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.cli import bundled_checkpoint
from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.messages.questions import WhatIfQuestion
from dream_viewer.playback import State
from dream_viewer.session import Session
from dream_viewer.settings import Settings
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.duel_result import DuelResult
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from tests.player_support import small_checkpoint
from trainer.config import Config

FOLDER = os.environ.get("JOURNEYS")
SIZES = ((1280, 800), (1024, 680)) if FOLDER else ((1024, 680),)
PATIENCE = 60_000
LEVEL = 10_007
SHORT_LEVEL = 10_330
"""Whoever runs and jumps to the right here falls into the first pit."""
RIGHT = 7
Key = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


class Traveller:
    """Somebody at the keyboard of the real window.

    Attributes:
        window, session: what is travelled. player: the worker behind them.
    """

    def __init__(
        self, qtbot: QtBot, name: str, checkpoint: Path, size: tuple[int, int], settings: Settings, level: int
    ) -> None:
        self._qtbot, self._name, self._station, self._size = qtbot, f"{name}-{size[0]}", 0, size
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        theme.apply(app)
        self.player = PlayerWorker(device="cpu", dtype="float32")
        self.session = Session(self.player, TrainingWorker)
        self.player.start()
        self.session.casting.open_checkpoint(checkpoint, LevelChoice("unseen", level))
        self.window = MainWindow(self.session, settings)
        qtbot.addWidget(self.window)
        self.window.resize(*size)
        self.session.start()
        self.window.show()
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def until(self, reached: Callable[[], object]) -> None:
        """Wait for what is to come."""
        self._qtbot.waitUntil(lambda: bool(reached()), timeout=PATIENCE)

    def lived(self, moments: int) -> None:
        """Wait until the episode on show is so long."""
        self.until(lambda: self.session.playhead.reel is not None and self.session.playhead.reel.last >= moments)

    def press(self, key: Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press and release a key, wherever the keyboard is."""
        QTest.keyClick(self.keyboard, key, modifier)

    @property
    def keyboard(self) -> QWidget:
        """Who has it."""
        return QApplication.focusWidget() or self.window

    def choose(self, file: Path) -> None:
        """Type a name into the dialog for files that was asked for."""
        self.until(lambda: self.window.findChildren(QFileDialog))
        dialog = self.window.findChildren(QFileDialog)[-1]
        dialog.setDirectory(str(file.parent))
        dialog.selectFile(file.name)
        dialog.accept()
        self.until(lambda: not self.window.findChildren(QFileDialog))
        self.window.activateWindow()
        self.until(self.window.isActiveWindow)

    def shoot(self, what: str, *others: str, dialog: QWidget | None = None) -> None:
        """Leave a picture of the window, of docks by name and of a dialog, where pictures are wanted."""
        self._station += 1
        assert (self.window.width(), self.window.height()) == self._size, "no station makes the window larger"
        if FOLDER is None:
            return
        Path(FOLDER).mkdir(parents=True, exist_ok=True)
        docks = {f"-{name}": self.window.docks.by_id[name] for name in others}
        for part, widget in {"": self.window, **docks, **({"-dialog": dialog} if dialog else {})}.items():
            picture = widget.grab()
            assert picture.save(f"{FOLDER}/{self._name}-{self._station}-{what}{part}.png")

    def leave(self) -> None:
        """Close the window, and wait for the threads."""
        self.window.close()
        self.session.request_stop()
        assert self.session.wait_stopped(PATIENCE)


Start = Callable[..., Traveller]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bundled = bundled_checkpoint("coinrun")
    if FOLDER and bundled is not None:
        return bundled
    path = tmp_path_factory.mktemp("agent") / "small.safetensors"
    return small_checkpoint(path, config=Config(preset="debug", dtype="float32", threads=1))


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def start(
    request: pytest.FixtureRequest, qtbot: QtBot, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Start]:
    travellers: list[Traveller] = []

    def begin(name: str, settings: Settings | None = None, level: int = LEVEL) -> Traveller:
        wanted = settings or Settings(tour_seen=True)
        travellers.append(Traveller(qtbot, name, checkpoint, request.param, wanted, level))
        return travellers[-1]

    yield begin
    for traveller in travellers:
        traveller.leave()


def test_a_newcomers_first_five_minutes(start: Start) -> None:
    you = start("newcomer", Settings())
    window, playhead = you.window, you.session.playhead
    window.guide.welcome()
    you.until(window.guide.tour.isVisible)
    you.lived(12)
    for step in range(5):
        you.shoot(f"tour-{step + 1}")
        you.press(Key.Key_Right)
    you.until(lambda: not window.guide.tour.isVisible())
    assert playhead.playback.state is State.FOLLOWING, "the agent went on meanwhile"

    you.press(Key.Key_Space)
    rested = playhead.index
    you.press(Key.Key_Left)
    you.press(Key.Key_Left)
    assert playhead.index == rested - 2
    you.press(Key.Key_3)
    you.until(lambda: you.session.dreaming.future is not None and window.film.isVisible())
    you.shoot("future")
    QTest.keyClicks(you.keyboard, "?")
    you.until(window.shortcuts.isVisible)
    you.shoot("shortcuts")
    you.press(Key.Key_Escape)
    you.press(Key.Key_K, CTRL)
    you.until(window.commands.isVisible)
    QTest.keyClicks(you.keyboard, "glos")
    you.shoot("palette")
    you.press(Key.Key_Return)
    you.until(window.glossary.isVisible)
    you.shoot("glossary", "glossary")
    window.docks.by_id["glossary"].close()
    window.activateWindow()
    you.press(Key.Key_F)
    you.until(lambda: playhead.at_live_edge)
    you.shoot("live")


def test_a_researcher_holds_a_dream_against_its_fork(start: Start) -> None:
    you = start("researcher")
    window, session = you.window, you.session
    you.lived(25)
    you.press(Key.Key_Space)
    you.press(Key.Key_Home)
    for _ in range(4):
        you.press(Key.Key_Right)
    you.press(Key.Key_3)
    you.until(lambda: session.dreaming.future is not None and session.dreaming.future.key.index == 4)
    you.until(lambda: (forked := session.dreaming.fork(session.dreaming.future.key)) is not None and forked.fork)
    you.shoot("future-and-fork")
    fork = session.dreaming.fork(session.dreaming.future.key).fork
    taken = session.dreaming.future.dream.actions[0, : len(fork.frames)]
    reel = session.playhead.reel
    went_alike = 0
    while went_alike < len(taken) and taken[went_alike] == reel.moments[4 + went_alike].step.action:
        went_alike += 1
    for ahead in range(went_alike):
        assert np.array_equal(fork.frames[ahead], reel.moments[5 + ahead].step.frame), "the fork is reality"
    you.press(Key.Key_D)
    you.until(window.difference.isVisible)
    you.shoot("difference")
    you.press(Key.Key_D)
    you.press(Key.Key_2)
    you.until(lambda: session.playhead.moment.blind is not None)
    assert session.dreaming.mode is DreamMode.DREAM
    you.shoot("dream")
    you.press(Key.Key_W)
    you.until(lambda: session.questions.newest_answer(WhatIfQuestion) is not None)
    you.shoot("what-if", "what_if")
    you.press(Key.Key_W)


def test_a_person_plays_reality_the_dream_and_against_the_agent(start: Start) -> None:
    you = start("player", level=SHORT_LEVEL)
    session = you.session
    playhead = session.playhead
    you.lived(10)
    you.press(Key.Key_P)
    assert session.part.role is Role.REALITY
    number = playhead.reels[-1].number
    QTest.keyPress(you.keyboard, Key.Key_Right)
    you.until(lambda: any(m.step.by_person and m.step.action == RIGHT for m in playhead.reels[-1].moments))
    you.shoot("reality")
    QTest.keyRelease(you.keyboard, Key.Key_Right)
    you.press(Key.Key_Escape)
    assert session.part.role is Role.WATCHING and playhead.reels[-1].number == number, "nothing was begun anew"

    playhead.seek(6)
    you.press(Key.Key_P, SHIFT)
    assert session.part.role is Role.DREAM
    QTest.keyPress(you.keyboard, Key.Key_Right)
    you.until(lambda: (dream := session.part.dream) is not None and (len(dream.steps) >= 8 or dream.ended))
    you.shoot("dream")
    QTest.keyRelease(you.keyboard, Key.Key_Right)
    you.press(Key.Key_Escape)
    you.until(lambda: session.part.role is Role.WATCHING)
    you.press(Key.Key_R, SHIFT)
    you.until(lambda: (key := session.dreaming.future_key) is not None and key.kind == "played")
    played = session.dreaming.future_key
    you.until(lambda: session.dreaming.fork(played) is not None)
    you.shoot("what-really-happened")

    playhead.seek(4)
    you.press(Key.Key_D, SHIFT)
    you.until(lambda: session.part.role is Role.DUEL)
    assert playhead.index == 4
    for _ in range(3):
        playhead.faster()
    QTest.keyPress(you.keyboard, Key.Key_Right)
    QTest.keyPress(you.keyboard, Key.Key_Up)
    you.until(lambda: playhead.reel is not None and playhead.reel.last >= 12)
    you.shoot("duel")
    you.until(lambda: session.part.role is Role.WATCHING)
    mine = playhead.reel
    assert mine is not None and mine.outcome == "lost" and mine.played == [(4, mine.last - 1)], "into the first pit"
    you.until(lambda: you.window.findChildren(DuelResult))
    (result,) = you.window.findChildren(DuelResult)
    rival = next(reel for reel in playhead.reels if reel.number == mine.number + 1)
    assert rival.outcome is not None and not rival.played
    assert "You win" not in result.title.text()
    you.until(result.isVisible)
    you.shoot("duel-result", dialog=result)
    result.watch[0].click()
    assert playhead.reel is mine and playhead.playback.state is State.PLAYING
    result.close()


def test_an_episode_is_saved_exported_and_opened_again(start: Start, tmp_path: Path) -> None:
    you = start("files")
    window, session = you.window, you.session
    playhead = session.playhead
    you.lived(6)
    you.press(Key.Key_P)
    QTest.keyPress(you.keyboard, Key.Key_Right)
    you.lived(16)
    QTest.keyRelease(you.keyboard, Key.Key_Right)
    you.press(Key.Key_Escape)
    you.press(Key.Key_Space)
    playhead.seek(8)
    lived = playhead.reel
    assert lived is not None and lived.played
    recording, picture, curves = (tmp_path / f"Übung 1{ending}" for ending in (".episode", ".png", ".csv"))
    for key, file in ((Key.Key_S, recording), (Key.Key_E, picture), (Key.Key_E, curves)):
        you.press(key, CTRL)
        you.choose(file)
        you.until(file.exists)
        you.until(lambda file=file: f"Saved {file}" in window.notice.text)
    you.shoot("saved")
    drawn = QImage(str(picture))
    assert drawn.width() >= 512 and len({drawn.pixel(x, drawn.height() // 3) for x in range(drawn.width())}) > 8
    assert len(curves.read_text().splitlines()) == len(lived) + 1
    if FOLDER:
        shutil.copy(picture, Path(FOLDER) / f"export-{window.width()}.png")

    you.press(Key.Key_O, CTRL)
    you.choose(recording)
    you.until(lambda: playhead.reel is not lived)
    again = playhead.reel
    assert again is not None and again.number < 0 and playhead.playback.state is State.PAUSED
    (played,) = again.played
    assert played[0] == lived.played[0][0] and played[1] >= 14, "what a person played is marked again"
    assert all(np.array_equal(a.step.frame, b.step.frame) for a, b in zip(again.moments, lived.moments, strict=False))
    you.press(Key.Key_3)
    you.until(lambda: (key := session.dreaming.future_key) is not None and session.dreaming.fork(key) is not None)
    you.shoot("opened-again")
    damaged = tmp_path / "damaged.episode"
    damaged.write_bytes(recording.read_bytes()[:100])
    you.press(Key.Key_O, CTRL)
    you.choose(damaged)
    you.until(lambda: "damaged.episode: is damaged" in window.notice.text)
    assert playhead.reel is again, "what was on show stays"
    you.shoot("refused")
