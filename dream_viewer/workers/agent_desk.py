"""Which agent plays: one that was opened, or one whose weights a training hands over, here or elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dream_viewer.messages.agents import AgentInfo, Opened, Weights
from dream_viewer.messages.news import News
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.workers.agent_source import AgentSource, Supply
from dream_viewer.workers.live_lane import LiveLane
from dream_viewer.workers.run_watch import RunWatch
from dream_viewer.workers.study_desk import StudyDesk
from trainer.agent.agent import Agent
from trainer.errors import UserError
from trainer.player import Player


class AgentDesk:
    """Has the player, and replaces it, or its weights, as is asked.

    Args:
        source: makes agents. live, studies: what the player does. tell: takes each piece of news.
        make_player: (agent, number of its first episode) to a player.
        watch: (run's folder, its checkpoint that plays) to a watch that hands newer weights to `take_followed`.
        lent: whether something goes on, besides studies, that computes with the agent that played when it began.

    Attributes:
        player: None before the first agent is open. info: what was told about its agent last.
    """

    def __init__(
        self,
        source: AgentSource,
        live: LiveLane,
        studies: StudyDesk,
        tell: Callable[[News], None],
        make_player: Callable[[Supply, int], Player],
        watch: Callable[[Path, Path], RunWatch],
        lent: Callable[[], bool],
    ) -> None:
        self._source, self._live, self._studies, self._tell = source, live, studies, tell
        self._make_player, self._make_watch, self._lent = make_player, watch, lent
        self._infos: dict[int, AgentInfo] = {}
        self._next: Weights | None = None
        self._watch: RunWatch | None = None
        self._ground_every: int | None = None
        self.player: Player | None = None
        self.info: AgentInfo | None = None

    def open(self, path: Path, choice: LevelChoice, difficulty: str | None, game: str | None) -> None:
        """Let an agent from a file play; arguments as of `PlayerWorker.open_checkpoint`.

        Raises:
            UserError: that does not work; nothing changed.
        """
        supply = self._source.open(path, difficulty, game)
        self._replace_player(supply, choice)
        self._unwatch()
        if supply.info.run is not None and supply.info.path is not None:
            self._watch = self._make_watch(supply.info.run, supply.info.path)

    def take(self, weights: Weights) -> None:
        """Take weights of the training in this window as soon as that disturbs nobody."""
        self._unwatch()
        self._next = weights

    def take_followed(self, weights: Weights) -> None:
        """Take weights of the run that is followed likewise, unless another agent was opened meanwhile."""
        if self._watch is not None and weights.run == self._watch.folder:
            self._next = weights

    def adopt_if_free(self) -> None:
        """Read in the newest weights that wait, once those before are read in and nobody needs the present ones."""
        weights, studies = self._next, self._studies
        if weights is None or studies.adopting or studies.rereading or studies.duelling or self._live.dreaming:
            return
        self._next = None
        player = self.player
        trained = weights.config.game, weights.config.difficulty
        plays = trained if weights.run is None or player is None else (player.game, player.difficulty)
        supply = self._source.from_training(weights, *plays)
        info = supply.info
        if player is None or (player.game, player.difficulty) != (info.game, info.difficulty):
            self._replace_player(supply, self._live.dealer.choice)
            return
        self._infos[info.generation] = info
        self._live.dealer.train_levels = info.trained_on.levels
        before = player.agent
        studies.adopt(player, supply.agent, adopted=lambda: self._adopted(player, before))

    def new_level(self, choice: LevelChoice) -> None:
        """Play these levels; a duel that was asked for before, and did not begin yet, is off.

        Raises:
            UserError: there is no such level; the choice stays as it was.
        """
        dealer = self._live.dealer
        before, dealer.choice = dealer.choice, choice
        if self.player is None:
            return
        try:
            self._live.next_level(self.player)
        except UserError:
            dealer.choice = before
            raise
        self._studies.lane.cancel("branch")

    def set_blind(self, ground_every: int | None) -> None:
        """Let this player, and those after it, dream along reality."""
        self._ground_every = ground_every
        if self.player is not None:
            self.player.ground_every = ground_every

    def announce(self, player: Player) -> None:
        """Tell of the agent that plays, unless that was told: its weights read the episode, or began a level, first."""
        info = self._infos.get(player.agent.generation)
        if info is None or info is self.info:
            return
        self.info = info
        self._infos = {generation: other for generation, other in self._infos.items() if generation > info.generation}
        self._studies.new_generation()
        self._tell(News((Opened(info),)))

    def finish(self) -> None:
        """Follow no run any more, and let the player go."""
        self._unwatch()
        if self.player is not None:
            self.player.close()

    def _replace_player(self, supply: Supply, choice: LevelChoice) -> None:
        info, dealer = supply.info, self._live.dealer
        before, kept = self.player, (dealer.choice, dealer.train_levels)
        player = self._make_player(supply, 0 if before is None else before.reserve_number())
        player.ground_every = self._ground_every
        self._infos[info.generation] = info
        dealer.choice, dealer.train_levels = choice, info.trained_on.levels
        try:
            self._live.next_level(player)
        except UserError:
            dealer.choice, dealer.train_levels = kept
            raise
        self.player = player
        self._live.leave_dream()
        self._live.pace.begin()
        self._studies.lane.cancel()
        self._next = None
        self._source.forget_spare()
        if before is not None:
            before.close()

    def _adopted(self, player: Player, before: Agent) -> None:
        self.announce(player)
        if not self._studies.rereading and not self._lent():
            self._source.give_back(before)

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
