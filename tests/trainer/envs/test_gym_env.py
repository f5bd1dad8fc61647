"""Every game as a gym.Env: both interfaces, the same games as everywhere else, and no chatter."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import gym
import numpy as np
import pytest

from tests.trainer.envs.support import NO_OP, random_actions
from trainer.config import GAMES
from trainer.envs.gym_env import ProcgenGymEnv, gym_id, register_games
from trainer.envs.procgen import ProcgenVector
from trainer.errors import UserError


@pytest.mark.filterwarnings("ignore:`np.bool8`:DeprecationWarning")  # gym's own checker still says bool8
@pytest.mark.parametrize("game", GAMES)
def test_gym_makes_every_game(game: str) -> None:
    env = gym.make(gym_id(game))
    observation, info = env.reset(seed=3)
    assert env.observation_space.contains(observation)
    assert 0 <= info["level_seed"] < 200
    assert env.action_space.contains(NO_OP) and env.action_space.n == 15
    observation, reward, terminated, truncated, info = env.step(
        NO_OP
    )  # a drawn action could be the last, next to dodgeball's lava
    assert env.observation_space.contains(observation)
    assert isinstance(reward, float) and not terminated and not truncated and not info["repeated_frame"]
    env.close()


def test_registering_twice_is_harmless() -> None:
    register_games()
    assert gym_id("maze") in gym.envs.registry


def test_both_interfaces_and_the_vector_tell_the_same_story() -> None:
    new, old = ProcgenGymEnv("starpilot", seed=4), ProcgenGymEnv("starpilot", seed=4, new_step_api=False)
    vector = ProcgenVector("starpilot", seed=4)
    observation, info = new.reset()
    assert np.array_equal(observation, old.reset())
    assert np.array_equal(observation, vector.current().frame[0])
    assert info == {"level_seed": int(vector.current().level_seed[0])}
    ends = 0
    for (action,) in random_actions(0, 400, 1):
        before = vector.current()
        shown = vector.step(np.array([action]))
        observation, reward, terminated, truncated, info = new.step(int(action))
        old_observation, old_reward, done, old_info = old.step(int(action))
        assert np.array_equal(observation, old_observation) and reward == old_reward == shown.reward[0]
        assert done == (terminated or truncated) == bool(shown.is_first[0])
        assert terminated == bool(shown.ended_terminal[0])
        assert info == old_info
        if not done:
            assert np.array_equal(observation, shown.frame[0])
            continue
        ends += 1
        assert np.array_equal(observation, before.frame[0]) and info["repeated_frame"]
        assert info["level_complete"] == bool(shown.ended_won[0])
        observation, info = new.reset()
        assert np.array_equal(observation, shown.frame[0]) and np.array_equal(old.reset(), observation)
        assert info["level_seed"] == shown.level_seed[0]
    assert ends > 0


def test_a_time_out_is_truncated_and_not_terminated() -> None:
    new, old = ProcgenGymEnv("maze"), ProcgenGymEnv("maze", new_step_api=False)
    new.reset(), old.reset()
    for _ in range(499):
        assert not any(new.step(NO_OP)[2:4]) and not old.step(NO_OP)[2]
    assert new.step(NO_OP)[2:4] == (False, True)
    _, _, done, info = old.step(NO_OP)
    assert done and info["TimeLimit.truncated"]
    with pytest.raises(gym.error.ResetNeeded):
        new.step(NO_OP)


def test_reset_seeds_abandons_and_keeps_an_untouched_episode() -> None:
    env = ProcgenGymEnv("heist", level=5)
    with pytest.raises(gym.error.ResetNeeded):
        env.step(NO_OP)
    first, _ = env.reset()
    assert np.array_equal(env.reset()[0], first)
    moved = [env.step(action)[0] for action in (7, 7, 7, 5, 5, 1)]
    assert not all(np.array_equal(frame, first) for frame in moved)
    observation, info = env.reset()
    assert np.array_equal(observation, first) and info["level_seed"] == 5
    seeded = ProcgenGymEnv("heist")
    assert np.array_equal(seeded.reset(seed=8)[0], ProcgenVector("heist", seed=8).current().frame[0])
    assert not np.array_equal(seeded.reset(seed=9)[0], seeded.reset(seed=10)[0])


def test_unseen_levels_and_pictures() -> None:
    env = ProcgenGymEnv("coinrun", split="test", render_mode="rgb_array")
    assert env.reset()[1]["level_seed"] >= 10_000
    assert env.render().shape == (512, 512, 3)
    assert ProcgenGymEnv("coinrun").render() is None
    with pytest.raises(ValueError, match="render_mode"):
        ProcgenGymEnv("coinrun", render_mode="human")
    with pytest.raises(UserError, match="no split"):
        ProcgenGymEnv("coinrun", split="holdout")


_QUIET = """
import json, os, sys
import gym_notices.notices as notices
other = dict(notices.notices)
import trainer.envs.gym_env
import gym
from trainer.envs.procgen import ProcgenVector
from trainer.config import GAMES
for game in GAMES:
    env = ProcgenVector(game, num_envs=4)
    for _ in range(20):
        env.step(__import__("numpy").full(4, 7))
qt = {name: value for name, value in os.environ.items() if name.startswith("QT_")}
left = sorted(set(other) - set(notices.notices))
with open(sys.argv[1], "w") as file:
    json.dump({"qt": qt, "withdrawn": left, "gym": gym.__version__}, file)
"""


def test_nothing_is_printed_and_nothing_else_is_hidden(tmp_path: object) -> None:
    """In a fresh process: silence on both streams, Qt's variables as they were, the other notices in place."""
    report = os.path.join(str(tmp_path), "report.json")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QT_")}
    environment["QT_QPA_FONTDIR"] = "/the/persons/own"
    done = subprocess.run(
        [sys.executable, "-c", _QUIET, report], env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open(report) as file:
        found = json.load(file)
    assert found["qt"] == {"QT_QPA_FONTDIR": "/the/persons/own"}
    assert found["withdrawn"] == [found["gym"]]


def test_another_notice_of_gym_is_still_printed() -> None:
    code = (
        "import gym_notices.notices as n, importlib.metadata as m\n"
        "n.notices[m.version('gym')] = 'something new'\n"
        "import trainer.envs\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "something new"
