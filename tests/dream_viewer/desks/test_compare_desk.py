"""Comparing two agents in the window: what is asked, what is shown, and that nothing of it is left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QMimeData, QPointF, Qt, QUrl
from PyQt6.QtGui import QDropEvent
from PyQt6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from dream_viewer.messages.agents import AgentInfo, Opened
from dream_viewer.messages.companion import CompanionDreamt, CompanionOpened, CompanionRead, CompanionRefused
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.words import wording
from tests.dream_viewer.feed import agent_info, fan, future, moment
from tests.dream_viewer.window import Desk, Make

OTHER = Path("/checkpoints/other.safetensors")
SECOND = 40
"""Generation of the second agent."""


def other() -> AgentInfo:
    return agent_info("other", SECOND)


def read_along(desk: Desk, count: int, start: int = 0, ground_every: int | None = None, value: float = 12.0) -> None:
    age = None if ground_every is None else 3
    moments = tuple(moment(i, value=value, generation=SECOND, age=age) for i in range(start, start + count))
    desk.player.tell(CompanionRead(0, SECOND, ground_every, start, moments))
    desk.session.tick()


def hear(desk: Desk, *records: object) -> None:
    desk.player.tell(*records)
    desk.session.tick()


@pytest.fixture
def desk(made: Make) -> Desk:
    desk = made()
    desk.window.resize(1280, 800)
    desk.window.show()
    desk.live(6)
    desk.session.playhead.pause()
    return desk


@pytest.fixture
def compared(desk: Desk) -> Desk:
    desk.window.comparing.open(OTHER)
    hear(desk, CompanionOpened(other()))
    return desk


def test_the_action_asks_for_a_checkpoint_and_given_up_it_is_off_again(desk: Desk, qtbot: QtBot) -> None:
    action = desk.window.actions_by_id["compare"]
    action.trigger()
    (dialog,) = desk.window.findChildren(QFileDialog)
    assert not action.isChecked(), "nothing is compared yet"
    dialog.fileSelected.emit(str(OTHER))
    dialog.close()
    assert desk.player.asked("open_companion") == [(OTHER,)] and action.isChecked()
    hear(desk, CompanionRefused("other.safetensors: is no checkpoint."))
    assert not action.isChecked() and desk.window.notice.text == "other.safetensors: is no checkpoint."
    assert desk.window.compared.isHidden()


def test_dropped_with_shift_it_is_compared(desk: Desk) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(OTHER))])
    for modifier, name in (
        (Qt.KeyboardModifier.ShiftModifier, "open_companion"),
        (Qt.KeyboardModifier.NoModifier, "open_checkpoint"),
    ):
        drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, modifier)
        desk.window.dropEvent(drop)
        assert desk.player.asked(name)[-1][0] == OTHER


def test_the_second_agent_reads_the_very_episode_and_stands_beside_the_first(compared: Desk) -> None:
    window, session = compared.window, compared.session
    assert compared.player.asked("ask_companion_to_read") == [(0, session.playhead.reel.episode, None)]
    assert window.compared.isVisible() and window.compared.title == "other" and window.reality.isVisible()
    assert window.compared.message == "reading along: 0 of 6 frames"
    read_along(compared, 4)
    assert window.compared.message == "reading along: 4 of 6 frames", "the cursor is ahead of it"
    read_along(compared, 2, start=4)
    assert window.compared.frame is session.comparison.moment(0, 5).reading.belief
    assert window.compared.caption == "What the agent thinks it sees · value 12.00"
    session.playhead.seek(1)
    assert window.compared.frame is session.comparison.moment(0, 1).reading.belief
    assert window.dream.frame is session.playhead.moment.reading.belief, "the first agent's pane is as it was"

    compared.live(1, start=6)
    assert compared.player.asked("ask_companion_to_read")[1:] == [(0, session.playhead.reel.episode, None)]


def test_while_the_cursor_moves_what_was_read_last_stays_on_show(compared: Desk) -> None:
    compared.player.tell(CompanionRead(0, SECOND, None, 0, ()))
    compared.session.playhead.follow()
    assert compared.window.compared.message == "reading along: 0 of 6 frames"
    read_along(compared, 6)
    compared.live(4, start=6)
    assert compared.session.playhead.index == 9
    assert compared.window.compared.caption == "What the agent thinks it sees · 4 frames late"


def test_along_reality_it_is_read_anew_with_the_dream_and_no_picture_is_of_another_rhythm(compared: Desk) -> None:
    window, session = compared.window, compared.session
    read_along(compared, 6)
    session.dreaming.set_mode(DreamMode.DREAM)
    assert compared.player.asked("ask_companion_to_read")[-1] == (0, session.playhead.reel.episode, 15)
    assert window.compared.message == "dreaming…"
    read_along(compared, 6, value=1.0)
    assert session.comparison.moment(0, 5).reading.value == 12.0, "a late piece without the dream counts for nothing"
    read_along(compared, 6, ground_every=15)
    assert window.compared.caption == "Dream: 3 frames after a look · value 12.00"
    assert window.compared.frame is session.comparison.moment(0, 5).blind.frame
    session.dreaming.set_mode(DreamMode.BELIEF)
    assert len(compared.player.asked("ask_companion_to_read")) == 2, "it knows all it needs"


def test_both_futures_are_played_frame_by_frame_from_the_same_moment(compared: Desk) -> None:
    window, session = compared.window, compared.session
    read_along(compared, 6)
    session.dreaming.set_mode(DreamMode.FUTURE)
    first = future(session.dreaming.future_key)
    compared.player.tell(future=first)
    session.tick()
    (echo, _, same), (key, start, actions) = compared.player.asked("ask_companion_future")
    assert key == replace(first.key, generation=SECOND) and actions is None
    assert echo == replace(key, kind="echo") and same == (8,) * 15, "for the film strip"
    assert start is session.comparison.moment(0, 5)
    assert window.compared.message == "imagining…"
    hear(compared, CompanionDreamt(future(key)))
    window.pictures.look_at(4)
    own = session.comparison.future(first.key)
    assert np.shares_memory(window.compared.frame, own.dream.frames) and window.compared.caption.startswith("+5 of 15")

    branch = future(replace(first.key, kind="what if", branch=8))
    session.dreaming.show_branch(branch)
    session.tick()
    assert compared.player.asked("ask_companion_future")[-1][2] == (8,) * 15, "a given action is given to both"


def test_the_timeline_says_which_weights_drew_which_curve(compared: Desk) -> None:
    timeline = compared.window.timeline
    read_along(compared, 4)
    compared.window.comparing.show_curves()
    assert "Value, as coinrun-12m sees it" in timeline.title and "as other sees it" in timeline.title
    compared.player.tell(fan(FutureKey(0, 5, 1, 15, 0)))
    compared.session.dreaming.set_fan_visible(True)
    compared.session.tick()
    assert "coinrun-12m's imagined futures" in timeline.title
    assert "other 12.00" in timeline.numbers(2) and "value 5.00" in timeline.numbers(2)
    assert "other" not in timeline.numbers(5), "not read yet"
    steps, heights = timeline._companion.getData()
    assert len(steps) == 6 and np.array_equal(heights, [12] * 4 + [np.nan] * 2, equal_nan=True)
    assert timeline.scale_of_values.high == 20.0


def test_the_surprise_lane_has_both_agents_surprises(compared: Desk) -> None:
    lane = compared.window.lane
    read_along(compared, 6)
    compared.window.comparing.show_curves()
    assert lane.words(3) == "step 3: surprise of 2.0 nats (coinrun-12m), 2.0 nats (other)"
    compared.window.actions_by_id["compare"].trigger()
    assert lane.words(3) == "step 3: surprise of 2.0 nats" and lane.words(0) == ""


def test_the_film_strip_has_the_second_agent_s_dream_of_the_same_actions(compared: Desk) -> None:
    window, session = compared.window, compared.session
    compared.player.tell(future=future(session.dreaming.future_key))
    session.tick()
    assert compared.player.asked("ask_companion_future") == [], "it has not read the moment yet"
    assert window.film.film.echo_title == "As other imagines it" and window.film.film.echo == ()
    read_along(compared, 6)
    ((key, _, actions),) = compared.player.asked("ask_companion_future")
    assert key.kind == "echo" and actions == (8,) * 15
    hear(compared, CompanionDreamt(future(key)))
    assert len(window.film.film.echo) == 15 and window.film.film.echo[0].caption.startswith("other: +1 · right + up")
    compared.window.actions_by_id["compare"].trigger()
    assert window.film.film.echo == () and window.film.film.echo_title == ""


def test_in_the_smallest_window_reality_stays_beside_both_dreams(compared: Desk, qtbot: QtBot) -> None:
    window = compared.window
    window.resize(1024, 680)
    panes = window.reality, window.dream, window.compared
    assert (window.width(), window.height()) == (1024, 680) and all(pane.isVisible() for pane in panes)
    assert window.film.isVisible() and window.lane.isVisible()
    for pane in panes:
        shown = [button for button in pane.findChildren(QToolButton) if button.isVisible()]
        cut = [(b.text(), b.width(), b.sizeHint().width()) for b in shown if b.width() < b.sizeHint().width()]
        assert not cut, "no word is cut"
        assert all(pane.rect().contains(button.mapTo(pane, button.rect().bottomRight())) for button in shown)
    window.resize(1280, 800)
    assert window.reality.width() > 320


def test_swapped_the_second_agent_plays_the_level_on_show_and_the_first_reads_along(compared: Desk) -> None:
    session = compared.session
    mine = session.casting.agent
    compared.window.actions_by_id["swap"].trigger()
    path, choice, difficulty, game = compared.player.asked("open_checkpoint")[-1]
    assert (path, difficulty, game) == (other().path, "easy", "coinrun")
    assert choice == LevelChoice("unseen", None, first=12345)
    assert compared.player.asked("open_companion")[-1] == (mine.path,)


def test_an_export_is_of_both_agents_where_both_read_the_episode(compared: Desk) -> None:
    compared.session.files.export(OTHER.with_suffix(".png"))
    compared.session.comparison.close()
    compared.session.files.export(OTHER.with_suffix(".png"))
    assert [request.other for (request,) in compared.player.asked("export")] == [other(), None]


def test_an_export_is_of_what_is_on_show(compared: Desk) -> None:
    session = compared.session
    session.playhead.seek(2)
    session.playhead.toggle_bookmark()
    session.dreaming.set_mode(DreamMode.FUTURE)
    session.dreaming.set_fan_visible(False)
    session.files.export(OTHER.with_suffix(".png"), ahead=3)
    ((request,),) = compared.player.asked("export")
    assert (request.index, request.bookmarks, request.fan) == (2, (2,), False)
    assert (request.mode, request.ahead, request.horizon) == ("future", 3, session.dreaming.horizon)


def test_ended_everything_is_as_before(compared: Desk) -> None:
    window = compared.window
    by_id, before = window.actions_by_id, window.dream.frame
    assert not by_id["difference"].isEnabled() and by_id["swap"].isEnabled()
    read_along(compared, 6)
    compared.window.comparing.show_curves()
    by_id["compare"].trigger()
    assert compared.player.asked("close_companion") == [()] and not by_id["compare"].isChecked()
    assert window.compared.isHidden() and window.dream.frame is before
    assert by_id["difference"].isEnabled() and not by_id["swap"].isEnabled()
    assert (
        window.timeline.title == "Value: the return the agent expects" and window.timeline.scale_of_values.high == 5.0
    )
    assert "other" not in window.timeline.numbers(2)
    read_along(compared, 6)
    assert compared.session.comparison.moment(0, 2) is None, "what was on its way is dropped"


def test_the_difference_pane_comes_back(desk: Desk) -> None:
    window = desk.window
    window.actions_by_id["difference"].setChecked(True)
    window.comparing.open(OTHER)
    hear(desk, CompanionOpened(other()))
    assert window.difference.isHidden() and window.compared.isVisible()
    window.actions_by_id["compare"].trigger()
    assert window.difference.isVisible() and window.compared.isHidden()


def test_an_agent_of_another_game_ends_it_with_one_sentence(compared: Desk) -> None:
    hear(compared, Opened(replace(agent_info("leaping", 50), game="leaper")))
    assert compared.session.comparison.agent is None and compared.window.compared.isHidden()
    assert compared.window.notice.text == (
        "other was trained on coinrun, and leaper is on show now: the comparison is over."
    )


def test_one_that_was_given_up_before_it_came_is_not_shown(desk: Desk) -> None:
    comparison = desk.session.comparison
    comparison.open(OTHER)
    comparison.close()
    comparison.open(Path("/checkpoints/third.safetensors"))
    hear(desk, CompanionOpened(other()))
    assert comparison.agent is None and comparison.opening
    hear(desk, CompanionOpened(agent_info("third", 41)))
    assert comparison.agent.name == "third" and not comparison.opening


def test_readings_of_two_episodes_are_kept_and_one_that_was_given_up_is_read_again(compared: Desk) -> None:
    session = compared.session
    read_along(compared, 3)
    for number in (1, 2):
        compared.live(2, number=number)
        session.playhead.visit(session.playhead.reels[number], 0)
    asked = [number for number, *_ in compared.player.asked("ask_companion_to_read")]
    assert asked == [0, 1, 2] and session.comparison.moment(0, 0) is None, "the oldest went"
    session.playhead.visit(session.playhead.reels[1], 0)
    assert [number for number, *_ in compared.player.asked("ask_companion_to_read")] == [0, 1, 2, 1]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"name": "other"}, ("coinrun", "other")),
        ({"env_steps": 5_000}, ("coinrun after 1.2 M", "coinrun after 5.0 k")),
        ({"fingerprint": "abcdef0123"}, ("coinrun", "coinrun abcdef")),
    ],
)
def test_agents_are_told_apart_by_what_differs(changes: dict, names: tuple[str, str]) -> None:
    mine = agent_info("coinrun")
    assert wording.told_apart(mine, replace(mine, **changes)) == names
