"""The 512x512 view: asked for only when seen, and kept."""

from __future__ import annotations

import threading

import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.pictures import packed as packed_module
from tests.dream_viewer.feed import (
    arrival,
    moment,
    picture,
)
from tests.dream_viewer.stage import Stage, end


def test_pictures_are_asked_only_when_seen_and_kept(stage: Stage, qtbot: QtBot) -> None:
    stage.live(3)
    stage.session.playhead.seek(1)
    assert stage.player.asked("ask_picture") == [] and stage.session.human_view.picture is None
    stage.session.human_view.set_visible(True)
    assert stage.player.asked("set_human_wanted")[-1] == (True,)
    assert [(number, index) for number, index, _ in stage.player.asked("ask_picture")] == [(0, 1)]
    with qtbot.waitSignal(stage.session.human_view.changed), qtbot.assertNotEmitted(stage.session.playhead.changed):
        stage.tell(picture(1))
    assert stage.session.human_view.picture is not None and stage.session.human_view.picture.shape == (512, 512, 3)
    stage.session.playhead.seek(0)
    stage.session.playhead.seek(1)
    assert [index for _, index, _ in stage.player.asked("ask_picture")] == [1, 0]


def test_while_following_a_picture_that_was_not_drawn_is_stood_in_for(stage: Stage) -> None:
    stage.session.human_view.set_visible(True)
    stage.tell(arrival([moment(0)]), picture(0))
    stage.live(1, start=1)
    assert stage.session.human_view.picture is not None
    assert stage.player.asked("ask_picture") == []
    stage.session.playhead.pause()
    assert stage.session.human_view.picture is None
    assert [index for _, index, _ in stage.player.asked("ask_picture")] == [1]


def test_an_end_step_shows_its_last_picture(stage: Stage) -> None:
    stage.session.human_view.set_visible(True)
    stage.tell(arrival([moment(0)]), picture(0))
    stage.tell(arrival([end()], 1, outcome="won"))
    stage.session.playhead.pause()
    assert stage.session.human_view.picture is not None and stage.player.asked("ask_picture") == []


@pytest.mark.parametrize("way", [(0, 1, 2), (2, 1, 0)])
def test_the_next_picture_on_the_way_is_unpacked_ahead(
    stage: Stage, way: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.session.human_view.set_visible(True)
    stage.live(3)
    stage.tell(*(picture(index) for index in range(3)))
    waiting = []

    def noted(packed: bytes) -> object:
        waiting.append(threading.current_thread() is threading.main_thread())
        return unpack(packed)

    unpack = packed_module.unpack_picture
    monkeypatch.setattr(packed_module, "unpack_picture", noted)
    stage.session.playhead.seek(way[0])
    stage.session.playhead.seek(way[1])
    assert stage.session.human_view.picture is not None
    waiting.clear()
    stage.session.playhead.seek(way[2])
    assert stage.session.human_view.picture is not None
    assert True not in waiting
