"""The agent that a person compares with: opened beside the one that plays, in the same thread, in a lane of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future as Loading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.companion import CompanionDreamt, CompanionOpened, CompanionRead, CompanionRefused
from dream_viewer.messages.futures import Future, FutureKey
from dream_viewer.messages.news import News, Record
from dream_viewer.workers.agent_source import AgentSource, Supply
from dream_viewer.workers.study_lane import StudyLane
from trainer.agent.agent import Agent
from trainer.companion import Companion, ReadPiece
from trainer.episode import Episode, Moment
from trainer.errors import UserError
from trainer.process import use_threads


class CompanionDesk:
    """Takes what is asked of a companion; what came of it goes through `tell`.

    A checkpoint is loaded in a thread of its own: that takes longer than the agent that plays may wait.

    Args:
        source: makes the agent. seed: of the player. tell: takes each piece of news.
        soon: lets the player's thread run something; called from any thread.
    """

    def __init__(
        self,
        source: AgentSource,
        seed: int,
        tell: Callable[[News], None],
        soon: Callable[[Callable[[], None]], None],
    ) -> None:
        self._source, self._seed, self._tell, self._soon = source, seed, tell, soon
        self._lane = StudyLane()
        self._loading = ThreadPoolExecutor(1, "companion", use_threads, (1,))
        self._closed = 0
        self._companion: Companion | None = None

    @property
    def agent(self) -> Agent | None:
        """The companion's weights; None while there is none."""
        return None if self._companion is None else self._companion.agent

    def open(self, path: Path, playing: AgentInfo | None) -> None:
        """Load an agent to compare with; where that does not work the one before stays, and the news say why.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint). playing: the agent on show.
        """
        closed = self._closed
        loaded = self._loading.submit(self._loaded, path, playing)
        loaded.add_done_callback(lambda _: self._soon(lambda: self._take(loaded, closed)))

    def close(self) -> None:
        """Let go of the companion, and of any that is being loaded."""
        self._closed += 1
        self._lane.cancel()
        self._companion = None

    def finish(self) -> None:
        """Be done with everything."""
        self.close()
        self._loading.shutdown(cancel_futures=True)

    def _loaded(self, path: Path, playing: AgentInfo | None) -> Supply:
        if playing is None:
            raise UserError("There is no agent to compare with yet; open a checkpoint first.")
        supply = self._source.open(path, None, None)
        trained_on = supply.info.trained_on.game
        if trained_on != playing.game:
            raise UserError(
                f"{path.name} was trained on {trained_on}, and {playing.game} is on show; "
                f"compare with a checkpoint of {playing.game}."
            )
        return supply

    def _take(self, loaded: Loading[Supply], closed: int) -> None:
        try:
            supply = loaded.result()
            if closed != self._closed:
                raise UserError(f"{supply.info.name} is not compared any more.")
        except UserError as error:
            self._news(CompanionRefused(str(error)))
            return
        except Exception as error:
            self._news(CompanionRefused(f"The agent to compare with could not be loaded: {type(error).__name__}."))
            raise
        self._lane.cancel()
        self._companion = Companion(supply.agent, self._seed)
        self._news(CompanionOpened(supply.info))

    def read(self, number: int, episode: Episode, ground_every: int | None) -> None:
        """Read an episode, and on with it if it grew.

        Args:
            number: of the episode. episode: its Steps; may grow meanwhile.
            ground_every: frames from look to look of the dream along reality; None: nobody looks at it.
        """
        companion = self._companion
        if companion is None:
            return
        generation = companion.agent.generation

        def came(piece: ReadPiece) -> None:
            self._news(CompanionRead(number, generation, ground_every, piece.start, piece.moments))

        anew = companion.begin(number, ground_every)
        self._lane.submit("read", companion.read_on(episode), part=came, supersede=anew)

    def future(self, key: FutureKey, moment: Moment, actions: tuple[int, ...] | None) -> None:
        """Dream on from a Moment that the companion read.

        Args:
            key: which dream. moment: where it starts. actions: to take in place of what the policy would.
        """
        companion, reading = self._companion, moment.reading
        if companion is None or reading is None or reading.generation != companion.agent.generation:
            return
        job = companion.future(key.number, key.index, reading, key.horizon, key.branch, actions)
        self._lane.submit(
            f"future, {key.kind}",
            job,
            done=lambda dream: self._news(CompanionDreamt(Future(key, dream))),
            supersede=False,
        )

    def turn(self) -> bool:
        """Do a piece of the work there is; False where there is none."""
        return self._lane.turn()

    def _news(self, record: Record) -> None:
        self._tell(News((record,)))
