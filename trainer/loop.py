"""Training as a generator of events: whoever drives it can pause, look, hand over weights or stop between any two.

One turn is an update, if the steps taken so far have earned one, or else a step of all games. Between turns the state
is whole, and everything that happens there (metrics, evaluation, video, save) leaves it as it is. All draws are
functions of the seed and of counters, so a checkpoint holds no generator: a run that resumes goes on to the bit.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from trainer.agent.agent import Agent
from trainer.agent.learner import Learner
from trainer.agent.parts import AGREED, UpdateStopped
from trainer.collect import Collector, train_env
from trainer.config import Config
from trainer.distributed import ALONE, RankLost, Ranks
from trainer.envs.protocol import VectorEnv
from trainer.errors import UserError
from trainer.evaluation.report import training_scores
from trainer.events import Event, Finished, Progress, Started, UpdateSkipped
from trainer.forecast import forecast
from trainer.interlude import Interlude, Scorer
from trainer.pace import Clock
from trainer.process import use_threads
from trainer.replay import Replay
from trainer.run import user_key
from trainer.saving import Saver, open_replay
from trainer.settle import use_kernels
from trainer.sharing import open_run, share
from trainer.tally import Pace
from trainer.training import Training
from trainer.weights import Weights

EnvMaker = Callable[[Config], VectorEnv]


class TrainingLoop:
    """One training run, new or resumed.

    Everything but :meth:`stop` belongs to one thread.

    Attributes:
        folder: of the run. config: settled, as the run's `config.yaml` has it.
    """

    _training: Training

    def __init__(
        self,
        config: Config | None = None,
        run_dir: Path | None = None,
        *,
        resume: Path | None = None,
        from_checkpoint: Path | None = None,
        total_steps: int | None = None,
        make_env: EnvMaker = train_env,
        score: Scorer = training_scores,
        ranks: Ranks = ALONE,
    ) -> None:
        """Opens or creates the run; nothing is trained yet.

        Args:
            config: of a new run; a resumed run has its own, and none is given then.
            run_dir: folder of a new run or branch; None: one in the person's data folder.
            resume: a run's folder, to go on from its newest checkpoint, or one of its checkpoints: if it is not the
                newest, the run branches into a new one and the old one stays whole.
            from_checkpoint: start a new run from its weights.
            total_steps: new end of a resumed run, in environment steps, those made before included.
            make_env, score: how games are made and agents scored.
            ranks: the processes that train together, see :func:`trainer.distributed.joined`; each of them drives a
                loop of its own to its end, and the first one's events are those that count.

        Raises:
            UserError: settings, folder or checkpoint that cannot be used; nothing was overwritten.
            ValueError: neither or both of `config` and `resume`, or `resume` with `from_checkpoint`.
        """
        if (config is None) == (resume is None) or (resume is not None and from_checkpoint is not None):
            raise ValueError("give either a config (and perhaps from_checkpoint), or resume")
        self._make_env, self._score, self._ranks = make_env, score, ranks
        self._stop = threading.Event()
        self._clock = Clock()
        self._pace = Pace()
        self._generation = 0
        self._updating = self._begun = False
        self._key = user_key()
        if config is not None and total_steps:
            config = config.replace(total_steps=total_steps)
        self._opened = open_run(ranks, config, run_dir, resume, from_checkpoint, total_steps)
        self.folder = self._opened.folder
        self.config = self.folder.config

    @property
    def agent(self) -> Agent:
        """What is trained; like the other parts it is there once :meth:`run` has yielded Started."""
        return self._training.agent

    @property
    def learner(self) -> Learner:
        """Who trains the agent."""
        return self._training.learner

    @property
    def replay(self) -> Replay:
        """What it is trained from."""
        return self._training.replay

    @property
    def collector(self) -> Collector:
        """Who plays."""
        return self._training.collector

    @property
    def env_steps(self) -> int:
        """Environment steps of the whole run."""
        return self._training.env_steps

    @property
    def updates(self) -> int:
        """Updates of the whole run."""
        return self._training.updates

    @property
    def elapsed(self) -> float:
        """Seconds on the run's own clock, resumed parts included, pauses not."""
        return self._clock.elapsed

    def stop(self) -> None:
        """Asks training to save and end at the next safe point, from any thread; an update in flight is discarded."""
        self._stop.set()

    def hand_over(self) -> Weights:
        """A copy of the weights, a new generation; between two events, in the thread that drives the loop.

        Raises:
            RuntimeError: an update is in flight.
        """
        if self._updating:
            raise RuntimeError("weights are handed over between two events, not during an update")
        self._generation += 1
        return Weights(self._generation, self.updates, self.agent.state_tensors())

    def run(self) -> Generator[Event, None, None]:
        """Trains until `total_steps`, or until :meth:`stop`, and saves.

        Raises:
            UserError: the disk is full, the folder cannot be written, too many updates in a row were refused, or
                another rank is gone; the last checkpoint stays.
        """
        events = self._events()
        ended = "failed"
        try:
            while True:
                self._clock.start()
                try:
                    event = next(events)
                except StopIteration:
                    break
                finally:
                    self._clock.stop()
                yield event
                if isinstance(event, Finished):
                    ended = event.reason
        except BaseException as error:
            with contextlib.suppress(UserError):  # what went wrong first is what a person must hear
                self._note(ended)
            if isinstance(error, RankLost):
                raise RankLost(f"{error} {self.folder.way_on()}") from error
            raise
        else:
            self._note(ended)
        finally:
            events.close()
            self.folder.unlock()

    def _note(self, ended: str | None) -> None:
        """Notes how training ended, or that it begins; a run that was refused before keeps the note that it has."""
        self._begun = self._begun or ended is None
        if self._ranks.first and self._begun:
            self.folder.note(ended)

    def _stopping(self) -> bool:
        """Whether any rank was asked to stop, so that all do."""
        return any(self._ranks.gather(self._stop.is_set()))

    def _poll(self, part: str) -> bool:
        """A stop within an update; ranks agree on it before a few parts, at each of which they wait for each other."""
        return (self._ranks.size == 1 or part in AGREED) and self._stopping()

    def _events(self) -> Generator[Event, None, None]:
        use_threads(self.config.threads)
        use_kernels(self.config.kernels)
        with contextlib.ExitStack() as opened:
            training, saver = self._build(opened)
            if self._ranks.first:
                self._opened.begin()
            self._note(None)
            interlude = Interlude(training, self._score, saver.save, self._progress, self._stopping)
            yield self._started()
            if self._opened.checkpoint is None or self._opened.fresh_replay:
                yield saver.save()
            elif not training.update_owed:  # what was due when it was stopped
                yield from interlude.events()
            while not training.complete and not self._stopping():
                yield from self._turn()
                if not training.update_owed and not self._stopping():
                    yield from interlude.events()
            if training.unsaved:
                yield saver.save()
            reason = "complete" if training.complete else "stopped"
            checkpoint = self.folder.checkpoint_path(training.env_steps)
            yield Finished(reason, training.env_steps, training.updates, str(checkpoint))

    def _build(self, opened: contextlib.ExitStack) -> tuple[Training, Saver]:
        env = self._make_env(share(self.config, self._ranks))
        opened.callback(env.close)
        replay = open_replay(self._opened, self.config, self._ranks)
        opened.callback(replay.close)
        self._training = Training(self.config, env, replay, self._clock, self._ranks)
        saver = Saver(self._training, self._opened, self._key)
        saver.begin()
        return self._training, saver

    def _turn(self) -> Iterator[Event]:
        """An update, if one is owed, or else a step of all games."""
        training = self._training
        if not training.update_owed:
            yield from training.play()
            yield self._progress()
            return
        self._updating = True
        try:
            refusal = training.update(self._poll)
        except UpdateStopped:
            return
        finally:
            self._updating = False
        if refusal is None:
            yield self._progress()
        else:
            yield UpdateSkipped(training.updates, refusal.in_a_row, str(refusal.keep(self.folder, self._ranks.rank)))

    def _started(self) -> Started:
        training, config = self._training, self.config
        summary = (
            f"{config.game} {config.difficulty}, preset {config.preset} ({self.agent.parameter_count:,} parameters), "
            f"{config.device} {config.dtype}, {config.kernels} kernels, {config.threads} threads, "
            f"batch {config.batch_size}x{config.batch_length}, train ratio {config.train_ratio:g}, "
            f"{self.replay.describe()}; "
        )
        if self._ranks.size > 1:
            summary += f"{self._ranks.size} processes, threads and replay are each one's; "
        summary += str(forecast(config, training.env_steps, self.agent.num_actions, self._ranks.size))
        if changed := self._opened.changed():
            summary += f"; changed since its checkpoint: {', '.join(changed)}"
        if self._opened.fresh_replay:
            summary += "; the old steps are gone, replay fills anew"
        return Started(str(self.folder.path), training.env_steps, training.updates, config.total_steps, summary)

    def _progress(self) -> Progress:
        training, config = self._training, self.config
        updates, env_steps = self._pace.rates(training.now)
        recent = self.collector.recent
        return Progress(
            env_steps=training.env_steps,
            updates=training.updates,
            skipped=training.skipped,
            elapsed=self.elapsed,
            updates_per_second=updates,
            frames_per_second=updates * config.batch_size * config.batch_length,
            mean_return=math.fsum(recent) / len(recent) if recent else None,
            seconds_left=max(config.total_steps - training.env_steps, 0) / env_steps if env_steps > 0 else None,
        )
