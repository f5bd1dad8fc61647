"""Episodes from seed and actions: every game gives every frame back, and what differs is told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.trainer.envs.support import RIGHT, RIGHT_UP, random_actions, record
from trainer.config import GAMES
from trainer.envs.procgen import ProcgenVector
from trainer.envs.replaying import ReplayDiffers, Rerun, replay, rerun, shown_hashes
from trainer.episode import Episode, Step


def _episodes(game: str, difficulty: str = "easy", steps: int = 160, num_envs: int = 6) -> list[Episode]:
    """Recorded inside a 200-level vector, where every episode but the first follows another."""
    env = ProcgenVector(game, difficulty, num_envs, seed=7)
    episodes = list(record(env, random_actions(2, steps, num_envs)))
    env.close()
    return episodes


@pytest.mark.parametrize("game", GAMES)
def test_every_game_replays_to_the_pixel(game: str) -> None:
    episodes = _episodes(game)
    for episode in episodes[-12:]:
        shown = [step.frame for step in episode.steps if not step.is_last]
        frames = replay(episode)
        assert len(frames) == len(shown)
        assert all(np.array_equal(frame, seen) for frame, seen in zip(frames, shown, strict=True))


def test_a_thousand_steps_and_a_time_out_replay() -> None:
    env = ProcgenVector("heist", seed=5)
    episode = next(record(env, np.full((1001, 1), RIGHT)))
    assert len(episode.actions) == 1000 and episode.outcome == "timeout"
    assert len(replay(episode)) == 1000


def test_a_won_episode_replays_with_its_reward() -> None:
    env = ProcgenVector("coinrun", num_envs=16, seed=1)
    actions = np.where(np.random.default_rng(0).random((400, 16)) < 0.7, RIGHT_UP, RIGHT)
    won = next(episode for episode in record(env, actions) if episode.outcome == "won")
    assert won.total_reward == 10
    again = rerun(won)
    while again.left:
        again.step()
    assert (again.outcome, again.reward, again.position) == ("won", 10.0, len(won.actions) - 1)


def test_dodgeball_differs_without_the_other_ways_of_facing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the last episode leaves behind is found by trying; without that, some recordings cannot be replayed."""
    episodes = _episodes("dodgeball", steps=300)
    monkeypatch.setattr("trainer.envs.replaying._FACING", {})
    differing = 0
    for episode in episodes:
        try:
            replay(episode)
        except ReplayDiffers as error:
            differing += 1
            assert "recording of dodgeball" in str(error) and "cannot be replayed or forked" in str(error)
    assert 0 < differing < len(episodes)


def _with_frame(episode: Episode, index: int, frame: np.ndarray) -> Episode:
    steps = list(episode.steps)
    steps[index] = replace(steps[index], frame=frame)
    return replace(episode, steps=steps)


@pytest.mark.parametrize("game", ["starpilot", "dodgeball"])
def test_a_changed_frame_or_action_is_told(game: str) -> None:
    episode = next(episode for episode in _episodes(game) if len(episode.actions) > 20)
    middle = len(episode.actions) // 2
    frame = episode.steps[middle].frame.copy()
    frame[0, 0, 0] ^= 1
    with pytest.raises(ReplayDiffers, match=f"step {middle} comes out different"):
        replay(_with_frame(episode, middle, frame))
    with pytest.raises(ReplayDiffers, match="level"):
        replay(replace(episode, level_seed=episode.level_seed + 1))
    with pytest.raises(ReplayDiffers, match="rewards or its end"):
        replay(replace(episode, outcome="won" if episode.outcome != "won" else "lost"))
    wrong_reward: list[Step] = list(episode.steps)
    wrong_reward[-1] = replace(wrong_reward[-1], reward=77.0)
    with pytest.raises(ReplayDiffers, match="rewards or its end"):
        replay(replace(episode, steps=wrong_reward))


def test_an_episode_that_ends_too_soon_is_told() -> None:
    episode = next(episode for episode in _episodes("starpilot") if episode.outcome == "lost")
    longer = Rerun("starpilot", "easy", episode.level_seed, [*episode.actions, 4], shown_hashes(episode))
    with pytest.raises(ReplayDiffers, match=f"step {len(episode.actions)} comes"):
        while longer.left:
            longer.step()


def test_a_rerun_can_be_left_for_a_fork_at_any_step() -> None:
    episode = next(episode for episode in _episodes("starpilot") if len(episode.actions) > 30)
    again = rerun(episode)
    for _ in range(20):
        again.step()
    assert again.env.human_frame().shape == (512, 512, 3)
    fork = ProcgenVector("starpilot", num_envs=4)
    fork.restore([again.snapshot()] * 4)
    for index in range(20, 28):
        frames = fork.step(np.full(4, episode.actions[index])).frame
        assert all(np.array_equal(frame, episode.steps[index + 1].frame) for frame in frames)
    again.close()
