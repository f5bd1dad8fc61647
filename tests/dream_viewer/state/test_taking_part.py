"""A person plays with the bundled agent: in the game, inside its dream, and against it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.main_window import MainWindow
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.pictures.difference import error_percent
from dream_viewer.session import Session
from dream_viewer.settings import Settings
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.duel_result import DuelResult
from dream_viewer.workers.player_worker import PlayerWorker
from dream_viewer.workers.training_worker import TrainingWorker
from trainer.envs.actions import ACTIONS

RIGHT = next(action.index for action in ACTIONS if action.name == "right")
LEVEL = LevelChoice("unseen", 10_003)
WAIT = 60_000


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    if not app.styleSheet():
        theme.apply(app)
    player = PlayerWorker(device="cpu", dtype="float32")
    session = Session(player, TrainingWorker)
    window = MainWindow(session, Settings(speed=4.0, reality_view="agent"))
    qtbot.addWidget(window)
    with as_file(files("resources").joinpath("checkpoints").joinpath("coinrun.safetensors")) as checkpoint:
        player.start()
        session.casting.open_checkpoint(Path(checkpoint), LEVEL)
        session.start()
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        qtbot.waitUntil(lambda: session.playhead.reel is not None and len(session.playhead.reel) > 3, timeout=WAIT)
    yield window
    session.request_stop()
    assert session.wait_stopped(30_000)


def to_the_game(qtbot: QtBot, key: Qt.Key) -> None:
    part = QApplication.focusWidget()
    assert part is not None
    qtbot.keyPress(part, key)


def test_play_then_play_the_dream_then_see_what_really_happens_then_duel(window: MainWindow, qtbot: QtBot) -> None:
    session, shift = window._session, Qt.KeyboardModifier.ShiftModifier
    part = session.part
    qtbot.keyClick(window, Qt.Key.Key_P)
    to_the_game(qtbot, Qt.Key.Key_Right)
    reel = session.playhead.reels[-1]
    qtbot.waitUntil(
        lambda: sum(step.by_person and step.action == RIGHT for step in reel.episode.steps) > 5, timeout=WAIT
    )
    to_the_game(qtbot, Qt.Key.Key_Escape)
    played = max(index for index, step in enumerate(reel.episode.steps) if step.by_person)
    qtbot.waitUntil(lambda: len(reel) > played + 3 or reel.outcome is not None, timeout=WAIT)
    assert not any(step.is_first for step in reel.episode.steps[1:]), "handed back without a reset"

    session.playhead.visit(reel, 2)
    qtbot.keyClick(window, Qt.Key.Key_P, shift)
    to_the_game(qtbot, Qt.Key.Key_Right)
    dream = part.dream
    assert part.role is Role.DREAM and dream is not None and window.dream.origin == "imagined"
    qtbot.waitUntil(lambda: len(dream.steps) > 5, timeout=WAIT)
    to_the_game(qtbot, Qt.Key.Key_Escape)
    assert {step.action for step in dream.steps[2:]} == {RIGHT}

    qtbot.keyClick(window, Qt.Key.Key_R, shift)
    key = session.dreaming.future_key
    assert key is not None and (key.kind, key.horizon, key.index) == ("played", len(dream.steps), 2)
    qtbot.waitUntil(lambda: session.dreaming.fork(key) is not None, timeout=WAIT)
    forked = session.dreaming.fork(key)
    assert forked is not None and forked.fork is not None and window.reality.origin == "forked"
    assert error_percent(forked.fork.frames[0], dream.steps[0].frame) < 12, "a trained model's next frame is near"

    qtbot.keyClick(window, Qt.Key.Key_D, shift)
    qtbot.waitUntil(lambda: part.role is Role.DUEL, timeout=WAIT)
    to_the_game(qtbot, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bool(window.findChildren(DuelResult)), timeout=WAIT)
    rival, mine = session.playhead.reels[-2:]
    assert rival.outcome is not None and mine.outcome is None and mine is session.playhead.reel
    for index in range(3):
        frames = [one.moments[index].step.frame for one in (reel, mine, rival)]
        assert all(np.array_equal(frames[0], frame) for frame in frames)
