"""What happens between two turns and leaves training as it is: a row of metrics, an evaluation, a video, a save."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator

from trainer.agent.agent import Agent
from trainer.config import Config
from trainer.evaluation.scores import Tick
from trainer.events import Evaluated, Event, Metrics, OpenLoopVideo, Progress, Saved
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
        """Everything that is due now, by the first rank's clock.

        Raises:
            UserError: a save failed, or another rank is gone.
        """
        training = self._training
        due = training.ranks.gather(training.schedule.due(training.clock.elapsed, training.updates))[0]
        if "log" in due and not training.tally.empty:
            yield self._row()
        best = False
        if training.updates and "evaluating" in due:
            scores = yield from self._evaluate()
            if scores is None:
                return
            best = self._note_best(scores)
            yield Evaluated(training.env_steps, training.updates, scores)
        if training.updates and "filming" in due:
            video = self._film() if training.ranks.first else None
            self._done(training.schedule.filming)
            if video is not None:
                yield video
        if best or "saving" in due:
            yield self._save(best)

    def _done(self, what: Every) -> None:
        what.done(self._training.clock.elapsed, self._training.updates)

    def _film(self) -> OpenLoopVideo | None:
        training = self._training
        return open_loop_video(
            training.agent, training.replay, training.config.seed, training.env_steps, training.updates
        )

    def _row(self) -> Metrics:
        training = self._training
        values = training.tally.row(training.now)
        values["replay.steps"] = float(sum(training.ranks.gather(len(training.replay))))
        values["updates.skipped"] = float(training.skipped)
        self._done(training.schedule.log)
        return Metrics(training.env_steps, training.updates, values)

    def _evaluate(self) -> Generator[Event, None, dict[str, float] | None]:
        """Scores of the present weights, which the first rank makes; None where a stop came between."""
        training, ranks = self._training, self._training.ranks
        with contextlib.closing(self._score(training.agent, training.config)) as work:
            while not self._stopping():
                scores = ranks.gather(_went_on(work) if ranks.first else None)[0]
                if scores is not None:
                    self._done(training.schedule.evaluating)
                    return scores
                yield self._progress()
        return None

    def _note_best(self, scores: dict[str, float]) -> bool:
        training, score = self._training, scores["validation.mean_return"]
        if training.best is not None and score <= training.best["score"]:
            return False
        training.best = {"env_steps": training.env_steps, "updates": training.updates, "score": score}
        return True


def _went_on(work: Generator[Tick, None, dict[str, float]]) -> dict[str, float] | None:
    """The scores, once another step of the work has brought it to its end."""
    try:
        next(work)
    except StopIteration as end:
        scores: dict[str, float] = end.value
        return scores
    return None
