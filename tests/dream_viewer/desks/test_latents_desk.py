"""What the latent panel asks, and how classes set by hand come and go."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import InsightQuestion, Question, TouchQuestion
from tests.dream_viewer.feed import agent_info, arrival, end_moment, frame, moment
from tests.dream_viewer.window import Desk, Make
from trainer.episode import Insight, Touched


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.live(5)
    desk.session.playhead.pause()
    desk.window.actions_by_id["latents"].setChecked(True)
    return desk


def asked(desk: Desk, kind: type[Question]) -> list[Question]:
    return [question for question, _ in desk.player.asked("ask") if isinstance(question, kind)]


def answer(desk: Desk, question: Question, result: object) -> None:
    desk.player.tell(Answered(question, result))
    desk.session.tick()


def inside() -> Insight:
    shares = np.full((4, 4), 0.25, np.float32)
    return Insight(shares, shares, np.zeros(4, np.uint8), np.zeros((8, 1), np.float32))


def test_it_asks_only_while_somebody_looks_and_shows_the_state_at_the_cursor(desk: Desk) -> None:
    panel = desk.window.latents
    assert panel.messages() == ["on its way…"] * 3
    (question,) = asked(desk, InsightQuestion)
    assert isinstance(question, InsightQuestion) and question.index == 4
    assert question.before is desk.session.playhead.reel.moments[3]
    answer(desk, question, inside())
    assert panel.messages() == [""] * 3 and panel.frames[0] is question.moment.reading.belief
    assert asked(desk, TouchQuestion) == [], "nothing is set: there is nothing to decode"
    desk.session.playhead.go_first()
    first = asked(desk, InsightQuestion)[-1]
    assert isinstance(first, InsightQuestion) and first.before is None
    desk.window.actions_by_id["latents"].setChecked(False)
    desk.session.playhead.seek(2)
    assert asked(desk, InsightQuestion)[-1] is first


def test_classes_set_by_hand_add_up_stay_as_the_cursor_moves_and_are_undone(desk: Desk) -> None:
    by_id, panel = desk.window.actions_by_id, desk.window.latents
    assert not by_id["untouch"].isEnabled() and not by_id["untouch_all"].isEnabled()
    panel.set_asked.emit(2, 3)
    panel.set_asked.emit(0, 1)
    last = asked(desk, TouchQuestion)[-1]
    assert isinstance(last, TouchQuestion) and last.touches == ((0, 1), (2, 3))
    answer(desk, last, Touched(frame(33), 2.5))
    assert panel.frames[1] is not None and panel.words == (
        "Value 5.00 \u2192 2.50. Set by hand: latent 0 to class 1, latent 2 to class 3"
    )
    desk.session.playhead.step_by(-1)
    assert panel.frames[1] is None and asked(desk, TouchQuestion)[-1] == replace(last, index=3)
    desk.session.playhead.step_by(1)
    assert panel.frames[1] is not None, "what was answered once is shown at once"

    by_id["untouch"].trigger()
    assert asked(desk, TouchQuestion)[-1].touches == ((2, 3),)
    by_id["untouch_all"].trigger()
    assert panel.frames[1] is None and "Click a class" in panel.words
    by_id["untouch"].trigger()
    assert desk.window.latents_desk.touches == ((2, 3),), "a reset can be undone"
    panel.set_asked.emit(2, 3)
    assert desk.window.latents_desk.touches == (), "the class that is set is given back"


def test_another_agent_s_classes_mean_other_things_but_not_those_of_the_same_training(desk: Desk) -> None:
    desk.window.latents.set_asked.emit(2, 3)
    for name, training, kept in (("run", True, False), ("run", True, True), ("other", False, False)):
        desk.player.tell(Opened(agent_info(name, 2, training)))
        desk.session.tick()
        assert bool(desk.window.latents_desk.touches) == kept
        desk.window.latents_desk.reset()
        desk.window.latents.set_asked.emit(1, 1)


def test_an_end_step_has_no_state_and_neither_has_what_other_weights_read(desk: Desk) -> None:
    desk.player.tell(Opened(replace(agent_info("leaping", 2), game="leaper")))
    desk.session.tick()
    desk.session.playhead.seek(2)
    desk.window.actions_by_id["what_if"].setChecked(True)
    assert desk.window.latents.messages() == [desk.window.what_if_panel.verdict] * 3
    assert desk.window.latents.messages()[0] == "The agent on show has not read this moment."
    desk.player.tell(arrival([moment(5), end_moment()], 5, outcome="won"))
    desk.session.tick()
    desk.session.playhead.seek(6)
    assert desk.window.latents.messages()[0] == "end (Procgen shows no last frame)", "another reason, another word"
    desk.live_to_the_end(3, number=1)
    desk.session.playhead.follow()
    desk.session.playhead.pause()
    desk.session.tick()
    assert desk.session.playhead.moment.step.is_last
    assert desk.window.latents.messages() == ["end (Procgen shows no last frame)"] * 3
