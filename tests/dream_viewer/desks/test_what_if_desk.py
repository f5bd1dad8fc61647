"""What if, from the Moment under the cursor to a branch in the panes."""

from __future__ import annotations

import pytest
from PyQt6.QtCore import Qt
from pytestqt.qtbot import QtBot

from dream_viewer.desks.what_if_desk import OVER, WAITING
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import WhatIfQuestion
from dream_viewer.state.dreaming import DreamMode
from tests.dream_viewer.feed import what_if
from tests.dream_viewer.window import Desk, Make, at_rest
from trainer.branches import WhatIf


@pytest.fixture
def desk(made: Make) -> Desk:
    return at_rest(made())


def asked(desk: Desk) -> list[WhatIfQuestion]:
    return [arguments[0] for arguments in desk.player.asked("ask") if isinstance(arguments[0], WhatIfQuestion)]


def answer(desk: Desk, found: WhatIf) -> None:
    desk.player.tell(Answered(asked(desk)[-1], found))
    desk.session.tick()


def opened(desk: Desk) -> Desk:
    desk.window.actions_by_id["what_if"].setChecked(True)
    answer(desk, what_if())
    return desk


def names(desk: Desk) -> list[str]:
    return [card.name for card in desk.window.what_if_panel.cards]


def test_it_asks_only_while_somebody_looks(desk: Desk) -> None:
    assert not asked(desk)
    desk.window.actions_by_id["what_if"].setChecked(True)
    panel = desk.window.what_if_panel
    assert panel.verdict == WAITING and panel.cards == ()
    question = asked(desk)[0]
    assert (question.index, question.horizon, question.generation) == (4, 15, 1)
    answer(desk, what_if())
    assert names(desk) == ["up", "right", "left"] and panel.verdict == "Best in the dream: up; in reality: right."
    desk.session.playhead.seek(2)
    assert panel.verdict == WAITING and len(panel.cards) == 3, "the cards stay, faint, until others come"
    assert asked(desk)[-1].index == 2


def test_a_click_plays_a_branch_and_its_truth_until_the_cursor_moves(desk: Desk, qtbot: QtBot) -> None:
    session, window = opened(desk).session, desk.window
    panel = window.what_if_panel
    panel.surface.resize(640, 400)
    qtbot.mouseClick(panel.surface, Qt.MouseButton.LeftButton, pos=panel.place_of(1).center())
    future, key = session.dreaming.future, session.dreaming.future_key
    assert future is not None and key is not None and (key.kind, key.branch, key.index) == ("what if", 7, 4)
    assert session.dreaming.mode is DreamMode.FUTURE and window.pictures.future is future
    forked = session.dreaming.fork(key)
    assert forked is not None and forked.fork is not None and forked.fork.outcome == "won"
    assert not any(
        call[0].kind == "what if" for call in desk.player.asked("ask_future") + desk.player.asked("ask_fork")
    )
    film = window.film.film
    assert film is not None and film.imagined_title.startswith("Imagined, if it were right")
    assert film.real[4].word == "won"
    assert window.what_if.chosen == 1
    session.playhead.seek(3)
    assert (
        session.dreaming.future_key is not None
        and session.dreaming.future_key.kind == "policy"
        and window.what_if.chosen is None
    )


def test_another_future_or_horizon_is_the_policys_own_again(desk: Desk) -> None:
    session, window = opened(desk).session, desk.window
    window.what_if.play(0)
    session.dreaming.another_future()
    assert session.dreaming.future_key is not None and (
        session.dreaming.future_key.kind,
        session.dreaming.future_key.branch,
    ) == ("policy", 1)
    window.what_if.play(0)
    session.dreaming.set_horizon(20)
    assert session.dreaming.future_key is not None and (
        session.dreaming.future_key.kind,
        session.dreaming.future_key.horizon,
    ) == ("policy", 20)
    assert asked(desk)[-1].horizon == 20, "and the branches are asked for as far"


def test_the_keys_play_one_branch_after_the_other(desk: Desk) -> None:
    window = opened(desk).window
    forward, back = (window.actions_by_id[name] for name in ("branch_forward", "branch_back"))
    seen = []
    for action in (forward, forward, forward, forward, back):
        action.trigger()
        seen.append(desk.window.what_if.chosen)
    assert seen == [2, 1, 0, 2, 0], "in the order of the cards, round and round"
    window.actions_by_id["what_if"].setChecked(False)
    assert not forward.isEnabled() and not back.isEnabled()


def test_a_game_that_does_not_repeat_itself_has_dreams_only(desk: Desk) -> None:
    desk.window.actions_by_id["what_if"].setChecked(True)
    answer(desk, what_if(real=None))
    panel = desk.window.what_if_panel
    assert "does not repeat itself" in panel.about and len(panel.cards) == 3
    panel.grab()
    desk.window.what_if.play(2)
    film = desk.window.film.film
    assert film is not None and "does not repeat itself" in film.missing


def test_after_the_end_there_is_nothing_to_try(made: Make) -> None:
    desk = made()
    desk.live_to_the_end(4)
    desk.session.playhead.seek(4)
    desk.window.actions_by_id["what_if"].setChecked(True)
    assert desk.window.what_if_panel.verdict == OVER and not asked(desk)
    desk.session.playhead.seek(3)
    answer(desk, what_if())
    desk.session.playhead.seek(4)
    assert desk.window.what_if_panel.verdict == OVER and desk.window.what_if_panel.cards == ()
