"""Many dreams, from the Moment under the cursor to one of them in the panes."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.desks.many_dreams_desk import OVER, WAITING
from dream_viewer.episodes.returns import fan_band
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import ManyDreamsQuestion, WhatIfQuestion
from dream_viewer.settings import Settings
from dream_viewer.state.dreaming import DreamMode
from tests.dream_viewer.feed import forked, future, many_dreams, what_if
from tests.dream_viewer.window import Desk, Make, at_rest


@pytest.fixture
def desk(made: Make) -> Desk:
    return at_rest(made())


def asked(desk: Desk) -> list[ManyDreamsQuestion]:
    return [arguments[0] for arguments in desk.player.asked("ask") if isinstance(arguments[0], ManyDreamsQuestion)]


def opened(desk: Desk, branches: int = 16) -> Desk:
    desk.window.actions_by_id["many"].setChecked(True)
    desk.player.tell(Answered(asked(desk)[-1], many_dreams(branches)))
    desk.session.tick()
    return desk


def test_it_asks_only_while_somebody_looks(desk: Desk) -> None:
    assert not asked(desk)
    panel = desk.window.many_panel
    desk.window.actions_by_id["many"].setChecked(True)
    assert panel.title == WAITING and panel.sheet is None
    assert (asked(desk)[0].index, asked(desk)[0].horizon, asked(desk)[0].branches) == (4, 15, 16)
    opened(desk)
    sheet, answer = panel.sheet, many_dreams()
    assert sheet is not None and panel.title.startswith("16 dreams from step 4 differ by")
    assert sheet.branches == tuple(range(15, -1, -1)), "the most promising one first"
    assert np.array_equal(sheet.frames[0], answer.dream.frames[15])
    assert np.array_equal(sheet.band, fan_band(answer.dream, desk.session.casting.agent.discount))
    assert sheet.ends[-1] == 5 and not any(sheet.ends[:-1])
    assert panel.ahead == 14, "where they disagree most, before anybody chose"


def test_a_click_plays_one_of_them_and_asks_for_its_truth(desk: Desk, qtbot: QtBot) -> None:
    session, window = opened(desk).session, desk.window
    window.show()
    panel = window.many_panel
    qtbot.mouseClick(panel.surface, Qt.MouseButton.LeftButton, pos=panel.place_of(3).center())
    key, shown = session.dreaming.future_key, window.pictures.future
    assert key is not None and (key.kind, key.branch, key.index) == ("many", 3, 4)
    assert shown is not None and np.array_equal(shown.dream.frames[0], many_dreams().dream.frames[3])
    assert session.dreaming.mode is DreamMode.FUTURE and window.many.chosen == 3
    assert desk.player.asked("ask_fork")[-1][0] == key
    assert window.film.film is not None and "dream 4 of many" in window.film.film.imagined_title
    session.playhead.seek(2)
    assert window.many.chosen is None


def test_the_slider_and_the_strip_show_the_same_frame(desk: Desk) -> None:
    window, session = opened(desk).window, desk.session
    assert session.dreaming.future_key is not None
    desk.player.tell(future=future(session.dreaming.future_key))
    session.tick()
    window.pictures.look_at(3)
    assert window.many_panel.ahead == 3
    window.many_panel.looked.emit(8)
    assert window.pictures.ahead == 8 and window.many_panel.ahead == 8
    window.many_panel.looked.emit(8)
    window.pictures.look_by(1)
    assert window.many_panel.ahead == 9, "asked for twice it stays all the same"
    session.playhead.seek(3)
    assert window.many_panel.ahead == 9, "what another moment's future shows does not matter"


def test_how_many_is_chosen_and_remembered(made: Make) -> None:
    desk = at_rest(made(Settings(many_dreams=4)))
    desk.window.actions_by_id["many"].setChecked(True)
    assert asked(desk)[-1].branches == 4
    desk.window.many_panel.count_chosen.emit(32)
    assert asked(desk)[-1].branches == 32 and desk.window.settings_now().many_dreams == 32


def test_among_other_dreams_one_of_the_same_place_is_another(desk: Desk) -> None:
    window, session = opened(desk, 16).window, desk.session
    window.many.play(9)
    few = session.dreaming.future_key
    desk.player.tell(forked(few))
    session.tick()
    window.many_panel.count_chosen.emit(8)
    opened(desk, 8)
    assert window.many.chosen is None and window.many_panel.surface.picked is None
    window.actions_by_id["branch_forward"].trigger()
    assert window.many.chosen == 7
    window.many_panel.count_chosen.emit(32)
    opened(desk, 32)
    window.many.play(9)
    many = session.dreaming.future_key
    assert few is not None and many is not None and few != many and many.branch == 9
    assert session.dreaming.fork(many) is None and desk.player.asked("ask_fork")[-1][0] == many


def test_the_keys_go_through_the_panel_whose_branch_is_on_show(desk: Desk) -> None:
    window = opened(desk).window
    window.actions_by_id["branch_forward"].trigger()
    window.actions_by_id["branch_forward"].trigger()
    assert window.many.chosen == 14
    window.actions_by_id["what_if"].setChecked(True)
    question = next(q for (q, *_) in reversed(desk.player.asked("ask")) if isinstance(q, WhatIfQuestion))
    desk.player.tell(Answered(question, what_if()))
    desk.session.tick()
    window.actions_by_id["branch_back"].trigger()
    assert window.many.chosen == 15
    window.what_if.play(0)
    window.actions_by_id["branch_forward"].trigger()
    assert window.what_if.chosen == 2 and window.many.chosen is None


def test_after_the_end_there_is_nothing_to_dream_of(made: Make) -> None:
    desk = made()
    desk.live_to_the_end(4)
    desk.session.playhead.seek(3)
    panel = opened(desk).window.many_panel
    assert panel.sheet is not None
    desk.session.playhead.seek(4)
    assert panel.title == OVER and panel.sheet is None
    panel.grab()
