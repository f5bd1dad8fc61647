"""The dream horizon in the window: asked for while somebody looks, shown as it comes, gone with the weights."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Reread
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import HorizonQuestion
from dream_viewer.state.dreaming import DreamMode
from tests.dream_viewer.feed import agent_info, end_moment, moment
from tests.dream_viewer.window import Desk
from trainer.horizons import LIMIT, Horizons


class Horizoned(Desk):
    """A window whose player is asked about horizons."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__()
        self.qtbot = qtbot
        qtbot.addWidget(self.window)
        self.window.show()

    @property
    def questions(self) -> list[HorizonQuestion]:
        return [asked[0] for asked in self.player.asked("ask") if isinstance(asked[0], HorizonQuestion)]

    def next_question(self, count: int) -> HorizonQuestion:
        """Wait until so many were asked in all; the last one."""
        self.qtbot.waitUntil(lambda: len(self.questions) >= count)
        assert len(self.questions) == count
        return self.questions[-1]

    def answer(self, question: HorizonQuestion, frames: int = 6) -> None:
        count = len(question.starts)
        found = Horizons(np.array(question.starts), np.full(count, frames), ("reward",) * count)
        self.player.tell(Answered(question, found))
        self.session.tick()

    def trigger(self, name: str) -> None:
        self.window.actions_by_id[name].trigger()


@pytest.fixture
def desk(qtbot: QtBot) -> Horizoned:
    return Horizoned(qtbot)


def test_the_curve_comes_bit_by_bit_and_tells_its_numbers(desk: Horizoned) -> None:
    desk.live_to_the_end(20)
    desk.session.playhead.pause()
    assert desk.questions == [] and not desk.window.horizons._timer.isActive(), "nobody looks: none will be asked"
    desk.trigger("horizon")
    timeline = desk.window.timeline
    assert "dream horizon" in timeline.title and "on its way" in timeline.title
    first = desk.next_question(1)
    desk.answer(first)
    assert "on its way" not in timeline.title
    second = desk.next_question(2)
    assert sorted(first.starts + second.starts) == list(range(20))
    assert "dream holds" not in timeline.numbers(second.starts[0])
    desk.answer(second, 1)
    assert "dream holds 6 (reward off)" in timeline.numbers(first.starts[0])
    assert "dream holds 1 (reward off)" in timeline.numbers(second.starts[0])
    desk.trigger("horizon")
    assert "dream horizon" not in timeline.title and "dream holds" not in timeline.numbers(0)


def test_of_an_episode_that_has_just_begun_it_tells_when_it_can_be_told(desk: Horizoned) -> None:
    desk.live(LIMIT)
    desk.session.playhead.pause()
    desk.trigger("horizon")
    assert f"told {LIMIT} frames later" in desk.window.timeline.title


def test_other_weights_take_the_curve_away_and_are_asked_anew(desk: Horizoned) -> None:
    desk.live_to_the_end(10)
    desk.session.playhead.pause()
    desk.trigger("horizon")
    lost = desk.next_question(1)  # never answered: other weights came
    desk.player.tell(Opened(agent_info("other", 2)))
    desk.session.tick()
    moments = tuple(moment(i, generation=2) for i in range(10))
    desk.player.tell(Reread(0, 2, (*moments, end_moment())))
    desk.session.tick()
    asked = desk.next_question(2)
    assert (lost.generation, asked.generation) == (1, 2)
    desk.answer(asked)
    assert "dream holds 6 " in desk.window.timeline.numbers(0)


def test_the_list_of_episodes_tells_the_mean_of_each(desk: Horizoned) -> None:
    desk.live_to_the_end(8)
    desk.live_to_the_end(9, number=1)
    desk.trigger("episodes")
    assert [row[-1] for row in desk.window.episodes.shown()] == ["\u2013", "\u2013"]
    newest = desk.next_question(1)
    assert newest.number == 1
    desk.answer(newest, 3)
    oldest = desk.next_question(2)
    assert oldest.number == 0
    desk.answer(oldest, 4)
    assert [row[-1] for row in desk.window.episodes.shown()] == ["3.0", "4.0"]


def test_a_held_dream_is_told_from_one_that_met_the_end(desk: Horizoned) -> None:
    timeline = desk.window.timeline
    desk.live_to_the_end(40)
    timeline.show_horizons(Horizons(np.array([2, 20, 36]), np.array([LIMIT, 15, 4]), (None, "end", None)))
    steps, heights = timeline._horizon.getData()
    top = timeline.scale_of_values.high
    assert (steps.tolist(), heights.tolist()) == ([2, 20, 36], [top, top * 15 / LIMIT, top]), (
        "to the end is all there is"
    )
    assert f"dream holds {LIMIT} frames" in timeline.numbers(2)
    assert "dream holds to the end" in timeline.numbers(36)
    assert "dream holds" not in timeline.numbers(3)


def test_how_often_the_dream_looks_is_changed_from_the_keyboard(desk: Horizoned) -> None:
    desk.live(3)
    assert not desk.window.actions_by_id["longer"].isEnabled(), "a belief looks at every frame"
    desk.session.dreaming.set_mode(DreamMode.DREAM)
    desk.trigger("longer")
    desk.trigger("longer")
    desk.trigger("shorter")
    assert desk.session.dreaming.ground_every == 16
    desk.session.dreaming.set_mode(DreamMode.FUTURE)
    desk.trigger("shorter")
    assert (desk.session.dreaming.horizon, desk.session.dreaming.ground_every) == (14, 16)
