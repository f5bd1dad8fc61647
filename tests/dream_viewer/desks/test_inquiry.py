"""One panel's questions: asked while somebody looks, answered by what fits, never more often than is of use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dream_viewer.desks.inquiry import PERIOD, Inquiry
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import Question
from tests.dream_viewer.window import Desk, Make
from trainer.episode import Moment


@dataclass(frozen=True, slots=True)
class Colour(Question):
    """A question of this test."""

    shade: int


class Panel:
    """Keeps what it is shown."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.open, self.shade, self.now = desk, True, 3, 0.0
        self.shown: list[tuple[Colour | None, Any]] = []
        self.inquiry = Inquiry(
            desk.session,
            lambda: self.open,
            self._question,
            lambda question, answer: self.shown.append((question, answer)),
            desk.window,
            clock=lambda: self.now,
        )

    def _question(self, reel: Reel, index: int, moment: Moment) -> Colour:
        return Colour(reel.number, index, reel.generation, moment, reel.episode, self.shade)

    @property
    def asked(self) -> list[Colour]:
        return [arguments[0] for arguments in self.desk.player.asked("ask")]

    def answer(self, question: Colour, answer: str) -> None:
        self.desk.player.tell(Answered(question, answer))
        self.desk.session.tick()


@pytest.fixture
def panel(made: Make) -> Panel:
    desk = made()
    desk.live(5)
    return Panel(desk)


def test_at_rest_each_moment_is_asked_about_once_and_its_answer_shown_again_at_once(panel: Panel) -> None:
    panel.desk.session.playhead.pause()
    panel.desk.player.commands.clear()
    panel.desk.session.playhead.seek(2)
    (question,) = panel.asked
    assert question.index == 2
    assert panel.shown[-1] == (question, None)
    panel.answer(question, "green")
    assert panel.shown[-1] == (question, "green")

    panel.desk.session.playhead.seek(3)
    assert [asked.index for asked in panel.asked] == [2, 3]
    panel.desk.session.playhead.seek(2)
    assert panel.shown[-1] == (question, "green")
    assert [asked.index for asked in panel.asked] == [2, 3]


def test_while_the_cursor_moves_an_answer_is_shown_though_late_and_stays_until_another_is_due(panel: Panel) -> None:
    panel.desk.live(1, start=5)
    (first,) = panel.asked
    panel.desk.live(1, start=6)
    assert panel.asked == [first]
    panel.answer(first, "green")
    assert panel.shown[-1] == (first, "green")

    panel.now += PERIOD
    panel.desk.live(1, start=7)
    assert [asked.index for asked in panel.asked] == [5, 7]
    assert panel.shown[-1] == (first, "green")
    panel.answer(panel.asked[-1], "red")
    assert panel.shown[-1] == (panel.asked[-1], "red")


def test_an_answer_that_takes_longer_than_it_is_until_the_next_question_is_shown(panel: Panel) -> None:
    panel.desk.live(1, start=5)
    for later in range(6, 9):
        panel.now += PERIOD
        panel.desk.live(1, start=later)
    assert len(panel.asked) == 4 and panel.shown[-1][1] is None
    panel.answer(panel.asked[0], "green")
    assert panel.shown[-1] == (panel.asked[0], "green")
    panel.desk.live(1, start=9)
    assert panel.shown[-1] == (panel.asked[0], "green")


def test_a_closed_panel_asks_nothing_and_an_opened_one_at_once(panel: Panel) -> None:
    panel.open = False
    panel.desk.session.playhead.seek(2)
    assert panel.asked == []
    assert panel.shown == []
    panel.open = True
    panel.inquiry.renew()
    assert [asked.index for asked in panel.asked] == [2]


def test_where_there_is_nothing_to_ask_the_panel_is_told_so(panel: Panel) -> None:
    panel.desk.live_to_the_end(3, number=1)
    assert panel.desk.session.playhead.moment is not None
    assert panel.desk.session.playhead.moment.step.is_last
    assert panel.shown[-1] == (None, None)
