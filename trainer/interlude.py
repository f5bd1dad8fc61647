"""What happens between two turns and leaves training as it is: a row of metrics, an evaluation, a video, a save."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from trainer.agent.agent import Agent
from trainer.config import Config
from trainer.evaluation.scores import Tick
from trainer.events import Evaluated, Event, Metrics, Progress, Saved
from trainer.pace import Every
from trainer.training import Training
from trainer.video import open_loop_video

Scorer = Callable[[Agent, Config], Generator[Tick, None, dict[str, float]]]


class Interlude:
    """Does what is due."""

    def __init__(
        self,
        training: Training,
        score: Scorer,
        save: Callable[[bool], Saved],
        progress: Callable[[], Progress],
        stopping: Callable[[], bool],
    ) -> None:
        """Nothing happens yet.

        Args:
            training: what it is about. score: how agents are scored.
            save: saves, and hears whether this is the best so far. progress: where training is.
            stopping: whether it is to stop; an evaluation is then left, and made again after the resume.
        """
        self._training, self._score, self._save = training, score, save
        self._progress, self._stopping = progress, stopping

    def events(self) -> Iterator[Event]:
        """Everything that is due now.

        Raises:
            UserError: a save failed.
        """
        training, schedule = self._training, self._training.schedule
        if self._due(schedule.log) and not training.tally.empty:
            yield self._row()
        best = False
        if training.updates and self._due(schedule.evaluating):
            scores = yield from self._evaluate()
            if scores is None:
                return
            best = self._note_best(scores)
            yield Evaluated(training.env_steps, training.updates, scores)
        if training.updates and self._due(schedule.filming):
            video = open_loop_video(
                training.agent, training.replay, training.config.seed, training.env_steps, training.updates
            )
            self._done(schedule.filming)
            if video is not None:
                yield video
        if best or self._due(schedule.saving):
            yield self._save(best)

    def _due(self, what: Every) -> bool:
        return what.due(self._training.clock.elapsed, self._training.updates)

    def _done(self, what: Every) -> None:
        what.done(self._training.clock.elapsed, self._training.updates)

    def _row(self) -> Metrics:
        training = self._training
        values = training.tally.row(training.now)
        values["replay.steps"] = float(len(training.replay))
        values["updates.skipped"] = float(training.skipped)
        self._done(training.schedule.log)
        return Metrics(training.env_steps, training.updates, values)

    def _evaluate(self) -> Generator[Event, None, dict[str, float] | None]:
        """Scores of the present weights; None where a stop came between: it is done again then."""
        work = self._score(self._training.agent, self._training.config)
        try:
            while not self._stopping():
                next(work)
                yield self._progress()
        except StopIteration as end:
            self._done(self._training.schedule.evaluating)
            scores: dict[str, float] = end.value
            return scores
        finally:
            work.close()
        return None

    def _note_best(self, scores: dict[str, float]) -> bool:
        training, score = self._training, scores["validation.mean_return"]
        if training.best is not None and score <= training.best["score"]:
            return False
        training.best = {"env_steps": training.env_steps, "updates": training.updates, "score": score}
        return True
