"""The thread in which the viewer's game and its copy of the agent live."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import torch
from PyQt6.QtCore import QObject, QThread, pyqtSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages.agents import Weights
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.lived import DuelBegun, arrival_of
from dream_viewer.messages.news import News, merge_news
from dream_viewer.messages.orders import ExportRequest, LevelChoice
from dream_viewer.messages.questions import Question
from dream_viewer.workers.agent_desk import AgentDesk
from dream_viewer.workers.agent_source import AgentSource
from dream_viewer.workers.command_queue import CommandQueue
from dream_viewer.workers.companion_desk import CompanionDesk
from dream_viewer.workers.file_desk import FileDesk
from dream_viewer.workers.live_lane import LiveLane
from dream_viewer.workers.run_watch import PERIOD, RunWatch
from dream_viewer.workers.study_desk import StudyDesk
from trainer.envs.actions import NO_OP
from trainer.envs.viewer import MakeEnv, procgen_level
from trainer.episode import Episode, Moment
from trainer.errors import UserError
from trainer.player import Player
from trainer.process import cores, use_threads


def player_threads() -> int:
    """Threads torch may use for one game: more only spin where the trainer needs the cores."""
    return max(1, min(4, cores() // 4))


class PlayerWorker(QThread):
    """Plays in a live lane, and studies what was lived in a second one, both in this thread.

    Every method may be called from any thread and returns at once: it leaves a command that the thread obeys before
    its next piece of work. What there is to tell comes through `news`; only failures come by signal.

    Attributes:
        news: everything lived and studied, to be taken when the GUI has time.

    Signals:
        arrived: there are news where there were none: once for all that come until they are taken.
        failed: (one line, details): an exception; the live lane rests, and the worker obeys further commands.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
        refused: (one sentence): a file could not be opened or written; nothing changed.
    """

    arrived = pyqtSignal()
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
        self._to_save: SimpleQueue[tuple[Path, Episode]] = SimpleQueue()
        source = AgentSource(device, dtype)
        self._studies = StudyDesk(self._tell)
        self._live = LiveLane(seed, self._tell, lambda player: self._agents.announce(player))
        self._agents = AgentDesk(
            source,
            self._live,
            self._studies,
            self._tell,
            lambda supply, number: Player(
                supply.agent,
                supply.info.game,
                supply.info.difficulty,
                seed=seed,
                first_number=number,
                make_env=make_env,
            ),
            lambda folder, shown: RunWatch(folder, shown, self._found, self.refused.emit, self._report, watch_period),
            lambda: self._files.computing,
        )
        self._files = FileDesk(self._tell, self.refused.emit)
        self._companion = CompanionDesk(source, seed, self._tell, self._commands.put)

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
        self._commands.put(lambda: self._agents.take(weights))

    def new_level(self, choice: LevelChoice) -> None:
        """End the episode being lived and play these levels."""
        self._commands.put(lambda: self._agents.new_level(choice))

    def set_running(self, running: bool) -> None:
        """Live, or rest."""
        self._commands.put(lambda: self._set_running(running))

    def set_fps(self, fps: float) -> None:
        """Pace of the live lane, in frames per second."""
        self._commands.put(lambda: self._live.pace.set_fps(fps))

    def step_once(self) -> None:
        """Live one Step, whether the live lane rests or not."""
        self._study(self._live.live)

    def hold(self, action: int | None) -> None:
        """A person holds the keys of this action and plays on from here; None: the agent plays on, in reality."""
        self._commands.put(lambda: self._live.hold(action))

    def enter_dream(self, key: FutureKey, moment: Moment) -> None:
        """Let the model alone answer the person's keys, from a Moment on, in place of reality; the agent ends that.

        Args:
            key: what to call the dream. moment: where it starts.
        """
        self._study(lambda player: self._live.enter_dream(player, key, moment))

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
        self._commands.put(lambda: self._agents.set_blind(ground_every))

    def ask_blinds(self, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        """Make the dream along reality of an episode anew, first of all around an index.

        Args:
            number: of the episode. index: what somebody looks at. ground_every: frames from look to look.
            moments: its Moments, read by the present weights; those of the episode being lived may be more by now.
        """
        self._study(lambda player: self._studies.blinds(player, number, index, ground_every, moments))

    def ask_reread(self, number: int, episode: Episode) -> None:
        """Read a past episode with the present weights."""
        self._study(lambda player: self._studies.reread(player, number, episode))

    def ask_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream on from a Moment.

        Args:
            key: which dream. moment: where it starts.
            supersede: give up the dream in the making, rather than finish it first.
        """
        self._study(lambda player: self._studies.future(player, key, moment, supersede))

    def ask_fork(self, key: FutureKey, episode: Episode, actions: tuple[int, ...]) -> None:
        """Find out what really happens under the actions of a future.

        Args:
            key: which future. episode: that it starts in. actions: to take from there.
        """
        self._study(lambda player: self._studies.fork(player, key, episode, actions))

    def ask_fan(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream many futures of a Moment, without pictures; arguments as of `ask_future`."""
        self._study(lambda player: self._studies.fan(player, key, moment, supersede))

    def ask(self, question: Question, supersede: bool) -> None:
        """Work out the answer to a question; `supersede` as of `ask_future`."""
        self._study(lambda player: self._studies.answer(player, question, supersede))

    def ask_picture(self, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""
        self._study(lambda player: self._studies.picture(player, number, index, episode))

    def open_companion(self, path: Path) -> None:
        """Load a second agent of the same game, which reads along; the news say how that went.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint).
        """
        self._commands.put(lambda: self._companion.open(path, self._agents.info))

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
        self._commands.put(lambda: self._open_recording(path))

    def save_recording(self, path: Path, episode: Episode) -> None:
        """Write an episode that does not grow meanwhile as a recording, even if the thread is to end; or `refused`."""
        self._to_save.put((path, episode))
        self._commands.put(self._take_saves)

    def export(self, request: ExportRequest) -> None:
        """Draw an episode as a picture, film or table; or `refused`."""
        self._study(lambda player: self._export(player, request))

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
            if self._agents.player is not None:
                ask(self._agents.player)

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
            self._studies.lane.cancel()
            self._companion.finish()
            self._take_saves()
            self._files.finish()
            self._agents.finish()

    def _one_round(self) -> None:
        try:
            self._commands.obey()
            self._agents.adopt_if_free()
            player = self._agents.player
            lived = player is not None and self._live.turn(player)
            studied = self._studies.lane.turn() | self._files.turn() | self._companion.turn()
        except Exception as error:
            self._set_running(False)
            self._report(error)
            return
        if not lived and not studied:
            self._commands.sleep(None if self._agents.player is None else self._live.pace.rest())

    def _report(self, error: BaseException) -> None:
        line = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self.failed.emit(line, "".join(traceback.format_exception(error)))

    def _tell(self, news: News) -> None:
        pace = self._live.pace
        rate = None if self._agents.player is None else pace.rate()
        if self.news.put(replace(news, frames_per_second=rate, model_ms=pace.model_ms())):
            self.arrived.emit()

    # Obeying

    def _open(self, path: Path, choice: LevelChoice, difficulty: str | None, game: str | None) -> None:
        try:
            self._agents.open(path, choice, difficulty, game)
        except UserError as error:
            self.open_failed.emit(str(path), str(error))

    def _found(self, weights: Weights) -> None:
        """Take weights of the run that is followed, in its watch's thread."""
        self._commands.put(lambda: self._agents.take_followed(weights))

    def _take_saves(self) -> None:
        while not self._to_save.empty():  # this thread alone takes out of it
            self._files.save_recording(*self._to_save.get())

    def _open_recording(self, path: Path) -> None:
        if self._agents.player is None:  # the checkpoint that was to be opened first could not be
            self.refused.emit(f"There is no agent to read {path.name} with; open a checkpoint first.")
        else:
            self._files.open_recording(self._agents.player, path)

    def _export(self, player: Player, request: ExportRequest) -> None:
        self._files.export(player, self._companion.agent, request, self._seed, self._make_env)

    def _begin_duel(self, player: Player, number: int, episode: Episode, moments: tuple[Moment, ...]) -> None:
        reading = moments[-1].reading
        if reading is None or reading.generation != player.agent.generation:
            self.refused.emit("Other weights play now than those that read this moment; try again in a moment.")
            return
        self._studies.lane.cancel("adopt", "rival")  # newer weights come again; one duel at a time

        def branched(rival: int | None) -> None:
            if rival is None:
                self.refused.emit(f"{episode.game} does not repeat itself here: there is no duel from this moment.")
                return
            self._live.hands.hold(NO_OP)
            whole = arrival_of(player.number, player.agent.generation, player.episode, player.moments)
            self._tell(News((DuelBegun(player.number, rival), whole)))

        self._studies.duel(player, number, episode, moments, branched)

    def _set_running(self, running: bool) -> None:
        self._live.pace.set_running(running)
        self._tell(News())

    def _set_human_wanted(self, wanted: bool) -> None:
        self._live.human_wanted = wanted
