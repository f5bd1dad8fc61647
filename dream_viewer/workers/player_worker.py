"""The thread in which the viewer's game and its copy of the agent live."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PyQt6.QtCore import QObject, QThread, pyqtSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages import (
    Acted,
    AgentInfo,
    Dreamt,
    DuelBegun,
    ExportRequest,
    FutureKey,
    LevelChoice,
    News,
    Opened,
    Picture,
    Record,
    Weights,
    arrival_of,
    merge_news,
)
from dream_viewer.pictures import pack_picture
from dream_viewer.questions import Question
from dream_viewer.workers.agent_source import AgentSource, Supply
from dream_viewer.workers.command_queue import CommandQueue
from dream_viewer.workers.companion_desk import CompanionDesk
from dream_viewer.workers.file_desk import FileDesk
from dream_viewer.workers.hands import Hands
from dream_viewer.workers.level_dealer import LevelDealer
from dream_viewer.workers.pace import Pace
from dream_viewer.workers.run_watch import PERIOD, RunWatch
from dream_viewer.workers.study_desk import StudyDesk
from trainer.agent.agent import Agent
from trainer.dreamt_game import DreamtGame
from trainer.envs.actions import NO_OP
from trainer.envs.viewer import MakeEnv, procgen_level
from trainer.episode import Episode, Moment
from trainer.errors import UserError
from trainer.player import Player
from trainer.process import cores, use_threads


def player_threads() -> int:
    """Threads torch may use for one game: more only spin where the trainer needs the cores."""
    return max(1, min(4, cores() // 4))


@dataclass(slots=True)
class _Dream:
    """A dream that a person plays: what to call it, and how many frames there are by now."""

    key: FutureKey
    game: DreamtGame
    length: int = 0


class PlayerWorker(QThread):
    """Plays in a live lane, and studies what was lived in a second one, both in this thread.

    Every method may be called from any thread and returns at once: it leaves a command that the thread obeys before
    its next piece of work. What there is to tell comes through `news`; only failures come by signal.

    Attributes:
        news: everything lived and studied, to be taken by a GUI timer.

    Signals:
        failed: (one line, details): an exception; the live lane rests, and the worker obeys further commands.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
        refused: (one sentence): a file could not be opened or written; nothing changed.
    """

    failed = pyqtSignal(str, str)
    open_failed = pyqtSignal(str, str)
    refused = pyqtSignal(str)

    def __init__(
        self,
        device: str = "auto",
        dtype: str = "auto",
        seed: int = 0,
        make_env: MakeEnv = procgen_level,
        parent: QObject | None = None,
        watch_period: float = PERIOD,
    ) -> None:
        """A worker at rest; `start` begins the thread.

        Args:
            device, dtype: as in Config. seed: of every draw, of the choice of levels too.
            make_env: (game, difficulty, level seed) to a fresh game.
            watch_period: seconds between two looks into the folder of a run that is followed.
        """
        super().__init__(parent)
        self.news: Mailbox[News] = Mailbox(merge_news)
        self._seed, self._make_env = seed, make_env
        self._commands = CommandQueue()
        self._source = AgentSource(device, dtype)
        self._dealer = LevelDealer(seed)
        self._pace = Pace()
        self._hands = Hands()
        self._dream: _Dream | None = None
        self._desk = StudyDesk(self._tell)
        self._files = FileDesk(self._tell, self.refused.emit)
        self._companion = CompanionDesk(self._source, seed, self._tell, self._commands.put)
        self._player: Player | None = None
        self._info: AgentInfo | None = None
        self._infos: dict[int, AgentInfo] = {}
        self._weights_next: Weights | None = None
        self._watch: RunWatch | None = None
        self._watch_period = watch_period
        self._human_wanted = False
        self._ground_every: int | None = None

    # Commands

    def open_checkpoint(
        self, path: Path, choice: LevelChoice, difficulty: str | None = None, game: str | None = None
    ) -> None:
        """Load an agent and let it play another level; `open_failed` and nothing changed where that does not work.

        Of a run's folder every newer checkpoint is shown as it is saved, until another agent is opened.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint). choice: levels to play.
            difficulty, game: in place of what it was trained on.
        """
        self._commands.put(lambda: self._open(path, choice, difficulty, game))

    def adopt(self, weights: Weights) -> None:
        """Take weights of the training in this window: they read the episode being lived, then play on."""
        self._commands.put(lambda: self._take(weights))

    def new_level(self, choice: LevelChoice) -> None:
        """End the episode being lived and play these levels."""
        self._commands.put(lambda: self._new_level(choice))

    def set_running(self, running: bool) -> None:
        """Live, or rest."""
        self._commands.put(lambda: self._set_running(running))

    def set_fps(self, fps: float) -> None:
        """Pace of the live lane, in frames per second."""
        self._commands.put(lambda: self._pace.set_fps(fps))

    def step_once(self) -> None:
        """Live one Step, whether the live lane rests or not."""
        self._commands.put(self._live)

    def hold(self, action: int | None) -> None:
        """A person holds the keys of this action and plays on from here; None: the agent plays on, in reality."""
        self._commands.put(lambda: self._hold(action))

    def enter_dream(self, key: FutureKey, moment: Moment) -> None:
        """Let the model alone answer the person's keys, from a Moment on, in place of reality; the agent ends that.

        Args:
            key: what to call the dream. moment: where it starts.
        """
        self._study(lambda player: self._enter_dream(player, key, moment))

    def begin_duel(self, number: int, episode: Episode, moments: tuple[Moment, ...]) -> None:
        """Let a person play on from a past Moment, and the agent too; or `refused`.

        Args:
            number: of the episode. episode: the same, not growing meanwhile.
            moments: its Moments up to the one where both begin, read by the present weights.
        """
        self._study(lambda player: self._begin_duel(player, number, episode, moments))

    def set_human_wanted(self, wanted: bool) -> None:
        """Draw the human view of each Step lived."""
        self._commands.put(lambda: self._set_human_wanted(wanted))

    def set_blind(self, ground_every: int | None) -> None:
        """Dream along reality, looking every so many frames; None: nobody looks at it."""
        self._commands.put(lambda: self._set_blind(ground_every))

    def ask_blinds(self, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        """Make the dream along reality of an episode anew, first of all around an index.

        Args:
            number: of the episode. index: what somebody looks at. ground_every: frames from look to look.
            moments: its Moments, read by the present weights; not needed for the episode being lived.
        """
        self._study(lambda player: self._desk.blinds(player, number, index, ground_every, moments))

    def ask_reread(self, number: int, episode: Episode) -> None:
        """Read a past episode with the present weights."""
        self._study(lambda player: self._desk.reread(player, number, episode))

    def ask_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream on from a Moment.

        Args:
            key: which dream. moment: where it starts.
            supersede: give up the dream in the making, rather than finish it first.
        """
        self._study(lambda player: self._desk.future(player, key, moment, supersede))

    def ask_fork(self, key: FutureKey, episode: Episode, actions: tuple[int, ...]) -> None:
        """Find out what really happens under the actions of a future.

        Args:
            key: which future. episode: that it starts in. actions: to take from there.
        """
        self._study(lambda player: self._desk.fork(player, key, episode, actions))

    def ask_fan(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream many futures of a Moment, without pictures; arguments as of `ask_future`."""
        self._study(lambda player: self._desk.fan(player, key, moment, supersede))

    def ask(self, question: Question, supersede: bool) -> None:
        """Work out the answer to a question; `supersede` as of `ask_future`."""
        self._study(lambda player: self._desk.answer(player, question, supersede))

    def ask_picture(self, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""
        self._study(lambda player: self._desk.picture(player, number, index, episode))

    def open_companion(self, path: Path) -> None:
        """Load a second agent of the same game, which reads along; the news say how that went.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint).
        """
        self._commands.put(lambda: self._companion.open(path, self._info))

    def close_companion(self) -> None:
        """Let go of the second agent."""
        self._commands.put(self._companion.close)

    def ask_companion_to_read(self, number: int, episode: Episode, ground_every: int | None) -> None:
        """Let the second agent read an episode, and on with it where it grew; arguments as of `ask_blinds`."""
        self._commands.put(lambda: self._companion.read(number, episode, ground_every))

    def ask_companion_future(self, key: FutureKey, moment: Moment, actions: tuple[int, ...] | None) -> None:
        """Let the second agent dream on from a Moment that it read.

        Args:
            key: which dream. moment: where it starts. actions: to take in place of what its policy would.
        """
        self._commands.put(lambda: self._companion.future(key, moment, actions))

    def open_recording(self, path: Path) -> None:
        """Play a recorded episode again, beside the one being lived, and read it; or `refused`."""
        self._study(lambda player: self._files.open_recording(player, path))

    def save_recording(self, path: Path, episode: Episode) -> None:
        """Write an episode that does not grow meanwhile as a recording; or `refused`."""
        self._commands.put(lambda: self._files.save_recording(path, episode))

    def export(self, request: ExportRequest) -> None:
        """Draw an episode as a picture, film or table; or `refused`."""
        self._study(lambda player: self._files.export(player, request, self._seed, self._make_env))

    def cancel_export(self) -> None:
        """Give up the export in the making."""
        self._commands.put(self._files.cancel_export)

    def cancel_recording(self) -> None:
        """Give up the recording that is being opened."""
        self._commands.put(self._files.cancel_recording)

    def request_stop(self) -> None:
        """End after the piece of work in hand; returns at once."""
        self._commands.stop()

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether the thread is over, at the latest after so many milliseconds."""
        return self.wait(timeout_ms)

    def _study(self, ask: Callable[[Player], None]) -> None:
        def command() -> None:
            if self._player is not None:
                ask(self._player)

        self._commands.put(command)

    # The thread

    def run(self) -> None:
        """Obey, live, study, sleep, until told to stop."""
        use_threads(player_threads())
        try:
            with torch.inference_mode():
                while not self._commands.stopped:
                    self._one_round()
        except BaseException as error:
            self._report(error)
        finally:
            self._desk.lane.cancel()
            self._companion.finish()
            self._files.finish()
            self._unwatch()
            if self._player is not None:
                self._player.close()

    def _one_round(self) -> None:
        try:
            self._commands.obey()
            self._adopt_if_free()
            lived = self._live_if_due()
            studied = self._desk.lane.turn() | self._files.turn() | self._companion.turn()
        except Exception as error:
            self._set_running(False)
            self._report(error)
            return
        if not lived and not studied:
            self._commands.sleep(None if self._player is None else self._pace.rest())

    def _report(self, error: BaseException) -> None:
        line = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self.failed.emit(line, "".join(traceback.format_exception(error)))

    def _tell(self, news: News) -> None:
        rate = None if self._player is None else self._pace.rate()
        self.news.put(replace(news, frames_per_second=rate, model_ms=self._pace.model_ms()))

    # Live lane

    def _live_if_due(self) -> bool:
        if self._player is None or not self._pace.take_turn():
            return False
        self._live()
        return True

    def _live(self) -> None:
        player = self._player
        if player is None:
            return
        if self._dream is not None:
            self._dream_on(self._dream)
            return
        if player.ended:
            self._next_level(player)
            return
        action, index = self._hands.take(), len(player.moments) - 1
        if player.advance(action).step.is_last:
            self._pace.linger()
        if action is not None:
            self._tell(News((Acted(player.number, index, action),)))
        self._arrived(player)

    def _dream_on(self, dream: _Dream) -> None:
        action = self._hands.take()
        begun = time.perf_counter()
        dreamt = dream.game.step(NO_OP if action is None else action)
        self._pace.lived(time.perf_counter() - begun)
        self._tell(News((Dreamt(dream.key, dream.length, dreamt),)))
        dream.length += 1

    def _next_level(self, player: Player) -> None:
        player.new_level(*self._dealer.deal())
        self._announce(player)
        self._arrived(player)

    def _begin_duel(self, player: Player, number: int, episode: Episode, moments: tuple[Moment, ...]) -> None:
        reading = moments[-1].reading
        if reading is None or reading.generation != player.agent.generation:
            self.refused.emit("Other weights play now than those that read this moment; try again in a moment.")
            return
        self._desk.lane.cancel("adopt", "rival")  # newer weights come again; one duel at a time

        def branched(rival: int | None) -> None:
            if rival is None:
                self.refused.emit(f"{episode.game} does not repeat itself here: there is no duel from this moment.")
                return
            self._hands.hold(NO_OP)
            whole = arrival_of(player.number, player.agent.generation, player.episode, player.moments)
            self._tell(News((DuelBegun(player.number, rival), whole)))

        self._desk.duel(player, number, episode, moments, branched)

    def _arrived(self, player: Player) -> None:
        index = len(player.moments) - 1
        records: list[Record] = [
            arrival_of(player.number, player.agent.generation, player.episode, player.moments[-1:], index)
        ]
        self._pace.lived(player.looking_seconds)
        if self._human_wanted and not player.ended and self._pace.wants_picture():
            records.append(Picture(player.number, index, pack_picture(player.human_frame())))
        self._tell(News(tuple(records)))

    def _announce(self, player: Player) -> None:
        info = self._infos.get(player.agent.generation)
        if info is None or info is self._info:
            return
        self._info = info
        self._infos = {g: i for g, i in self._infos.items() if g > info.generation}
        self._desk.new_generation()
        self._tell(News((Opened(info),)))

    # Obeying

    def _hold(self, action: int | None) -> None:
        self._hands.hold(action)
        if action is None:
            self._dream = None

    def _enter_dream(self, player: Player, key: FutureKey, moment: Moment) -> None:
        if moment.reading is not None and moment.reading.generation == player.agent.generation:
            self._dream = _Dream(key, player.dreamt_game(key.number, key.index, moment.reading))
            self._hands.hold(NO_OP)

    def _open(self, path: Path, choice: LevelChoice, difficulty: str | None, game: str | None) -> None:
        try:
            supply = self._source.open(path, difficulty, game)
            self._replace_player(supply, choice)
        except UserError as error:
            self.open_failed.emit(str(path), str(error))
            return
        self._unwatch()
        if supply.info.run is not None and supply.info.path is not None:
            self._watch = RunWatch(
                supply.info.run, supply.info.path, self._found, self.refused.emit, self._report, self._watch_period
            )

    def _found(self, weights: Weights) -> None:
        """Take weights of the run that is followed, in its watch's thread."""
        self._commands.put(lambda: self._take_followed(weights))

    def _take_followed(self, weights: Weights) -> None:
        if self._watch is not None and weights.run == self._watch.folder:  # else another agent was opened meanwhile
            self._weights_next = weights

    def _take(self, weights: Weights) -> None:
        self._unwatch()
        self._weights_next = weights

    def _unwatch(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None

    def _adopt_if_free(self) -> None:
        """Read in the newest weights that wait, once those before are read in and nobody needs the present ones."""
        weights = self._weights_next
        if (
            weights is None
            or self._desk.adopting
            or self._desk.rereading
            or self._dream is not None
            or self._desk.duelling
        ):
            return
        self._weights_next = None
        player = self._player
        trained = weights.config.game, weights.config.difficulty
        plays = trained if weights.run is None or player is None else (player.game, player.difficulty)
        supply = self._source.from_training(weights, *plays)
        info = supply.info
        if player is None or (player.game, player.difficulty) != (info.game, info.difficulty):
            self._replace_player(supply, self._dealer.choice)
            return
        self._infos[info.generation] = info
        self._dealer.train_levels = info.trained_on.levels
        before = player.agent
        self._desk.adopt(player, supply.agent, adopted=lambda: self._adopted(player, before))

    def _adopted(self, player: Player, before: Agent) -> None:
        self._announce(player)
        if not self._desk.rereading:
            self._source.give_back(before)

    def _replace_player(self, supply: Supply, choice: LevelChoice) -> None:
        info, dealer = supply.info, self._dealer
        before, kept = self._player, (dealer.choice, dealer.train_levels)
        player = Player(
            supply.agent,
            info.game,
            info.difficulty,
            seed=self._seed,
            first_number=0 if before is None else before.reserve_number(),
            make_env=self._make_env,
        )
        player.ground_every = self._ground_every
        self._infos[info.generation] = info
        dealer.choice, dealer.train_levels = choice, info.trained_on.levels
        try:
            self._next_level(player)
        except UserError:
            dealer.choice, dealer.train_levels = kept
            raise
        self._player = player
        self._dream = None
        self._desk.lane.cancel()
        self._weights_next = None
        self._source.forget_spare()
        self._pace.begin()
        if before is not None:
            before.close()

    def _new_level(self, choice: LevelChoice) -> None:
        before, self._dealer.choice = self._dealer.choice, choice
        if self._player is None:
            return
        try:
            self._next_level(self._player)
        except UserError:
            self._dealer.choice = before
            raise

    def _set_running(self, running: bool) -> None:
        self._pace.set_running(running)
        self._tell(News())

    def _set_human_wanted(self, wanted: bool) -> None:
        self._human_wanted = wanted

    def _set_blind(self, ground_every: int | None) -> None:
        self._ground_every = ground_every
        if self._player is not None:
            self._player.ground_every = ground_every
