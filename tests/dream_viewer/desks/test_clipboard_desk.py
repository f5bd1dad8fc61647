"""The clipboard: the picture on show, and links that lead back to a Moment or let the agent play up to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QInputDialog

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.words.link import Link
from tests.dream_viewer.feed import agent_info, arrival, end_moment, moment
from tests.dream_viewer.window import Desk, Make

HASH = "0123456789abcdef"
LINK = Link("coinrun", "easy", "unseen", 77, 3, HASH)


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.player.tell(Opened(replace(agent_info(), fingerprint=HASH)))
    desk.session.tick()
    return desk


def copied() -> str:
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    return clipboard.text()


def live_on(desk: Desk, count: int, number: int, start: int = 0, seed: int = 77) -> None:
    moments = [moment(start + i, level_seed=seed) for i in range(count)]
    desk.player.tell(arrival(moments, start, number))
    desk.session.tick()


def where(desk: Desk) -> tuple[int, int]:
    assert desk.session.playhead.reel is not None
    return desk.session.playhead.reel.number, desk.session.playhead.index


def test_a_link_to_a_moment_that_is_kept_leads_back_to_it(desk: Desk) -> None:
    live_on(desk, 5, 0)
    desk.session.playhead.seek(3)
    desk.window.actions_by_id["copy_link"].trigger()
    assert copied() == LINK.text
    live_on(desk, 4, 1, seed=78)
    desk.session.playhead.follow()
    assert where(desk) == (1, 3)
    desk.window.actions_by_id["go_to"].trigger()
    dialog = desk.window.findChild(QInputDialog)
    assert dialog is not None and dialog.textValue() == LINK.text, "offered from the clipboard"
    dialog.textValueSelected.emit(dialog.textValue())
    dialog.close()
    assert where(desk) == (0, 3) and desk.session.playhead.playback.state is State.PAUSED
    assert desk.player.asked("new_level") == []


def test_a_level_that_is_not_kept_is_played_up_to_the_step(desk: Desk) -> None:
    live_on(desk, 2, 0, seed=5)
    desk.window.clipboard.go_to(LINK.text)
    assert desk.player.asked("new_level") == [(LevelChoice("unseen", 77),)]
    assert "level 77 of coinrun up to step 3" in desk.window.notice.text
    assert "another checkpoint" not in desk.window.notice.text
    live_on(desk, 3, 1)
    assert desk.session.playhead.playback.state is State.FOLLOWING
    live_on(desk, 3, 1, start=3)
    assert where(desk) == (1, 3) and desk.session.playhead.playback.state is State.PAUSED
    desk.session.playhead.follow()
    live_on(desk, 2, 1, start=6)
    assert where(desk) == (1, 7), "it stops there once"


def test_an_episode_that_ends_before_is_told(desk: Desk) -> None:
    live_on(desk, 1, 0, seed=5)
    desk.window.clipboard.go_to(replace(LINK, step=30).text)
    desk.player.tell(arrival([moment(0, level_seed=77), end_moment(level_seed=77)], 0, 1, "won"))
    desk.session.tick()
    assert where(desk) == (1, 1) and "ended at step 1" in desk.window.notice.text


def test_who_stops_by_hand_is_left_alone(desk: Desk) -> None:
    live_on(desk, 1, 0, seed=5)
    desk.window.clipboard.go_to(LINK.text)
    live_on(desk, 2, 1)
    desk.session.playhead.pause()
    desk.session.playhead.follow()
    live_on(desk, 4, 1, start=2)
    assert where(desk) == (1, 5)


def test_another_game_or_another_checkpoint(desk: Desk) -> None:
    live_on(desk, 1, 0, seed=5)
    desk.window.clipboard.go_to(replace(LINK, game="maze", checkpoint="f" * 16).text)
    path = Path("/checkpoints/coinrun-12m.safetensors")
    assert desk.player.asked("open_checkpoint") == [(path, LevelChoice("unseen", 77), "easy", "maze")]
    assert "another checkpoint" in desk.window.notice.text
    desk.player.tell(Opened(agent_info(generation=2, training=True)), Opened(replace(agent_info(), path=None)))
    desk.session.tick()
    desk.window.clipboard.go_to(replace(LINK, game="maze").text)
    assert "open a checkpoint of maze" in desk.window.notice.text


def test_what_is_no_link_and_what_has_no_moment(desk: Desk) -> None:
    desk.window.clipboard.go_to("somewhere")
    assert "no link" in desk.window.notice.text
    desk.window.clipboard.copy_link()
    assert "no moment" in desk.window.notice.text


def test_without_an_agent_there_is_nobody_to_go(made: Make) -> None:
    desk = made()
    desk.window.clipboard.go_to(LINK.text)
    assert "open a checkpoint first" in desk.window.notice.text


def test_the_picture_of_panes_and_timeline_is_copied(desk: Desk) -> None:
    desk.window.show()
    live_on(desk, 3, 0)
    desk.window.actions_by_id["copy_picture"].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    image = clipboard.image()
    shown = desk.window.reality
    corner = shown.mapTo(shown.parentWidget(), shown.rect().center())
    assert image.height() == desk.window.transport.y() and image.width() > 600
    assert image.pixelColor(corner).lightness() > 0
    colours = {image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)}
    assert len(colours) > 10
