"""Training as a generator of events: whoever drives it can pause, look, hand over weights or stop between any two.

One turn is an update, if the steps taken so far have earned one, or else a step of all games. Between turns the state
is whole, and everything that happens there (metrics, evaluation, video, save) leaves it as it is. All draws are
functions of the seed and of counters, so a checkpoint holds no generator: a run that resumes goes on to the bit.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.agent.learner import Learner, NonFiniteUpdate, UpdateResult, UpdateStopped, fetch
from trainer.checkpoint import CheckpointFile, Header, open_checkpoint, read_header, save_checkpoint, write_safely
from trainer.collect import Collector
from trainer.config import Config, check
from trainer.envs.procgen import ProcgenVector, levels_of
from trainer.envs.protocol import VectorEnv
from trainer.errors import UserError
from trainer.evaluation.report import training_scores
from trainer.evaluation.scores import Tick
from trainer.events import (
    Evaluated,
    Event,
    Finished,
    Metrics,
    Progress,
    Saved,
    Started,
    UpdateSkipped,
)
from trainer.hardware import choose_device, choose_dtype
from trainer.pace import Clock, Every, TrainRatio
from trainer.process import cores, use_threads
from trainer.randomness import numpy_generator, torch_generator
from trainer.replay import Batch, Replay
from trainer.run import Run, branch, user_key
from trainer.tally import Mark, Pace, Tally
from trainer.video import open_loop_video

GPU_TRAIN_RATIO = 64.0
"""Replayed steps per environment step on a GPU: the reference's for Procgen."""
CPU_TRAIN_RATIO = 8.0
"""The same on a CPU, where updates are what is scarce: replay then gets eight times as many fresh steps an update as
with the reference's ratio, and the time stays with the updates. Measured at 12m on one core: 570 steps a second played,
117 a second replayed, so that playing takes 3 % of the time (20 % at a ratio of 1)."""
REFUSED_IN_A_ROW = 10
"""Refused updates without a good one between after which training gives up."""
_UNFIT = (AttributeError, IndexError, KeyError, TypeError, ValueError)  # what a damaged state may raise

EnvMaker = Callable[[Config], VectorEnv]
Scorer = Callable[[Agent, Config], Generator[Tick, None, dict[str, float]]]


@dataclass(frozen=True)
class Weights:
    """A copy of the weights at a safe point, for the viewer.

    Attributes:
        generation: counts the copies of this loop, from 1 on.
        updates: made so far.
        tensors: name to float32 CPU tensor; nobody changes them any more.
    """

    generation: int
    updates: int
    tensors: dict[str, Tensor]


def settle(config: Config) -> Config:
    """The config with every `auto` decided for this machine: device, dtype, threads, train ratio.

    Raises:
        UserError: a value out of range, or CUDA is asked for and there is none.
    """
    check(config, "settings")
    levels_of("train", config.levels)
    levels_of("validation", config.levels)
    device = choose_device(config.device)
    dtype = choose_dtype(config.dtype, device)
    return config.replace(
        device=device.type,
        dtype=str(dtype).removeprefix("torch."),
        threads=use_threads(config.threads),
        train_ratio=config.train_ratio or (CPU_TRAIN_RATIO if device.type == "cpu" else GPU_TRAIN_RATIO),
    )


def train_env(config: Config) -> VectorEnv:
    """The games of a run, on its train levels."""
    first, count = levels_of("train", config.levels)
    return ProcgenVector(config.game, config.difficulty, config.num_envs, first, count, config.seed)


class TrainingLoop:
    """One training run, new or resumed.

    Everything but :meth:`stop` belongs to one thread.

    Attributes:
        folder: of the run. config: settled, as the run's `config.yaml` has it.
        agent, learner, replay, collector: what is trained, by whom, and from what; there once :meth:`run` has
            yielded Started.
    """

    agent: Agent
    learner: Learner
    replay: Replay
    collector: Collector

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

        Raises:
            UserError: settings, folder or checkpoint that cannot be used; nothing was overwritten.
            ValueError: neither or both of `config` and `resume`, or `resume` with `from_checkpoint`.
        """
        if (config is None) == (resume is None) or (resume is not None and from_checkpoint is not None):
            raise ValueError("give either a config (and perhaps from_checkpoint), or resume")
        self._make_env, self._score = make_env, score
        self._stop = threading.Event()
        self._clock = Clock()
        self._generation = 0
        self._updating = False
        self._checkpoint: CheckpointFile | None = None
        self._weights: CheckpointFile | None = None
        self._fresh_replay = False
        self._key = user_key()
        if resume is not None:
            self.folder = self._reopen(resume, run_dir, total_steps)
        else:
            assert config is not None
            config = settle(config.replace(total_steps=total_steps) if total_steps else config)
            if from_checkpoint is not None:
                self._weights = open_checkpoint(from_checkpoint)
                theirs = self._weights.header.config.preset
                if theirs != config.preset:
                    raise UserError(
                        f"{from_checkpoint}: is of preset {theirs}, not {config.preset}; add --preset {theirs}."
                    )
            self.folder = Run.create(run_dir, config)
            self.folder.lock()
        self.config = self.folder.config

    def _reopen(self, path: Path, run_dir: Path | None, total_steps: int | None) -> Run:
        path = path.expanduser()
        run = Run.open(path) if path.is_dir() else Run.of_checkpoint(path)
        with contextlib.ExitStack() as locked:
            run.lock()
            locked.callback(run.unlock)
            latest = run.latest_checkpoint()
            chosen = latest if path.is_dir() else path.absolute()
            file = open_checkpoint(chosen)
            if file.header.kind != "full":
                raise UserError(f"{chosen}: holds weights only; start a new run from it with --from.")
            settled = settle(run.config)
            if settled != run.config:
                raise UserError(
                    f"{run.path / 'config.yaml'}: does not suit this machine (it has {settled.threads} threads for "
                    f"the {run.config.threads} asked for); change `threads` there or start a new run with --from."
                )
            if chosen == latest and run_dir is not None:
                raise UserError("--run_dir does not go with --resume of a run's newest checkpoint; leave it out.")
            if chosen == latest:
                locked.pop_all()
            else:
                self._fresh_replay = file.header.env_steps not in _resumable(latest)
                run = branch(run, chosen, run_dir, leave=("replay",) if self._fresh_replay else ())
                run.lock()
                file = open_checkpoint(run.latest_checkpoint())
        self._checkpoint = file
        if total_steps is not None and total_steps != run.config.total_steps:
            run.config = check(run.config.replace(total_steps=total_steps), "settings")
            run.write_config()
        return run

    @property
    def env_steps(self) -> int:
        """Environment steps of the whole run."""
        return self.collector.env_steps

    @property
    def updates(self) -> int:
        """Updates of the whole run."""
        return self._updates

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
        return Weights(self._generation, self._updates, self.agent.state_tensors())

    def run(self) -> Generator[Event, None, None]:
        """Trains until `total_steps`, or until :meth:`stop`, and saves.

        Raises:
            UserError: the disk is full, the folder cannot be written, or too many updates in a row were refused; the
                last checkpoint stays.
        """
        self.folder.note(None)
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
        except BaseException:
            with contextlib.suppress(UserError):  # what went wrong first is what a person must hear
                self.folder.note(ended)
            raise
        else:
            self.folder.note(ended)
        finally:
            events.close()
            self.folder.unlock()

    def _events(self) -> Generator[Event, None, None]:
        use_threads(self.config.threads)
        with contextlib.ExitStack() as opened:
            self._build(opened)
            folder, total_steps = str(self.folder.path), self.config.total_steps
            yield Started(folder, self.env_steps, self._updates, total_steps, self._summary())
            if self._checkpoint is None or self._fresh_replay:
                yield self._save()
            while (self._update_owed or self.env_steps < total_steps) and not self._stop.is_set():
                yield from self._turn()
                if not self._update_owed and not self._stop.is_set():
                    yield from self._between()
            if not self._saved_now:
                yield self._save()
            complete = self.env_steps >= total_steps and not self._update_owed
            reason = "complete" if complete else "stopped"
            checkpoint = self.folder.checkpoint_path(self.env_steps)
            yield Finished(reason, self.env_steps, self._updates, str(checkpoint))

    def _build(self, opened: contextlib.ExitStack) -> None:
        config, file = self.config, self._checkpoint
        device = torch.device(config.device)
        dtype = torch.bfloat16 if config.dtype == "bfloat16" else torch.float32
        self.agent = Agent(config.size, dtype=torch.float32, device=device, horizon=config.horizon, seed=config.seed)
        self.learner = Learner(self.agent, config, dtype)
        self._ratio = TrainRatio(config.train_ratio, config.batch_size * config.batch_length)
        self._log = Every(config.log_every, config.log_every_updates)
        self._saving = Every(config.save_every, config.save_every_updates)
        self._evaluating = Every(config.evaluate_every, config.evaluate_every_updates)
        self._filming = Every(config.video_every)
        self._tally = Tally(config.batch_size * config.batch_length)
        self._pace = Pace()
        self._provenance = self._origin()
        self._updates = self._skipped = self._in_a_row = 0
        self._saved_now = False
        self._best: dict[str, Any] | None = None
        self._saves: list[list[int]] = []
        env = self._make_env(config)
        opened.callback(env.close)
        self.replay = self._open_replay(dtype)
        opened.callback(self.replay.close)
        self.collector = Collector(env, self.agent, self.replay, config.seed)
        if file is not None:
            self._load(file)
        elif self._weights is not None:
            self.learner.load_weights(self._weights.weights())
        self._tally.begin(self._now())

    def _origin(self) -> dict[str, Any]:
        """Where this run comes from, for its checkpoints: versions, cores, what its first weights had behind them."""
        origin: dict[str, Any] = {"torch": torch.__version__, "dream-agent": _version(), "cores": cores()}
        if self._checkpoint is not None:
            return self._checkpoint.header.provenance | origin
        if self._weights is not None:
            before = self._weights.header
            origin["from"] = {
                "env_steps": before.env_steps,
                "updates": before.updates,
                "elapsed": before.elapsed,
                **({"from": before.provenance["from"]} if "from" in before.provenance else {}),
            }
        return origin

    def _now(self) -> Mark:
        return Mark(self.elapsed, self._updates, self.env_steps)

    def _open_replay(self, dtype: torch.dtype) -> Replay:
        config, file = self.config, self._checkpoint
        try:
            return Replay(
                self.folder.replay_dir,
                config.num_envs,
                config.size,
                "bfloat16" if dtype == torch.bfloat16 else "float32",
                int(config.replay_gib * 2**30),
                config.batch_length + 1,
                None if file is None or self._fresh_replay else file.header.state["replay"],
            )
        except _UNFIT as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> UserError:
        path = self._checkpoint.path if self._checkpoint else self.folder.path
        return UserError(f"{path}: its training state is damaged ({error!r}); start a new run from it with --from.")

    def _summary(self) -> str:
        config = self.config
        start = ""
        if self._fresh_replay:
            start = "; the old steps are gone, replay fills anew"
        return (
            f"{config.game} {config.difficulty}, preset {config.preset} ({self.agent.parameter_count:,} parameters), "
            f"{config.device} {config.dtype}, {config.threads} threads, train ratio {config.train_ratio:g}, "
            f"{self.replay.describe()}{start}"
        )

    # One turn

    @property
    def _update_owed(self) -> bool:
        return self._ratio.owed and self.replay.sequences > 0

    def _turn(self) -> Iterator[Event]:
        if self._update_owed:
            yield from self._update()
        else:
            for ended in self.collector.step():
                self._tally.episode(ended)
                yield ended
            self._saved_now = False
            if self.replay.sequences:
                self._ratio.step(self.config.num_envs)
            yield self._progress()

    def _update(self) -> Iterator[Event]:
        attempt = self._updates + self._skipped
        seed = self.config.seed
        batch = self.replay.sample(self.config.batch_size, numpy_generator(seed, "sample", attempt))
        generator = torch_generator(seed, "update", attempt, device=self.agent.device)
        self._updating = True
        try:
            result = self.learner.update(batch, generator, lambda part: self._stop.is_set())
        except UpdateStopped:
            return
        except NonFiniteUpdate as error:
            yield self._refuse(batch, str(error))
            return
        finally:
            self._updating = False
        self._commit(batch, result)
        yield self._progress()

    def _commit(self, batch: Batch, result: UpdateResult) -> None:
        self.replay.commit(batch, result.deter, result.stoch)
        self._ratio.pay()
        self._updates += 1
        self._in_a_row = 0
        self._saved_now = False
        self._tally.update(fetch(result.metrics))

    def _refuse(self, batch: Batch, why: str) -> UpdateSkipped:
        """Notes a refused update, keeps its batch for study, and gives up after too many in a row."""
        attempt = self._updates + self._skipped
        self._skipped += 1
        self._in_a_row += 1
        self._ratio.pay()
        self._saved_now = False
        file = self.folder.batch_file(attempt)
        fields = {field.name: getattr(batch, field.name) for field in dataclasses.fields(batch)}

        def write(temporary: Path) -> None:
            with open(temporary, "wb") as stream:
                np.savez_compressed(stream, **fields)

        write_safely(file, write)
        if self._in_a_row >= REFUSED_IN_A_ROW:
            raise UserError(
                f"{self._in_a_row} updates in a row had a loss or gradient that is not finite ({why}); their batches "
                f"are in {file.parent}, the last good checkpoint is {self.folder.latest_checkpoint()}: resume it, or "
                "start from it with a lower --lr."
            )
        return UpdateSkipped(self._updates, self._in_a_row, str(file))

    # Between turns

    def _between(self) -> Iterator[Event]:
        if self._due(self._log) and not self._tally.empty:
            yield self._row()
        best = False
        if self._updates and self._due(self._evaluating):
            scores = yield from self._evaluate()
            if scores is None:
                return
            best = self._note_best(scores)
            yield Evaluated(self.env_steps, self._updates, scores)
        if self._updates and self._due(self._filming):
            video = open_loop_video(self.agent, self.replay, self.config.seed, self.env_steps, self._updates)
            self._filming.done(self.elapsed, self._updates)
            if video is not None:
                yield video
        if best or self._due(self._saving):
            yield self._save(best)

    def _due(self, what: Every) -> bool:
        return what.due(self.elapsed, self._updates)

    def _row(self) -> Metrics:
        values = self._tally.row(self._now())
        values["replay.steps"] = float(len(self.replay))
        values["updates.skipped"] = float(self._skipped)
        self._log.done(self.elapsed, self._updates)
        return Metrics(self.env_steps, self._updates, values)

    def _evaluate(self) -> Generator[Event, None, dict[str, float] | None]:
        """Scores of the present weights; None where a stop came between: it is done again then."""
        work = self._score(self.agent, self.config)
        try:
            while not self._stop.is_set():
                next(work)
                yield self._progress()
        except StopIteration as end:
            self._evaluating.done(self.elapsed, self._updates)
            scores: dict[str, float] = end.value
            return scores
        finally:
            work.close()
        return None

    def _note_best(self, scores: dict[str, float]) -> bool:
        score = scores["validation.mean_return"]
        if self._best is not None and score <= self._best["score"]:
            return False
        self._best = {"env_steps": self.env_steps, "updates": self._updates, "score": score}
        return True

    def _progress(self) -> Progress:
        updates, env_steps = self._pace.rates(self._now())
        recent = self.collector.recent
        return Progress(
            env_steps=self.env_steps,
            updates=self._updates,
            skipped=self._skipped,
            elapsed=self.elapsed,
            updates_per_second=updates,
            frames_per_second=updates * self.config.batch_size * self.config.batch_length,
            mean_return=math.fsum(recent) / len(recent) if recent else None,
            seconds_left=(self.config.total_steps - self.env_steps) / env_steps if env_steps > 0 else None,
        )

    # Saving and loading

    def _save(self, best: bool = False) -> Saved:
        """Saves everything to go on from; the old checkpoints stay until this one is safe."""
        self._saving.done(self.elapsed, self._updates)
        replay = self.replay.save()
        path = self.folder.checkpoint_path(self.env_steps)
        older = [save for save in self._saves if save[0] != self.env_steps and self._is_there(save[0])]
        self._saves = [*older, [self.env_steps, replay["save"]]][-self.config.keep_checkpoints :]
        tensors = self.learner.state_tensors()
        low, high = tensors.pop("normaliser/lo"), tensors.pop("normaliser/hi")
        header = Header(
            kind="full",
            config=self.config,
            num_actions=self.agent.num_actions,
            env_steps=self.env_steps,
            updates=self._updates,
            skipped=self._skipped,
            elapsed=self.elapsed,
            normaliser=(float(low), float(high)),
            provenance=self._provenance,
            state=self._state(replay),
        )
        save_checkpoint(path, header, tensors | self.collector.tensors(self._key))
        self.folder.prune(self.config.keep_checkpoints, self._best["env_steps"] if self._best else None)
        self.replay.mark_saved(self._saves[0][1])
        self._saved_now = True
        return Saved(str(path), self.env_steps, self._updates, best)

    def _is_there(self, env_steps: int) -> bool:
        return self.folder.checkpoint_path(env_steps).exists()

    def _state(self, replay: dict[str, Any]) -> dict[str, Any]:
        return {
            "replay": replay,
            "collector": self.collector.state(),
            "ratio": self._ratio.state(),
            "in_a_row": self._in_a_row,
            "tally": self._tally.state(),
            "best": self._best,
            "saves": self._saves,
            "schedule": {name: every.state() for name, every in self._schedule().items()},
        }

    def _load(self, file: CheckpointFile) -> None:
        header, state = file.header, file.header.state
        tensors = file.tensors()
        low, high = header.normaliser
        tensors |= {"normaliser/lo": torch.tensor(low), "normaliser/hi": torch.tensor(high)}
        self.learner.load_state_tensors(tensors, header.updates)
        self._updates, self._skipped = header.updates, header.skipped
        self._clock.before = header.elapsed
        try:
            self.collector.load(state["collector"], tensors, self._key)
            self._ratio.load(state["ratio"])
            self._in_a_row = state["in_a_row"]
            self._tally.load(state["tally"])
            self._best, self._saves = state["best"], state["saves"]
            for name, every in self._schedule().items():
                every.load(state["schedule"][name])
        except _UNFIT as error:
            raise self._damaged(error) from error
        self._saved_now = not self._fresh_replay

    def _schedule(self) -> dict[str, Every]:
        return {
            "log": self._log,
            "saving": self._saving,
            "evaluating": self._evaluating,
            "filming": self._filming,
        }


def _resumable(latest: Path) -> set[int]:
    """Environment steps of the checkpoints whose replay can still be brought back, as the newest one tells."""
    try:
        return {int(env_steps) for env_steps, _ in read_header(latest).state["saves"]}
    except _UNFIT as error:
        raise UserError(f"{latest}: its training state is damaged ({error!r}); delete it.") from error


def _version() -> str:
    try:
        return metadata.version("dream-agent")
    except metadata.PackageNotFoundError:  # used from a checkout that is not installed
        return "unknown"
