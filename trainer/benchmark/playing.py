"""What else a trained agent is for, timed: games alone, one frame read, a dream, and replay taking what was played."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.collect import train_env
from trainer.config import Config
from trainer.process import use_threads
from trainer.randomness import numpy_generator, torch_generator
from trainer.replay import Replay

BRANCHES = 16
HORIZON = 15
_FRAMES = 40
_DREAMS = 5
_ADDED = 40
_ENV_SECONDS = 1.0


def _median_ms(work: Callable[[int], object], times: int) -> float:
    """Median milliseconds of work that is told its number, from 0 on."""
    seconds = []
    for i in range(times):
        start = time.perf_counter()
        work(i)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds) * 1000


def simulator_rate(config: Config) -> float:
    """Environment steps a second of the games alone."""
    env = train_env(config)
    generator = numpy_generator(0, "benchmark")
    try:
        start = time.perf_counter()
        steps = 0
        while time.perf_counter() - start < _ENV_SECONDS:
            env.step(generator.integers(env.num_actions, size=env.num_envs, dtype=np.int32))
            steps += env.num_envs
        return steps / (time.perf_counter() - start)
    finally:
        env.close()


def adding_rate(replay: Replay, agent: Agent) -> float:
    """Steps a second that replay takes in; made-up steps go in, so nothing is trained from it after this."""
    envs = replay.num_envs
    latent = agent.initial(envs)
    never, nothing = np.zeros(envs, bool), np.zeros(envs, np.int32)
    frame, reward = np.zeros((envs, 64, 64, 3), np.uint8), np.zeros(envs, np.float32)

    def add(_: int) -> None:
        replay.add(
            frame=frame,
            reward=reward,
            is_first=never,
            ended_terminal=never,
            level_seed=nothing,
            action=nothing,
            deter=latent.deter,
            stoch=latent.stoch,
        )

    return envs * 1000 / _median_ms(add, _ADDED)


@torch.inference_mode()
def inference(agent: Agent, frame: NDArray[np.uint8]) -> dict[str, float]:
    """Milliseconds of one frame of one game through everything a viewer shows: belief, value, policy, surprise.

    As a viewer has it: the weights are packed, and stay so.
    """
    agent.pack()
    threads = torch.get_num_threads()

    def read_ms() -> float:
        latent = agent.initial(1)

        def read(i: int) -> None:
            nonlocal latent
            generator = torch_generator(0, "benchmark", i, device=agent.device)
            latent, _ = agent.read(latent, 0, frame, i == 0, generator)

        return _median_ms(read, _FRAMES)

    report = {"frame_ms": read_ms()}
    use_threads(1)
    try:
        report["frame_ms_one_thread"] = read_ms()
    finally:
        use_threads(threads)
    return report


@torch.inference_mode()
def imagination(agent: Agent) -> dict[str, Any]:
    """Milliseconds of a whole dream of 16 branches x 15 steps, every frame decoded; packed likewise."""
    agent.pack()

    def dream(i: int) -> None:
        generator = torch_generator(0, "benchmark dream", i, device=agent.device)
        agent.dream(HORIZON, branches=BRANCHES, generator=generator)

    return {"ms": _median_ms(dream, _DREAMS), "branches": BRANCHES, "horizon": HORIZON}
