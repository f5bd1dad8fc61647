"""The heat-maps over reality: asked for while one is wanted, drawn apart in two colours, with a legend."""

from __future__ import annotations

import numpy as np
import pytest

from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import SaliencyQuestion
from dream_viewer.pictures.saliency_view import FAINTEST, LOWERS, RAISES, overlaid, saliency_view
from dream_viewer.settings import Settings
from tests.dream_viewer.feed import frame, moment
from tests.dream_viewer.window import Desk, Make
from trainer.saliency import COUNT, Saliency


def effects(up: float, down: float) -> np.ndarray:
    found = np.zeros((64, 64), np.float32)
    found[10, 10], found[50, 50] = up, -down
    return found


def spots(up: float, down: float) -> np.ndarray:
    found = np.zeros(COUNT, np.float32)
    found[5 * 16 + 5], found[9 * 16 + 9] = up, -down
    return found


FOUND = Saliency(spots(0.4, 0.1), spots(0.2, 1.5))


def test_colours_are_full_at_the_strongest_spot_and_faint_where_nothing_matters() -> None:
    picture = overlaid(frame(0), effects(0.4, 0.4))
    assert tuple(picture[10, 10]) == RAISES and tuple(picture[50, 50]) == LOWERS
    assert np.ptp(picture[30, 60].astype(int)) == 0, "the rest is grey"
    faint = overlaid(frame(0), effects(FAINTEST / 10, 0)).astype(int)
    assert 0 < np.ptp(faint[10, 10]) < 30


def test_the_legend_tells_method_colours_and_strength() -> None:
    here = moment(3, action=7)
    value = saliency_view(here, FOUND, "value", 0)
    assert value.caption == "Value, by blurring: blue +0.40, orange \u22120.10"
    choice = saliency_view(here, FOUND, "choice", 2)
    assert choice.caption == "Choice, by blurring: blue +0.20, orange \u22121.50 nats, 2 steps ago"
    assert choice.shorter[0] == "Choice, 2 steps ago: blue +0.20, orange \u22121.50 nats", (
        "it stays known how late it is"
    )
    assert value.shorter[0] == "Value, blurred: blue +0.40, orange \u22120.10"
    assert "probability of right" in choice.hint
    assert saliency_view(here, None, "value", 0).caption.endswith("on its way")
    blue, orange, bare = (value.frame[y, x].astype(int) for y, x in ((22, 22), (38, 38), (22, 60)))
    assert (blue - bare)[2] > 50 and (orange - bare)[0] > 50 and np.ptp(bare) == 0
    nothing = Saliency(spots(0, 0), spots(0, 0))
    assert saliency_view(here, nothing, "value", 0).caption == "Value, by blurring: no spot changes it"


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.live(6)
    desk.session.playhead.pause()
    return desk


def questions(desk: Desk) -> list[SaliencyQuestion]:
    return [asked[0] for asked in desk.player.asked("ask") if isinstance(asked[0], SaliencyQuestion)]


def answer(desk: Desk, question: SaliencyQuestion) -> None:
    desk.player.tell(Answered(question, FOUND))
    desk.session.tick()


def test_one_question_serves_both_maps_and_they_exclude_each_other(desk: Desk) -> None:
    window, actions = desk.window, desk.window.actions_by_id
    plain = window.reality.caption
    assert questions(desk) == []
    actions["value_map"].trigger()
    assert "on its way" in window.reality.caption
    (question,) = questions(desk)
    assert (question.index, question.action) == (5, 7)
    answer(desk, question)
    assert window.reality.caption.startswith("Value, by blurring: blue +0.40")
    assert window.settings_now().heat_map == "value"

    actions["choice_map"].trigger()
    assert not actions["value_map"].isChecked()
    assert window.reality.caption.startswith("Choice, by blurring: blue +0.20")
    assert len(questions(desk)) == 1
    actions["choice_map"].trigger()
    assert window.reality.caption == plain and window.settings_now().heat_map == ""


def test_it_goes_with_the_cursor_and_gives_way_to_what_has_no_map(desk: Desk) -> None:
    desk.window.actions_by_id["value_map"].trigger()
    answer(desk, questions(desk)[-1])
    desk.session.playhead.seek(2)
    assert "on its way" in desk.window.reality.caption
    assert questions(desk)[-1].index == 2
    desk.live_to_the_end(3, number=1)
    desk.session.playhead.follow()
    assert desk.window.reality.caption.startswith("Reality: the last frame")


def test_it_is_remembered(made: Make) -> None:
    desk = made(Settings(heat_map="choice"))
    assert desk.window.actions_by_id["choice_map"].isChecked() and desk.window.saliency.origins == "choice"
