"""The player on real games with a real, untrained agent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.player_support import (
    SHORT_GAME,
    SHORT_LEVEL,
    result_of,
    same_reading,
    same_readings,
    small_agent,
)
from trainer.agent.agent import Agent
from trainer.envs.protocol import StepBatch
from trainer.envs.viewer import ViewerEnv, procgen_level
from trainer.episode import Moment, Step
from trainer.errors import UserError
from trainer.player import Player
from trainer.resimulation import KEYFRAME_EVERY


@pytest.fixture
def agent() -> Agent:
    return small_agent()


@pytest.fixture
def player(agent: Agent) -> Iterator[Player]:
    player = Player(agent, SHORT_GAME, "easy")
    yield player
    player.close()


def live(player: Player, steps: int) -> list[Moment]:
    for _ in range(steps):
        if player.ended:
            break
        player.advance()
    return player.moments


def test_each_moment_stands_at_the_action_about_to_be_taken(player: Player) -> None:
    first = player.new_level("unseen", SHORT_LEVEL)
    assert first.step.is_first and first.step.reward == 0 and first.step.action is not None
    assert first.reading is not None and first.reading.surprise is None
    second = player.advance()
    assert not second.step.is_first and second.reading is not None and second.reading.surprise is not None
    assert player.episode.actions[0] == first.step.action
    assert [moment.step for moment in player.moments] == player.episode.steps
    assert second.blind is None, "nobody asked for the dream along reality"


def test_frames_are_what_the_actions_lead_to(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 30)
    env = procgen_level(SHORT_GAME, "easy", SHORT_LEVEL)
    for step in player.episode.steps:
        if step.is_last:
            break
        assert np.array_equal(env.current().frame[0], step.frame)
        env.step(np.array([step.action], np.int32))
    env.close()


def test_an_end_is_a_step_without_reading_that_repeats_the_last_frame(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    moments = live(player, 500)
    assert player.ended and player.episode.outcome == "lost"
    end = moments[-1]
    assert end.reading is None and end.blind is None and end.step.action is None
    assert end.step.is_last and end.step.is_terminal
    assert np.array_equal(end.step.frame, moments[-2].step.frame)
    with pytest.raises(RuntimeError, match="level first"):
        player.advance()
    opening = player.new_level("train", 3)
    assert player.number == 1 and opening.step.level_seed == 3 and len(player.moments) == 1
    assert len(moments) > 10, "the past episode stays whole"


def test_the_same_seed_plays_the_same_game_whatever_is_studied_meanwhile(agent: Agent) -> None:
    alone, studied = Player(agent, SHORT_GAME, "easy", seed=5), Player(small_agent(), SHORT_GAME, "easy", seed=5)
    alone.new_level("unseen", SHORT_LEVEL)
    live(alone, 10)
    moment = studied.new_level("unseen", SHORT_LEVEL)
    studied.ground_every = 4
    for _ in range(10):
        assert moment.reading is not None
        result_of(studied.future(0, len(studied.moments) - 1, moment.reading, 2))
        moment = studied.advance()
    assert alone.episode.actions == studied.episode.actions
    assert same_readings(alone.moments, studied.moments)
    alone.close()
    studied.close()


def test_an_unknown_level_leaves_the_present_episode(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    with pytest.raises(UserError, match="level"):
        player.new_level("unseen", 2**31)
    player.advance()
    assert player.number == 0 and len(player.moments) == 2


def test_reading_an_episode_again_gives_the_same_readings(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    moments = live(player, 500)
    job = player.reread(0, player.episode)
    pieces = 0
    while True:
        try:
            next(job)
            pieces += 1
        except StopIteration as end:
            again = end.value
            break
    assert same_readings(again, moments)
    assert pieces > len(moments), "the live lane gets a turn within every frame"


def test_new_weights_catch_up_while_the_old_ones_play(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 12)
    newer = small_agent(seed=1, generation=7)
    job = player.adopt(newer)
    for _ in range(5):
        next(job)
        assert player.advance().reading.generation == 0  # type: ignore[union-attr]
    fresh = result_of(job)
    assert fresh is not None and len(fresh) == 18
    assert {moment.reading.generation for moment in fresh if moment.reading} == {7}
    assert [moment.step for moment in fresh] == player.episode.steps
    assert same_readings(fresh, result_of(player.reread(0, player.episode)))
    following = player.advance()
    assert following.reading is not None and following.reading.generation == 7
    assert same_reading(following.reading, result_of(player.reread(0, player.episode))[-1].reading)


def test_new_weights_play_a_level_that_begins_before_they_caught_up(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 12)
    job = player.adopt(small_agent(seed=1, generation=7))
    next(job)
    opening = player.new_level("unseen", SHORT_LEVEL + 1)
    assert opening.reading is not None and opening.reading.generation == 7
    assert result_of(job) is None
    assert player.agent.generation == 7 and len(player.moments) == 1


def test_the_dream_along_reality_looks_every_k_frames(player: Player) -> None:
    player.ground_every = 6
    player.new_level("unseen", SHORT_LEVEL)
    moments = live(player, 20)
    ages = [moment.blind.age for moment in moments if moment.blind is not None]
    assert ages == [t % 6 for t in range(21)]
    for t, moment in enumerate(moments):
        assert moment.reading is not None and moment.blind is not None
        equal = np.array_equal(moment.blind.frame, moment.reading.belief)
        assert equal == (t % 6 == 0), "where the model looks it shows its belief, elsewhere a dream"


def test_a_studied_dream_along_reality_equals_the_lived_one(agent: Agent) -> None:
    lived, studied = Player(agent, SHORT_GAME, "easy"), Player(agent, SHORT_GAME, "easy")
    lived.ground_every = 6
    for player in (lived, studied):
        player.new_level("unseen", SHORT_LEVEL)
        live(player, 500)
    pieces = [piece for piece in studied.blinds(0, 14, 6, tuple(studied.moments)) if piece is not None]
    assert pieces[0].start == 12, "what somebody looks at comes first"
    found = {piece.start + i: blind for piece in pieces for i, blind in enumerate(piece.blinds)}
    assert sorted(found) == list(range(len(lived.moments) - 1)), "all but the end step"
    for t, blind in found.items():
        original = lived.moments[t].blind
        assert original is not None and original.age == blind.age
        assert np.abs(original.frame.astype(int) - blind.frame).max() <= 1, "batched decoding may round differently"
    lived.close()
    studied.close()


def test_the_episode_being_lived_goes_on_with_a_studied_dream(agent: Agent) -> None:
    lived, joined = Player(agent, SHORT_GAME, "easy"), Player(agent, SHORT_GAME, "easy")
    lived.ground_every = 8
    for player in (lived, joined):
        player.new_level("unseen", SHORT_LEVEL)
        live(player, 9)
    joined.ground_every = 8
    assert joined.advance().blind is None
    pieces = [piece for piece in joined.blinds(0, 10, 8) if piece is not None]
    assert [(piece.start, len(piece.blinds)) for piece in pieces] == [(8, 3), (0, 8)]
    lived.advance()
    for _ in range(6):
        a, b = lived.advance().blind, joined.advance().blind
        assert a is not None and b is not None and a.age == b.age
        assert np.abs(a.frame.astype(int) - b.frame).max() <= 1
    lived.close()
    joined.close()


def test_the_same_moment_shows_the_same_future_until_another_is_asked_for(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    reading = live(player, 5)[5].reading
    assert reading is not None
    job = player.future(0, 5, reading, horizon=7)
    for _ in range(7):
        next(job)
    dream = result_of(job)
    live(player, 3)
    again = result_of(player.future(0, 5, reading, horizon=7))
    other = result_of(player.future(0, 5, reading, horizon=7, branch=1))
    assert dream.frames.shape == (1, 7, 64, 64, 3) and dream.generation == 0
    assert np.array_equal(dream.frames, again.frames) and np.array_equal(dream.actions, again.actions)
    assert not np.array_equal(dream.actions, other.actions)


def test_a_future_starts_only_from_a_reading_of_the_present_weights(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    reading = player.moments[0].reading
    assert reading is not None
    result_of(player.adopt(small_agent(seed=1, generation=7)))
    with pytest.raises(ValueError, match="generation"):
        next(player.future(0, 0, reading, horizon=2))


def test_a_fan_is_many_futures_without_pictures(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    reading = live(player, 5)[5].reading
    assert reading is not None
    fan = result_of(player.fan(0, 5, reading, horizon=7, branches=6))
    assert fan.frames.shape == (6, 0, 64, 64, 3) and fan.values.shape == fan.rewards.shape == (6, 7)
    assert len(np.unique(fan.actions, axis=0)) > 1, "branches differ"
    again = result_of(player.fan(0, 5, reading, horizon=7, branches=6))
    assert np.array_equal(fan.values, again.values)


def test_a_fork_is_what_really_happens_under_the_dreamt_actions(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 500)
    episode = player.episode
    place = KEYFRAME_EVERY + 3
    actions = episode.actions[place : place + 5]
    fork = result_of(player.fork(0, place, episode, actions))
    assert fork is not None and fork.outcome is None and fork.end_reward == 0
    lived = episode.steps[place + 1 : place + 6]
    assert np.array_equal(fork.frames, np.stack([step.frame for step in lived]))
    assert fork.rewards.tolist() == [step.reward for step in lived]
    other = result_of(player.fork(0, place, episode, [0] * 5))
    assert other is not None and not np.array_equal(other.frames, fork.frames)
    stranger = Player(small_agent(), "coinrun", "easy")
    elsewhere = result_of(stranger.fork(0, place, episode, actions))
    assert elsewhere is not None and np.array_equal(elsewhere.frames, fork.frames), "from the level's start, too"
    stranger.close()


def test_a_fork_stops_where_the_episode_ends(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 500)
    episode = player.episode
    last = len(episode.steps) - 2
    fork = result_of(player.fork(0, last - 2, episode, [*episode.actions[last - 2 :], 4, 4, 4]))
    assert fork is not None and fork.outcome == episode.outcome == "lost" and len(fork.frames) == len(fork.rewards) == 2
    at_once = result_of(player.fork(0, last, episode, episode.actions[last:]))
    assert at_once is not None and at_once.frames.shape == (0, 64, 64, 3) and at_once.outcome == "lost"


def test_a_win_s_reward_comes_with_the_end() -> None:
    env = procgen_level("coinrun", "easy", 3)
    player = Player(small_agent(), "coinrun", "easy", make_env=lambda *_: WonAtOnce(env))
    player.new_level("train", 3)
    fork = result_of(player.fork(0, 0, player.episode, [7, 7]))
    assert fork is not None and (fork.outcome, fork.end_reward) == ("won", 10.0) and len(fork.frames) == 0
    player.close()


class WonAtOnce:
    """A game that any action wins."""

    def __init__(self, env: ViewerEnv) -> None:
        self._env = env

    def __getattr__(self, name: str) -> Any:
        return getattr(self._env, name)

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        yes = np.ones(1, np.bool_)
        reward = np.array([10.0], np.float32)
        return replace(self._env.step(actions), reward=reward, is_first=yes, ended_terminal=yes, ended_won=yes)


def test_past_steps_are_drawn_as_they_were(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    seen = {0: player.human_frame()}
    for t in range(1, KEYFRAME_EVERY + 6):
        player.advance()
        seen[t] = player.human_frame()
    live(player, 500)
    player.new_level("unseen", SHORT_LEVEL + 1)
    live(player, 3)
    past = Player(small_agent(), SHORT_GAME, "easy")
    past.new_level("unseen", SHORT_LEVEL)
    episode = past.episode
    live(past, 500)
    stranger = Player(small_agent(), SHORT_GAME, "easy")
    for t in (0, 1, KEYFRAME_EVERY, KEYFRAME_EVERY + 5):
        for who in (player, stranger):  # from a snapshot, and from the level's start
            picture = result_of(who.picture(0, t, episode))
            assert picture is not None and np.array_equal(picture, seen[t])
    end = len(episode.steps) - 1
    last, before = (result_of(player.picture(0, t, episode)) for t in (end, end - 1))
    assert last is not None and np.array_equal(last, before)
    for who in (player, past, stranger):
        who.close()


def test_a_step_that_does_not_come_out_as_it_was_is_not_drawn(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    live(player, 5)
    step = player.episode.steps[4]
    other = Step(255 - step.frame, step.reward, step.action, False, False, False, step.level_seed)
    player.episode.steps[4] = other
    assert result_of(player.picture(0, 4, player.episode)) is None
    assert result_of(player.fork(0, 4, player.episode, [1, 2])) is None, "nor forked"
    assert result_of(player.picture(0, 3, player.episode)) is not None


def test_what_a_person_does_is_a_step_of_the_episode_and_the_agent_goes_on_from_there() -> None:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    player.advance()
    wish = player.moments[-1].step.action
    other = 5 if wish != 5 else 3
    seen = player.advance(other)
    assert seen.reading is not None and seen.reading.surprise is not None, "the agent keeps observing"
    player.advance()
    assert [step.by_person for step in player.episode.steps] == [False, True, False, False]
    assert player.episode.steps[1].action == other
    assert [moment.step for moment in player.moments] == player.episode.steps
    again = result_of(player.reread(0, player.episode))
    assert same_readings(again, player.moments), "the Readings follow what was really done"
    player.close()


def test_weights_that_catch_up_learn_what_a_person_did_meanwhile() -> None:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    job = player.adopt(small_agent(1, generation=1))
    next(job)
    player.advance(5)
    result_of(job)
    assert player.moments[0].step.by_person
    assert [moment.step for moment in player.moments] == player.episode.steps
    player.close()


def test_a_branch_begins_like_the_episode_it_leaves_and_goes_its_own_way(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    past = list(live(player, 20))
    episode, number = player.episode, player.number
    player.new_level("train", 3)
    assert result_of(player.branch(number, episode, past[:11]))
    assert player.number == 2 and len(player.moments) == 11 and player.episode.level_seed == SHORT_LEVEL
    assert [a.step.frame is b.step.frame for a, b in zip(player.moments, past[:11], strict=True)] == [True] * 11
    for moment in past[10:18]:
        arrived = player.advance(moment.step.action)
        assert arrived.step.by_person is False
    assert all(np.array_equal(a.step.frame, b.step.frame) for a, b in zip(player.moments, past[:19], strict=True))
    assert [moment.step.by_person for moment in player.moments] == [False] * 10 + [True] * 8 + [False]
    assert player.moments[11].reading is not None and player.moments[11].reading.surprise is not None
    assert [step.by_person for step in episode.steps] == [False] * len(episode.steps), "the past stays as it was"
    fork = result_of(player.fork(2, 12, player.episode, [moment.step.action for moment in past[12:15]]))
    assert fork is not None and np.array_equal(fork.frames[-1], past[15].step.frame)


def test_the_agent_s_own_way_from_a_past_moment_leaves_the_game_being_lived_alone(agent: Agent) -> None:
    player, alone = (Player(agent, SHORT_GAME, "easy") for _ in range(2))
    for one in (player, alone):
        one.new_level("unseen", SHORT_LEVEL)
        live(one, 12)
    own = player.reserve_number()
    job = player.rival(own, 0, player.episode, tuple(player.moments[:9]))
    next(job)
    player.advance()
    alone.advance()
    found = result_of(job)
    assert found is not None and own == 1
    episode, moments = found
    assert moments[-1].step.is_last and episode.outcome == "lost" and [m.step for m in moments] == episode.steps
    assert [m.step.frame is n.step.frame for m, n in zip(moments[:9], player.moments, strict=False)] == [True] * 9
    assert same_readings(player.moments, alone.moments) and player.number == 0
    assert player.new_level("unseen", SHORT_LEVEL).step.is_first and player.number == 2
    alone.close()
    player.close()


def test_there_is_no_branch_where_the_game_does_not_come_out_as_it_was(player: Player) -> None:
    player.new_level("unseen", SHORT_LEVEL)
    past = list(live(player, 5))
    strange = replace(past[4].step, frame=255 - past[4].step.frame)
    episode = replace(player.episode, steps=[*player.episode.steps[:4], strange])
    assert not result_of(player.branch(0, episode, [*past[:4], replace(past[4], step=strange)]))
    assert player.number == 0 and len(player.moments) == 6
    assert result_of(player.rival(7, 0, episode, [*past[:4], replace(past[4], step=strange)])) is None
