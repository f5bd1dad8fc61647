"""The thread in which the viewer's game and its copy of the agent live."""

from __future__ import annotations

import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, QThread, pyqtSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages import (
    AgentInfo,
    Arrival,
    Blinds,
    Future,
    FutureKey,
    LevelChoice,
    News,
    Opened,
    Picture,
    Record,
    Reread,
    Weights,
    merge_news,
)
from dream_viewer.pictures import pack_picture
from dream_viewer.playback import BASE_FPS
from dream_viewer.workers.study_lane import StudyLane
from trainer.agent.agent import Agent
from trainer.checkpoint import load_agent, read_header
from trainer.config import SIZES
from trainer.envs.procgen import levels_of
from trainer.episode import Episode, Moment
from trainer.errors import UserError
from trainer.hardware import choose_device, choose_dtype
from trainer.player import BlindPiece, Player, ViewerEnv, procgen_level
from trainer.process import cores, use_threads
from trainer.randomness import numpy_generator
from trainer.run import Run

PICTURES_PER_SECOND = 30.0
"""Human views drawn at most, however fast the agent lives: more are not seen."""

RATE_WINDOW = 1.0
"""Seconds over which frames per second are counted."""

END_FRAMES = 8
"""Frames for which the end of an episode stays on show before the next level begins."""

OF_ONE_GENERATION = ("future", "blinds")
"""Studies that are worth nothing once other weights play; a reread begun is finished, or it might never be."""


def player_threads() -> int:
    """Threads torch may use for one game: more only spin where the trainer needs the cores."""
    return max(1, min(4, cores() // 4))


class PlayerWorker(QThread):
    """Plays in a live lane, and studies what was lived in a second one, both in this thread.

    Every method may be called from any thread and returns at once: it leaves a command that the thread obeys before
    its next piece of work. What there is to tell comes through `news`; only failures come by signal.

    Attributes:
        news: everything lived and studied, to be taken by a GUI timer.

    Signals:
        failed: (one line, details): an exception; the live lane rests, and the worker obeys further commands.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
    """

    failed = pyqtSignal(str, str)
    open_failed = pyqtSignal(str, str)

    def __init__(
        self,
        device: str = "auto",
        dtype: str = "auto",
        seed: int = 0,
        make_env: Callable[[str, str, int], ViewerEnv] = procgen_level,
        parent: QObject | None = None,
    ) -> None:
        """A worker at rest; `start` begins the thread.

        Args:
            device, dtype: as in Config. seed: of every draw, of the choice of levels too.
            make_env: (game, difficulty, level seed) to a fresh game.
        """
        super().__init__(parent)
        self.news: Mailbox[News] = Mailbox(merge_news)
        self._device_wanted, self._dtype_wanted, self._seed = device, dtype, seed
        self._make_env = make_env
        self._wake = threading.Condition()
        self._commands: deque[Callable[[], None]] = deque()
        self._stop = threading.Event()
        self._lane = StudyLane()
        self._player: Player | None = None
        self._info: AgentInfo | None = None
        self._infos: dict[int, AgentInfo] = {}
        self._spare: Agent | None = None
        self._weights_next: Weights | None = None
        self._rereading = -1
        self._generation = 0
        self._train_levels = 200
        self._choice = LevelChoice()
        self._drawn = 0
        self._running = False
        self._human_wanted = False
        self._ground_every: int | None = None
        self._period = 1 / BASE_FPS
        self._due = 0.0
        self._picture_due = 0.0
        self._lived_at: deque[float] = deque()

    # Commands

    def open_checkpoint(
        self, path: Path, choice: LevelChoice, difficulty: str | None = None, game: str | None = None
    ) -> None:
        """Load an agent and let it play another level; `open_failed` and nothing changed where that does not work.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint). choice: levels to play.
            difficulty, game: in place of what it was trained on.
        """
        self._command(lambda: self._open(path, choice, difficulty, game))

    def adopt(self, weights: Weights) -> None:
        """Take weights from training: they read the episode being lived in the study lane, then play on."""
        self._command(lambda: self._take(weights))

    def new_level(self, choice: LevelChoice) -> None:
        """End the episode being lived and play these levels."""
        self._command(lambda: self._new_level(choice))

    def set_running(self, running: bool) -> None:
        """Live, or rest."""
        self._command(lambda: self._set_running(running))

    def set_fps(self, fps: float) -> None:
        """Pace of the live lane, in frames per second."""
        self._command(lambda: self._set_fps(fps))

    def step_once(self) -> None:
        """Live one Step, whether the live lane rests or not."""
        self._command(self._live)

    def set_human_wanted(self, wanted: bool) -> None:
        """Draw the human view of each Step lived."""
        self._command(lambda: self._set_human_wanted(wanted))

    def set_blind(self, ground_every: int | None) -> None:
        """Dream along reality, looking every so many frames; None: nobody looks at it."""
        self._command(lambda: self._set_blind(ground_every))

    def ask_blinds(self, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        """Make the dream along reality of an episode anew, first of all around an index.

        Args:
            number: of the episode. index: what somebody looks at. ground_every: frames from look to look.
            moments: its Moments, read by the present weights; not needed for the episode being lived.
        """
        self._command(lambda: self._ask_blinds(number, index, ground_every, moments))

    def ask_reread(self, number: int, episode: Episode) -> None:
        """Read a past episode with the present weights."""
        self._command(lambda: self._ask_reread(number, episode))

    def ask_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream on from a Moment.

        Args:
            key: which dream. moment: where it starts.
            supersede: give up the dream in the making, rather than finish it first.
        """
        self._command(lambda: self._ask_future(key, moment, supersede))

    def ask_picture(self, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""
        self._command(lambda: self._ask_picture(number, index, episode))

    def request_stop(self) -> None:
        """End after the piece of work in hand; returns at once."""
        with self._wake:
            self._stop.set()
            self._wake.notify()

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether the thread is over, at the latest after so many milliseconds."""
        return self.wait(timeout_ms)

    def _command(self, command: Callable[[], None]) -> None:
        with self._wake:
            self._commands.append(command)
            self._wake.notify()

    # The thread

    def run(self) -> None:
        """Obey, live, study, sleep, until told to stop."""
        use_threads(player_threads())
        try:
            with torch.inference_mode():
                while not self._stop.is_set():
                    self._one_round()
        except BaseException as error:
            self._report(error)
        finally:
            self._lane.cancel()
            if self._player is not None:
                self._player.close()

    def _one_round(self) -> None:
        try:
            self._obey()
            self._adopt_if_free()
            lived = self._live_if_due()
            studied = self._lane.turn()
        except Exception as error:
            self._set_running(False)
            self._report(error)
            return
        if not lived and not studied:
            self._sleep()

    def _obey(self) -> None:
        while not self._stop.is_set():
            with self._wake:
                if not self._commands:
                    return
                command = self._commands.popleft()
            command()

    def _sleep(self) -> None:
        with self._wake:
            if self._stop.is_set() or self._commands:
                return
            rest = self._due - time.monotonic() if self._playing else None
            if rest is None or rest > 0:
                self._wake.wait(rest)

    def _report(self, error: BaseException) -> None:
        line = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        self.failed.emit(line, "".join(traceback.format_exception(error)))

    # Live lane

    @property
    def _playing(self) -> bool:
        return self._running and self._player is not None

    def _live_if_due(self) -> bool:
        now = time.monotonic()
        if not self._playing or now < self._due:
            return False
        self._due = max(self._due + self._period, now)
        self._live()
        return True

    def _live(self) -> None:
        player = self._player
        if player is None:
            return
        if player.ended:
            self._next_level(player)
            return
        if player.advance().step.is_last:
            self._due += END_FRAMES * self._period
        self._arrived(player)

    def _next_level(self, player: Player) -> None:
        split, seed = self._choice.split, self._choice.level_seed
        if seed is None:
            first, count = levels_of(split, self._train_levels)
            seed = first + int(numpy_generator(self._seed, f"level {split}", self._drawn).integers(count))
            self._drawn += 1
        player.new_level(split, seed)
        self._announce(player)
        self._arrived(player)

    def _arrived(self, player: Player) -> None:
        episode, index = player.episode, len(player.moments) - 1
        records: list[Record] = [
            Arrival(
                number=player.number,
                game=player.game,
                difficulty=player.difficulty,
                split=episode.split,
                level_seed=episode.level_seed,
                generation=player.agent.generation,
                start=index,
                moments=(player.moments[-1],),
                outcome=episode.outcome,
            )
        ]
        now = time.monotonic()
        self._lived_at.append(now)
        if self._human_wanted and not player.ended and (now >= self._picture_due or not self._running):
            self._picture_due = now + 1 / PICTURES_PER_SECOND
            records.append(Picture(player.number, index, pack_picture(player.human_frame())))
        self._tell(*records)

    def _announce(self, player: Player) -> None:
        info = self._infos.get(player.agent.generation)
        if info is None or info is self._info:
            return
        self._info = info
        self._infos = {g: i for g, i in self._infos.items() if g > info.generation}
        self._lane.cancel(*OF_ONE_GENERATION)
        self._tell(Opened(info))

    def _tell(self, *records: Record, future: Future | None = None) -> None:
        self.news.put(News(records, future, self._rate()))

    def _rate(self) -> float | None:
        if not self._playing:
            return None
        horizon = time.monotonic() - RATE_WINDOW
        while self._lived_at and self._lived_at[0] < horizon:
            self._lived_at.popleft()
        return len(self._lived_at) / RATE_WINDOW

    # Obeying

    def _open(self, path: Path, choice: LevelChoice, difficulty: str | None, game: str | None) -> None:
        try:
            file = Run.open(path).latest_checkpoint() if path.is_dir() else path
            header = read_header(file)
            device = choose_device(self._device_wanted)
            generation = self._generation + 1
            agent = load_agent(file, device, choose_dtype(self._dtype_wanted, device), generation)
            info = AgentInfo(
                name=file.stem,
                generation=generation,
                game=game or header.config.game,
                difficulty=difficulty or header.config.difficulty,
                preset=header.config.preset,
                env_steps=header.env_steps,
                updates=header.updates,
                path=file,
            )
            self._replace_player(agent, info, choice, header.config.levels)
        except UserError as error:
            self.open_failed.emit(str(path), str(error))

    def _take(self, weights: Weights) -> None:
        self._weights_next = weights

    def _adopt_if_free(self) -> None:
        """Read in the newest weights that wait, once those before are read in and nobody waits for a reread."""
        weights = self._weights_next
        if weights is None or self._lane.has("adopt") or self._lane.has("reread"):
            return
        self._weights_next = None
        config = weights.config
        self._generation += 1
        info = AgentInfo(
            name=weights.name,
            generation=self._generation,
            game=config.game,
            difficulty=config.difficulty,
            preset=config.preset,
            env_steps=weights.env_steps,
            updates=weights.updates,
            path=weights.path,
            training=True,
        )
        agent = self._agent_with(weights, info)
        player = self._player
        if player is None or (player.game, player.difficulty) != (info.game, info.difficulty):
            self._replace_player(agent, info, self._choice, config.levels)
            return
        self._infos[info.generation] = info
        self._train_levels = config.levels
        before = player.agent
        self._lane.submit("adopt", player.adopt(agent), done=lambda moments: self._adopted(player, before, moments))

    def _adopted(self, player: Player, before: Agent, moments: tuple[Moment, ...] | None) -> None:
        self._announce(player)
        if not self._lane.has("reread"):
            self._spare = before
        if moments is not None:
            self._tell(Reread(player.number, player.agent.generation, moments))

    def _agent_with(self, weights: Weights, info: AgentInfo) -> Agent:
        """An agent with these weights: the one that played before the present one, where it is of the same make.

        To make one takes 0.4 s at preset 12m, to load weights into one takes 4 ms.
        """
        device = choose_device(self._device_wanted)
        dtype = choose_dtype(self._dtype_wanted, device)
        size, horizon = SIZES[info.preset], weights.config.horizon
        agent, self._spare = self._spare, None
        if agent is None or (agent.size, agent.horizon, agent.dtype) != (size, horizon, dtype):
            agent = Agent(size, dtype=dtype, device=device, horizon=horizon)
        agent.generation = info.generation
        agent.load_state_tensors(weights.tensors)
        return agent

    def _replace_player(self, agent: Agent, info: AgentInfo, choice: LevelChoice, train_levels: int) -> None:
        before, kept = self._player, (self._choice, self._train_levels)
        player = Player(
            agent,
            info.game,
            info.difficulty,
            seed=self._seed,
            first_number=0 if before is None else before.number + 1,
            make_env=self._make_env,
        )
        player.ground_every = self._ground_every
        self._infos[info.generation] = info
        self._choice, self._train_levels = choice, train_levels
        try:
            self._next_level(player)
        except UserError:
            self._choice, self._train_levels = kept
            raise
        self._player, self._generation = player, info.generation
        self._lane.cancel()
        self._weights_next = self._spare = None
        self._due = time.monotonic() + self._period
        if before is not None:
            before.close()

    def _new_level(self, choice: LevelChoice) -> None:
        before, self._choice = self._choice, choice
        if self._player is None:
            return
        try:
            self._next_level(self._player)
        except UserError:
            self._choice = before
            raise

    def _set_running(self, running: bool) -> None:
        if running and not self._running:
            self._due = time.monotonic() + self._period
        self._running = running
        self._lived_at.clear()
        self._tell()

    def _set_fps(self, fps: float) -> None:
        self._period = 1 / fps
        self._due = min(self._due, time.monotonic() + self._period)

    def _set_human_wanted(self, wanted: bool) -> None:
        self._human_wanted = wanted

    def _set_blind(self, ground_every: int | None) -> None:
        self._ground_every = ground_every
        if self._player is not None:
            self._player.ground_every = ground_every

    def _ask_blinds(self, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        player = self._player
        if player is None:
            return
        generation = player.agent.generation
        lived = number == player.number
        reading = (player.moments if lived else moments)[index].reading
        if reading is None or reading.generation != generation:
            return

        def piece_came(piece: BlindPiece) -> None:
            self._tell(Blinds(number, generation, ground_every, piece.start, piece.blinds))

        job = player.blinds(number, index, ground_every, None if lived else moments)
        self._lane.submit("blinds", job, part=piece_came)

    def _ask_reread(self, number: int, episode: Episode) -> None:
        player = self._player
        if player is None or number == player.number:
            return
        self._lane.submit(
            "reread",
            player.reread(number, episode),
            done=lambda moments: self._reread(number, moments),
            supersede=number != self._rereading,
        )
        self._rereading = number

    def _reread(self, number: int, moments: tuple[Moment, ...]) -> None:
        first = moments[0].reading
        assert first is not None  # an episode opens with a frame that is seen
        self._tell(Reread(number, first.generation, moments))

    def _ask_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        player, reading = self._player, moment.reading
        if player is None or reading is None or reading.generation != player.agent.generation:
            return
        job = player.future(key.number, key.index, reading, key.horizon, key.branch)
        self._lane.submit("future", job, done=lambda dream: self._tell(future=Future(key, dream)), supersede=supersede)

    def _ask_picture(self, number: int, index: int, episode: Episode) -> None:
        player = self._player
        if player is None:
            return

        def drawn(pixels: NDArray[np.uint8] | None) -> None:
            if pixels is not None:
                self._tell(Picture(number, index, pack_picture(pixels)))

        self._lane.submit("picture", player.picture(number, index, episode), done=drawn)
