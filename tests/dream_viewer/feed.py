"""A player and a trainer without a thread, a game or a model: tests tell what happens, they keep what they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QObject, pyqtSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages.agents import AgentInfo, Opened, TrainedOn, Weights
from dream_viewer.messages.futures import Dreamt, Fan, Forked, Future, FutureKey
from dream_viewer.messages.lived import Arrival, Picture
from dream_viewer.messages.news import News, Record, merge_news
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.pictures.packed import PICTURE_SHAPE, pack_picture
from trainer.branches import ManyDreams, WhatIf
from trainer.episode import Blind, Dream, DreamtStep, Fork, Moment, Outcome, Reading, Step, frozen
from trainer.events import Progress

DETER, STOCH, ACTIONS = 8, 4, 15


def frame(shade: int, side: int = 64) -> np.ndarray:
    """(side, side, 3) uint8, read-only: a bright square on a ground of this shade."""
    pixels = np.full((side, side, 3), shade % 200, np.uint8)
    place = shade * 3 % (side * 3 // 4)
    pixels[side // 3 : side // 2, place : place + side // 6] = 255
    return frozen(pixels)


def moment(
    index: int,
    *,
    value: float = 5.0,
    reward: float = 0.0,
    action: int = 7,
    age: int | None = None,
    surprise: float | None = 2.0,
    generation: int = 1,
    level_seed: int = 12345,
) -> Moment:
    """A Moment in the middle of an episode; index 0 opens it."""
    policy = np.full(ACTIONS, 0.4 / (ACTIONS - 1), np.float32)
    policy[action] = 0.6
    reading = Reading(
        generation=generation,
        deter=frozen(np.zeros(DETER, np.float32)),
        stoch=frozen(np.zeros(STOCH, np.uint8)),
        belief=frame(index + 60),
        value=value,
        policy=frozen(policy),
        continues=0.99,
        surprise=None if index == 0 else surprise,
    )
    step = Step(frame(index), reward, action, index == 0, False, False, level_seed)
    return Moment(step, reading, None if age is None else Blind(frame(index + 90), age))


def end_moment(reward: float = 10.0, level_seed: int = 12345) -> Moment:
    """An end step."""
    return Moment(Step(frame(0), reward, None, False, True, True, level_seed), None, None)


def arrival(moments: list[Moment], start: int = 0, number: int = 0, outcome: Outcome | None = None) -> Arrival:
    """Moments at the end of a CoinRun episode on an unseen level."""
    first = moments[0]
    generation = 1 if first.reading is None else first.reading.generation
    seed = first.step.level_seed
    return Arrival(number, "coinrun", "easy", "unseen", seed, generation, start, tuple(moments), outcome)


def agent_info(name: str = "coinrun-12m", generation: int = 1, training: bool = False) -> AgentInfo:
    """An agent on show."""
    path = Path("/checkpoints") / f"{name}.safetensors"
    home = TrainedOn("coinrun", "easy", 200)
    counts = 1_200_000, 75_000
    info = AgentInfo(name, generation, "coinrun", "easy", "12m", *counts, path, 1 - 1 / 333, home, training)
    return replace(info, handed_over=training)


def picture(index: int, number: int = 0) -> Picture:
    """The human view of a Step."""
    return Picture(number, index, pack_picture(frame(index, PICTURE_SHAPE[0])))


def future(key: FutureKey, horizon: int = 15) -> Future:
    """An imagined rollout of one branch; its last state is expected to be the end."""
    continues = np.full((1, horizon), 0.99, np.float32)
    continues[0, -1] = 0.1
    dream = Dream(
        generation=key.generation,
        frames=frozen(np.stack([frame(100 + ahead) for ahead in range(horizon)])[None]),
        actions=frozen(np.full((1, horizon), 8, np.int64)),
        rewards=frozen(np.zeros((1, horizon), np.float32)),
        continues=frozen(continues),
        values=frozen(np.linspace(5, 8, horizon, dtype=np.float32)[None]),
    )
    return Future(key, dream)


def forked(key: FutureKey, length: int = 15, outcome: Outcome | None = None, end_reward: float = 0.0) -> Forked:
    """The truth of such a future: its frames a little darker, a reward of 1 at the third."""
    frames = np.stack([frame(100 + ahead) for ahead in range(length)]) - 20 if length else np.empty((0, 64, 64, 3))
    rewards = np.zeros(length, np.float32)
    rewards[2:3] = 1.0
    return Forked(key, Fork(frozen(frames.astype(np.uint8)), frozen(rewards), outcome, end_reward))


def dreamt(key: FutureKey, ahead: int, reward: float = 0.0, continues: float = 0.99, action: int = 7) -> Dreamt:
    """A frame of a dream that a person plays."""
    return Dreamt(key, ahead, DreamtStep(action, frame(100 + ahead), reward, continues, 5.0 + ahead))


def fan(key: FutureKey, horizon: int = 15, branches: int = 16) -> Fan:
    """Many futures, each worth a little more than the one before."""
    shape = (branches, horizon)
    worth = np.broadcast_to(np.linspace(2, 8, branches, dtype=np.float32)[:, None], shape)
    dream = Dream(
        generation=key.generation,
        frames=frozen(np.empty((branches, 0, 64, 64, 3), np.uint8)),
        actions=frozen(np.full(shape, 8, np.int64)),
        rewards=frozen(np.zeros(shape, np.float32)),
        continues=frozen(np.ones(shape, np.float32)),
        values=frozen(worth.copy()),
    )
    return Fan(key, dream)


class FakePlayer(QObject):
    """Keeps every command with its arguments; `tell` puts records into the mailbox as the worker would."""

    arrived = pyqtSignal()
    failed = pyqtSignal(str, str)
    open_failed = pyqtSignal(str, str)
    refused = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.news: Mailbox[News] = Mailbox(merge_news)
        self.commands: list[tuple[str, tuple[Any, ...]]] = []
        self.stopped = True

    def tell(self, *records: Record, future: Future | None = None, fps: float | None = None) -> None:
        self.news.put(News(records, future, fps))

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of every call of a command."""
        return [arguments for command, arguments in self.commands if command == name]

    def request_stop(self) -> None:
        self.commands.append(("request_stop", ()))

    def wait_stopped(self, timeout_ms: int) -> bool:
        return self.stopped

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments: self.commands.append((name, arguments))


class FakeTrainer(QObject):
    """A training worker without a thread; keeps what it was told."""

    happened = pyqtSignal(object)
    failed = pyqtSignal(str, str)
    ended = pyqtSignal()

    def __init__(self, request: TrainingRequest | None = None) -> None:
        super().__init__()
        self.request = request
        self.progress: Mailbox[Progress] = Mailbox()
        self.weights: Mailbox[Weights] = Mailbox()
        self.calls: list[Any] = []
        self.stopped = True

    def start(self) -> None:
        self.calls.append("start")

    def set_paused(self, paused: bool) -> None:
        self.calls.append("pause" if paused else "resume")

    def request_stop(self) -> None:
        self.calls.append("stop")

    def wait_stopped(self, timeout_ms: int) -> bool:
        return self.stopped


def opened() -> Opened:
    return Opened(agent_info())


def what_if(
    dreamed: Sequence[float] = (4.0, 6.0, 8.0), real: Sequence[float] | None = (5.0, 10.0, 2.0), horizon: int = 15
) -> WhatIf:
    """Left, right and up: left is dreamt to end at the tenth step, right really wins at the fifth."""
    key = FutureKey(0, 0, 1, horizon, 0)
    whole = future(key, horizon).dream
    continues = np.full((3, horizon), 0.99, np.float32)
    continues[0, 9] = 0.1
    actions = (1, 7, 5)
    taken = np.repeat(whole.actions, 3, 0)
    taken[:, 0] = actions
    dream = Dream(
        1,
        frozen(np.stack([frame(30 * branch + ahead) for branch in range(3) for ahead in range(horizon)])).reshape(
            3, horizon, 64, 64, 3
        ),
        frozen(taken),
        frozen(np.repeat(whole.rewards, 3, 0)),
        frozen(continues),
        frozen(np.repeat(whole.values, 3, 0)),
    )
    forks = (forked(key).fork, forked(key, 4, "won", 10.0).fork, forked(key).fork)
    return WhatIf(
        actions,
        dream,
        None if real is None else tuple(fork for fork in forks if fork is not None),
        frozen(np.array(dreamed, np.float32)),
        None if real is None else frozen(np.array(real, np.float32)),
        frozen(continues.prod(1)),
    )


def many_dreams(branches: int = 16, horizon: int = 15) -> ManyDreams:
    """Dreams that part more and more, each worth a little more than the one before; the first expects the end."""
    key = FutureKey(0, 0, 1, horizon, 0)
    flat = fan(key, horizon, branches).dream
    grey = 100 + np.arange(branches)[:, None] * np.arange(horizon)[None, :] / 10
    frames = np.broadcast_to(grey[:, :, None, None, None], (branches, horizon, 64, 64, 3)).astype(np.uint8)
    continues = np.ones((branches, horizon), np.float32)
    continues[0, 5:] = 0.0
    dream = Dream(1, frozen(frames.copy()), flat.actions, flat.rewards, frozen(continues), flat.values)
    pixels = frames.astype(np.float32)
    return ManyDreams(dream, frozen(pixels.mean(0).astype(np.uint8)), frozen(pixels.std(0).mean(-1)))
