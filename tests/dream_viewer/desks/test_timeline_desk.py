"""When the timeline is drawn: with every frame, but for an agent that is followed beside a training."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.orders import TrainingRequest
from tests.dream_viewer.window import Desk, Make
from trainer.config import Config
from trainer.events import Started


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.session.start()
    desk.session.playhead.follow()
    desk.live(3)
    return desk


def _drawn(desk: Desk) -> int:
    return len(desk.window.timeline._course.values)


def test_without_a_training_every_frame_is_drawn_at_once(desk: Desk) -> None:
    for count in range(3, 8):
        desk.live(1, start=count)
        assert _drawn(desk) == count + 1


def test_beside_a_training_what_comes_soon_is_drawn_together_and_a_pause_draws_at_once(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.session.start_training(TrainingRequest(Config()))
    desk.trainer.happened.emit(Started("/runs/one", 0, 0, 100, "cpu"))
    for count in range(3, 8):
        desk.live(1, start=count)
    assert _drawn(desk) == 3
    qtbot.waitUntil(lambda: _drawn(desk) == 8)

    desk.live(1, start=8)
    desk.session.playhead.pause()
    assert _drawn(desk) == 9
