"""What is on show: the one owner of the parts that hold it; everyone else listens to them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot

from dream_viewer.messages.agents import Opened
from dream_viewer.messages.companion import CompanionDreamt, CompanionOpened, CompanionRead, CompanionRefused
from dream_viewer.messages.futures import Dreamt, Fan, Forked
from dream_viewer.messages.lived import Acted, Arrival, Blinds, DuelBegun, Picture, Recalled, Reread, RivalPlayed
from dream_viewer.messages.news import Answered, News, Record, Working, Written
from dream_viewer.messages.orders import TrainingRequest
from dream_viewer.playback import State
from dream_viewer.state.asked_questions import AskedQuestions
from dream_viewer.state.casting import Casting
from dream_viewer.state.comparison import Comparison
from dream_viewer.state.dreaming import Dreaming
from dream_viewer.state.episode_files import EpisodeFiles
from dream_viewer.state.human_view import HumanView
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.taking_part import Role, TakingPart
from dream_viewer.state.training import Training
from dream_viewer.state.worker_protocols import PlayerWorkerLike, TrainingWorkerLike
from dream_viewer.words.duel import Duel

TICK_MS = 16
"""Milliseconds between two looks into the mailboxes: about 60 a second."""

SOONEST_MS = 8
"""Milliseconds between two looks that news themselves asked for: news in quick succession are taken together."""


class Session(QObject):
    """The one owner of episode, cursor and mode.

    Everything here lives in the GUI thread and is cheap: models, games and files are in the workers. Once a tick what
    the workers tell goes to the parts it concerns (`hear`), and then each part says what changed (`tell`). Widgets read
    the parts' attributes and call their slots; they hear of changes by signal, at most once a tick for what comes with
    every frame.

    Attributes:
        playhead: the cursor over the episodes, and what moves it.
        casting: which agent plays which levels.
        part: what a person plays; start it through the session's slots.
        dreaming: what is imagined of the Moment under the cursor.
        human_view: the 512x512 view of it.
        questions: what panels ask about it.
        files: recordings and exports.
        comparison: a second agent that reads along.
        training: the training in this window.
        frames_per_second: what the live lane reaches; None at rest.
        model_ms: what the agent takes for a frame in the live lane, in milliseconds; None where it saw none yet.

    Signals:
        refused: (one sentence): something cannot be done, or a file not be opened or written; nothing changed.
        failed: (one line, details): a worker met an exception; the window lives on, paused.
    """

    refused = pyqtSignal(str)
    failed = pyqtSignal(str, str)

    def __init__(
        self,
        player: PlayerWorkerLike,
        make_training: Callable[[TrainingRequest], TrainingWorkerLike],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """The player must be started by whoever made it; the session's clock starts with `start`.

        Args:
            player: the player worker.
            make_training: makes a training worker for a request, not started.
            clock: seconds; tests bring their own.
        """
        super().__init__(parent)
        self._player = player
        self._clock = clock
        self._before = clock()
        self._called = -math.inf
        self.frames_per_second: float | None = None
        self.model_ms: float | None = None
        self.training = Training(make_training, self)
        self.playhead = Playhead(player, self)
        self.part = TakingPart(player, self)
        # Before the parts below: they ask the player for what suits whoever plays by then.
        self.playhead.steered.connect(self._on_steered)
        self.playhead.moved.connect(self.part.leave_dream)
        self.casting = Casting(player, self.playhead, self)
        self.casting.agent_changed.connect(self.part.leave_dream)
        self.human_view = HumanView(player, self.playhead, self.part, self)
        self.dreaming = Dreaming(player, self.playhead, self.casting, self.part, self.training, clock, self)
        self.questions = AskedQuestions(player, self.playhead, self)
        self.comparison = Comparison(player, self)
        self.files = EpisodeFiles(player, self.playhead, self.casting, self.dreaming, self.comparison, self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        player.arrived.connect(self._look_now)
        player.failed.connect(self._on_failed)
        player.refused.connect(self.refused)
        self.files.refused.connect(self.refused)

    # Taking part

    @pyqtSlot()
    def play_game(self) -> None:
        """Let a person play on from where the agent is now; it plays on when they hand back or look elsewhere."""
        if self.playhead.reels:
            self.playhead.follow()
            self.part.play()

    @pyqtSlot()
    def play_dream(self) -> None:
        """Let a person play inside the dream, from the Moment under the cursor on; reality rests meanwhile."""
        key, moment = self.dreaming.future_key, self.playhead.moment
        if self._can_begin() and key is not None and moment is not None:
            self.playhead.pause()
            self.part.enter_dream(key, moment)

    @pyqtSlot()
    def begin_duel(self) -> None:
        """Let a person play on from the Moment under the cursor, in an episode of its own, and the agent in another."""
        reel, agent, moment = self.playhead.reel, self.casting.agent, self.playhead.moment
        if not self._can_begin() or reel is None or agent is None or moment is None or moment.reading is None:
            return
        self.playhead.pause()
        moments = tuple(reel.moments[: self.playhead.index + 1])
        self.part.challenge(Duel(self.playhead.index, moment.reading.value, agent.discount))
        self._player.begin_duel(reel.number, replace(reel.episode, steps=[*reel.episode.steps]), moments)

    def _can_begin(self) -> bool:
        """Something may go on from the Moment under the cursor; `refused` says why not."""
        moment = self.playhead.moment
        if moment is None or moment.reading is None:
            self.refused.emit("Nothing goes on from here; go back to a moment that the agent saw.")
        elif not self.casting.has_read(moment):
            self.refused.emit("The agent on show has not read this moment; wait a moment, or open one of this game.")
        else:
            return True
        return False

    # Training

    def start_training(self, request: TrainingRequest) -> None:
        """Train in the background; its weights are shown as they get better. See `training` for all the rest."""
        self.training.start(request)
        self.casting.expect_training()

    # The beginning and the end

    def start(self) -> None:
        """Begin to look into the mailboxes and let the agent live."""
        self._before = self._clock()
        self._player.set_fps(self.playhead.playback.fps)
        self._let_live()
        self._timer.start()

    def request_stop(self) -> None:
        """Tell every worker to end (training saves first); returns at once, so the window can go."""
        self._timer.stop()
        self.training.stop()
        self._player.request_stop()

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Block until files are safe and threads are over; False if that took longer than the time-out."""
        deadline = self._clock() + timeout_ms / 1000
        safe = self.training.wait_stopped(timeout_ms)
        return self._player.wait_stopped(max(0, int((deadline - self._clock()) * 1000))) and safe

    # One GUI tick

    @pyqtSlot()
    def _look_now(self) -> None:
        """Do not let news wait for the timer, unless others came just before."""
        now = self._clock()
        if self._timer.isActive() and 1000 * (now - self._called) >= SOONEST_MS:
            self._called = now
            self._timer.start()
            self.tick()

    @pyqtSlot()
    def tick(self) -> None:
        """Take what arrived, and move the cursor by the time that passed."""
        now = self._clock()
        elapsed, self._before = now - self._before, now
        news = self._player.news.take()
        if news is not None:
            self._take(news)
        weights = self.training.drain()
        if weights is not None:
            self.casting.offer(weights)
        self.playhead.advance(elapsed)

    def _take(self, news: News) -> None:
        for record in news.records:
            self._hear(record)
        if news.future is not None:
            self.dreaming.hear(news.future)
        self.frames_per_second, self.model_ms = news.frames_per_second, news.model_ms
        self.dreaming.tell()
        self.part.tell()
        self.questions.tell()
        self.human_view.tell(repainted=self.playhead.tell())

    def _hear(self, record: Record) -> None:
        match record:
            case Opened():
                self.casting.hear(record)
                if not record.agent.handed_over and not self.files.recalling:
                    self.playhead.go_live()
            case Arrival() | RivalPlayed() | Acted() | Reread():
                self.playhead.hear(record)
            case Blinds() | Forked() | Fan():
                self.dreaming.hear(record)
            case Picture():
                self.human_view.hear(record)
            case DuelBegun():
                self.part.fight(record)
                self.playhead.go_live()
            case Dreamt():
                self.part.hear(record)
            case CompanionOpened() | CompanionRefused() | CompanionRead() | CompanionDreamt():
                self.comparison.hear(record)
            case Answered():
                self.questions.hear(record)
            case Recalled() | Working() | Written():
                self.files.hear(record)

    @pyqtSlot()
    def _on_steered(self) -> None:
        self.part.suit(self.playhead.playback.state)
        self._let_live()

    def _let_live(self) -> None:
        lives = self.playhead.playback.state is State.FOLLOWING or self.part.role is Role.DREAM
        self._player.set_running(lives and not self.part.waits)

    @pyqtSlot(str, str)
    def _on_failed(self, line: str, details: str) -> None:
        self.playhead.pause()
        self.part.stop()
        self.failed.emit(line, details)
