"""All that training changes, and the two turns that change it: a step of all games, and an update.

Between two turns the state is whole. All draws are functions of the seed and of counters, so it holds no generator.
Where several processes train together, each has its share of games, replay and batch; all the rest is equal on all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypedDict

import torch

from trainer.agent.agent import Agent
from trainer.agent.learner import Learner, NonFiniteUpdate, UpdateResult
from trainer.collect import Collector
from trainer.config import Config
from trainer.distributed import ALONE, Ranks
from trainer.envs.protocol import VectorEnv
from trainer.events import EpisodeEnded
from trainer.pace import Clock, Schedule, TrainRatio
from trainer.randomness import numpy_generator, torch_generator
from trainer.refusal import Refusal
from trainer.replay import Batch, Replay
from trainer.sharing import share
from trainer.tally import Mark, Tally


class Best(TypedDict):
    """Where the best score on validation levels was made."""

    env_steps: int
    updates: int
    score: float


def compute_dtype(config: Config) -> torch.dtype:
    """The torch name of a settled config's compute type."""
    return torch.bfloat16 if config.dtype == "bfloat16" else torch.float32


class Training:
    """The parts of a training and its counters, as they are at the start of a run.

    Attributes:
        config: settled. share: this rank's part of it. ranks: who trains together. clock: the run's own.
        agent, learner, replay, collector: what is trained, by whom, and from what.
        ratio, tally, schedule: updates that are owed, means for the next row, and when what was done last.
        updates, skipped: made and refused so far. in_a_row: refused since the last good one.
        best: score; None before the first. unsaved: something was done since the last save.
    """

    def __init__(self, config: Config, env: VectorEnv, replay: Replay, clock: Clock, ranks: Ranks = ALONE) -> None:
        """Builds everything.

        Args:
            config: settled. env: this rank's games, at the start of a run. replay: this rank's, empty, or as it was at
                the checkpoint that is going to be restored; the caller closes both. clock: of the run.
            ranks: who trains together.

        Raises:
            RankLost: another rank is gone.
        """
        self.config, self.share, self.ranks = config, share(config, ranks), ranks
        self.replay, self.clock = replay, clock
        device = torch.device(config.device)
        self.agent = Agent(config.size, dtype=torch.float32, device=device, horizon=config.horizon, seed=config.seed)
        self.learner = Learner(self.agent, config, compute_dtype(config), ranks)
        self.collector = Collector(env, self.agent, replay, self.share.seed, ranks)
        frames = config.batch_size * config.batch_length
        self.ratio = TrainRatio(config.train_ratio, frames)
        self.tally = Tally(frames)
        self.schedule = Schedule(config)
        self.updates = self.skipped = self.in_a_row = 0
        self.best: Best | None = None
        self.unsaved = True
        self._filled = False
        self._look()

    def _look(self) -> None:
        """Learns whether there is something to sample on every rank; from then on there always is."""
        self._filled = self._filled or all(self.ranks.gather(self.replay.sequences > 0))

    @property
    def env_steps(self) -> int:
        """Environment steps of the whole run."""
        return self.collector.env_steps

    @property
    def now(self) -> Mark:
        """Where the run stands."""
        return Mark(self.clock.elapsed, self.updates, self.env_steps)

    @property
    def update_owed(self) -> bool:
        """Whether the next turn is an update."""
        return self.ratio.owed and self._filled

    @property
    def complete(self) -> bool:
        """All steps were taken, and the updates that they earned made."""
        return self.env_steps >= self.config.total_steps and not self.update_owed

    def play(self) -> list[EpisodeEnded]:
        """One step of all games; the episodes that it ended, on any rank.

        Raises:
            UserError: replay's disk is full, or another rank is gone.
        """
        episodes = self.collector.step()
        for ended in episodes:
            self.tally.episode(ended)
        self.unsaved = True
        self._look()
        if self._filled:
            self.ratio.step(self.config.num_envs)
        return episodes

    def update(self, poll: Callable[[str], bool]) -> Refusal | None:
        """One update; None when it was made.

        Args:
            poll: asked before each part of it; True stops it.

        Raises:
            UpdateStopped: `poll` said so; nothing has changed.
            UserError: replay's disk is full, or another rank is gone.
        """
        attempt, share = self.updates + self.skipped, self.share
        batch = self.replay.sample(share.batch_size, numpy_generator(share.seed, "sample", attempt))
        generator = torch_generator(self.config.seed, "update", attempt, device=self.agent.device)
        try:
            result = self.learner.update(batch, generator, poll)
        except NonFiniteUpdate as error:
            self.skipped += 1
            self.in_a_row += 1
            self.ratio.pay()
            self.unsaved = True
            return Refusal(batch, attempt, self.in_a_row, str(error))
        self._commit(batch, result)
        return None

    def _commit(self, batch: Batch, result: UpdateResult) -> None:
        self.replay.commit(batch, result.deter, result.stoch)
        self.ratio.pay()
        self.updates += 1
        self.in_a_row = 0
        self.unsaved = True
        self.tally.update(result.metrics)
