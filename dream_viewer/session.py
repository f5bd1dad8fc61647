"""What is on show: the one owner of episode, cursor and mode; everyone else listens to it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtBoundSignal, pyqtSignal, pyqtSlot

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
    Reread,
    TrainingRequest,
    Weights,
)
from dream_viewer.pictures import PictureCache
from dream_viewer.playback import Playback, State
from dream_viewer.reel import Reel
from dream_viewer.training import Training, TrainingWorkerLike
from trainer.episode import Episode, Moment, Split

TICK_MS = 16
"""Milliseconds between two looks into the mailboxes: about 60 a second."""

REELS_BYTES = 512 * 2**20
"""What the Moments of all kept episodes may take; the oldest episodes go first."""

FUTURES_KEPT = 64
"""Dreams kept, so that a Moment seen again shows its dream at once."""


class DreamMode(Enum):
    """What the dream pane shows.

    Attributes:
        BELIEF: what the model thinks it sees now.
        DREAM: open loop along reality's actions, re-grounded every k frames.
        FUTURE: what the policy would do from the cursor on, as the model imagines it.
    """

    BELIEF = "belief"
    DREAM = "dream"
    FUTURE = "future"


class PlayerWorkerLike(Protocol):
    """What the session needs of a player; see `dream_viewer.workers.player_worker.PlayerWorker`."""

    news: Mailbox[News]

    @property
    def failed(self) -> pyqtBoundSignal:
        """Carries (one line, details) after an exception; the worker lives on, at rest."""

    @property
    def open_failed(self) -> pyqtBoundSignal:
        """Carries (path, reason); the present agent plays on."""

    def open_checkpoint(self, path: Path, choice: LevelChoice, difficulty: str | None, game: str | None) -> None:
        """Load another agent."""

    def adopt(self, weights: Weights) -> None:
        """Take weights handed over by training."""

    def new_level(self, choice: LevelChoice) -> None:
        """End the episode being lived and play another level."""

    def set_running(self, running: bool) -> None:
        """Live, or rest."""

    def set_fps(self, fps: float) -> None:
        """Pace of the live lane, in frames per second."""

    def step_once(self) -> None:
        """Live one Step, at rest."""

    def set_human_wanted(self, wanted: bool) -> None:
        """Draw the human view of each Step lived."""

    def set_blind(self, ground_every: int | None) -> None:
        """Dream along reality, looking every so many frames; None: nobody looks at it."""

    def ask_blinds(self, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        """Make the dream along reality of an episode anew, first of all around an index."""

    def ask_reread(self, number: int, episode: Episode) -> None:
        """Read an episode with the present weights."""

    def ask_future(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream on from a Moment."""

    def ask_picture(self, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""

    def request_stop(self) -> None:
        """End soon; returns at once."""

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether the thread ended within so many milliseconds."""


class Session(QObject):
    """The one owner of episode, cursor and mode.

    Everything here lives in the GUI thread and is cheap: models, games and files are in the workers. Widgets read
    attributes and call slots; they hear of changes by signal, at most once a tick for what comes with every frame.

    Attributes:
        agent: the agent on show; None until the first checkpoint is open.
        playback: state, speed and loop (read it; change it through the session's slots).
        reels: the episodes kept, oldest first; the last one is the one being lived.
        mode: what the dream pane shows.
        ground_every: frames from look to look in DREAM mode.
        horizon: steps a future goes on.
        choice: which levels are played.
        human_visible: somebody looks at the 512x512 view.
        follows_training: weights handed over by training are shown; until another checkpoint is opened.
        frames_per_second: what the live lane reaches; None at rest.
        training: the training in this window.

    Signals:
        cursor_changed: another Moment is under the cursor, or its Reading changed: repaint.
        episode_changed: another episode is under the cursor: draw its timeline anew.
        episode_grew: Moments were appended to the episode under the cursor.
        readings_changed: the values of the whole episode under the cursor changed (reread).
        future_changed: `future` changed.
        picture_changed: `picture` changed without the cursor moving.
        playback_changed: state, speed or loop changed.
        mode_changed: `mode`, `ground_every` or `horizon` changed.
        choice_changed: `choice` changed.
        agent_changed: `agent` changed.
        rate_changed: `frames_per_second` changed.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
        failed: (one line, details): a worker met an exception; the window lives on, paused.
    """

    cursor_changed = pyqtSignal()
    episode_changed = pyqtSignal()
    episode_grew = pyqtSignal()
    readings_changed = pyqtSignal()
    future_changed = pyqtSignal()
    picture_changed = pyqtSignal()
    playback_changed = pyqtSignal()
    mode_changed = pyqtSignal()
    choice_changed = pyqtSignal()
    agent_changed = pyqtSignal()
    rate_changed = pyqtSignal()
    open_failed = pyqtSignal(str, str)
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
        self._reel: Reel | None = None
        self._index = 0
        self._awaiting = 0
        self._branch = 0
        self._weights: Weights | None = None
        self._futures: OrderedDict[FutureKey, Future] = OrderedDict()
        self._pictures = PictureCache()
        self._newest_picture: tuple[int, int] | None = None
        self._asked: dict[str, object] = {}
        self.agent: AgentInfo | None = None
        self.playback = Playback()
        self.reels: list[Reel] = []
        self.mode = DreamMode.BELIEF
        self.ground_every = 15
        self.horizon = 15
        self.choice = LevelChoice()
        self.human_visible = False
        self.follows_training = True
        self.frames_per_second: float | None = None
        self.training = Training(make_training, self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        player.failed.connect(self._on_failed)
        player.open_failed.connect(self.open_failed)

    # What is under the cursor

    @property
    def reel(self) -> Reel | None:
        """The episode under the cursor; None before the first Moment came."""
        return self._reel

    @property
    def index(self) -> int:
        """Index of the Moment under the cursor in its episode."""
        return self._index

    @property
    def moment(self) -> Moment | None:
        """The Moment under the cursor: its `step.action` is the one about to be taken; an end step has no Reading."""
        return None if self._reel is None else self._reel.moments[self._index]

    @property
    def is_live(self) -> bool:
        """The episode under the cursor is the one being lived."""
        return self._reel is not None and self._reel is self.reels[-1]

    @property
    def at_live_edge(self) -> bool:
        """Nothing newer than the Moment under the cursor exists."""
        return self._reel is not None and self.is_live and self._index == self._reel.last

    @property
    def future(self) -> Future | None:
        """The dream to show in FUTURE mode: that of the Moment under the cursor or, unless paused, the newest there is.

        `future.key.index` says which Moment it starts from.
        """
        key = self._future_key()
        if key is None:
            return None
        exact = self._futures.get(key)
        if exact is not None or self.playback.state is State.PAUSED or not self._futures:
            return exact
        newest = next(reversed(self._futures.values()))
        same_life = (newest.key.number, newest.key.generation) == (key.number, key.generation)
        return newest if same_life and newest.key.index <= key.index else None

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(512, 512, 3) uint8, the human view under the cursor; None where it is not there (yet).

        An end step shows its last frame. Following fast, not every Step is drawn: the newest one that was stands in.
        """
        key = self._picture_key()
        if key is None:
            return None
        newest = self._newest_picture
        if key not in self._pictures and self.playback.state is State.FOLLOWING and newest and newest[0] == key[0]:
            key = newest
        return self._pictures.get(*key)

    # Time

    def start(self) -> None:
        """Begin to look into the mailboxes and let the agent live."""
        self._before = self._clock()
        self._sync_player()
        self._timer.start()

    @pyqtSlot()
    def toggle_play(self) -> None:
        """Pause, or go on: through what is recorded, and on with what is live when that ends."""
        if self.playback.state is not State.PAUSED:
            self.pause()
        elif self._reel is not None:
            self._awaiting = 0
            self._move(self.playback.play(self._index, self._reel.last, self.is_live))
            self._playback_changed()

    @pyqtSlot()
    def pause(self) -> None:
        """Freeze the cursor, whatever arrives; the agent rests."""
        if self.playback.state is State.PAUSED:
            return
        self.playback.pause()
        self._playback_changed()

    @pyqtSlot()
    def follow(self) -> None:
        """Go to the newest Moment and with it."""
        self._awaiting = 0
        self.playback.follow()
        if self.reels:
            self._show(self.reels[-1], self.reels[-1].last)
        self._playback_changed()

    @pyqtSlot(int)
    def step_by(self, frames: int) -> None:
        """Pause and move by so many frames; one forward from the newest Moment lives one more."""
        self.pause()
        if frames == 1 and self.at_live_edge:
            self._awaiting += 1
            self._player.step_once()
        elif self._reel is not None:
            self._awaiting = 0
            self._move(self._index + frames)

    @pyqtSlot()
    def go_first(self) -> None:
        """Pause at the first Moment of the episode."""
        self.seek(0)

    @pyqtSlot()
    def go_last(self) -> None:
        """The last Moment of the episode; where it is being lived that is where the agent is: follow."""
        if self.is_live:
            self.follow()
        elif self._reel is not None:
            self.seek(self._reel.last)

    @pyqtSlot(int)
    def seek(self, index: int) -> None:
        """Pause at a Moment (scrubbing); clamped to the episode."""
        self.pause()
        self._awaiting = 0
        self._move(index)

    @pyqtSlot(int)
    def episode_by(self, offset: int) -> None:
        """Pause at the first Moment of an episode before (-1) or after (+1) this one, if it is kept."""
        if self._reel is None:
            return
        position = self.reels.index(self._reel) + offset
        if 0 <= position < len(self.reels) and offset != 0:
            self.pause()
            self._awaiting = 0
            self._show(self.reels[position], 0)

    @pyqtSlot(float)
    def set_speed(self, speed: float) -> None:
        """Choose one of `playback.SPEEDS`."""
        self.playback.set_speed(speed)
        self._speed_changed()

    @pyqtSlot()
    def faster(self) -> None:
        """The next higher speed."""
        self.playback.faster()
        self._speed_changed()

    @pyqtSlot()
    def slower(self) -> None:
        """The next lower speed."""
        self.playback.slower()
        self._speed_changed()

    @pyqtSlot(bool)
    def set_loop(self, loop: bool) -> None:
        """Start again at the episode's first frame when playing reaches its last."""
        self.playback.loop = loop
        self.playback_changed.emit()

    # What is seen

    @pyqtSlot(object)
    def set_mode(self, mode: DreamMode) -> None:
        """Choose what the dream pane shows."""
        self.mode = mode
        self._dreaming_changed()

    @pyqtSlot(int)
    def set_ground_every(self, frames: int) -> None:
        """Choose how many frames go by from look to look in DREAM mode (at least 1)."""
        if max(1, frames) == self.ground_every:
            return
        self.ground_every = max(1, frames)
        for reel in self.reels:
            reel.drop_blinds()
        self._dreaming_changed()

    @pyqtSlot(int)
    def set_horizon(self, steps: int) -> None:
        """Choose how many steps a future goes on (at least 1)."""
        self.horizon = max(1, steps)
        self._dreaming_changed()

    @pyqtSlot()
    def another_future(self) -> None:
        """Dream the future of this Moment once more, with other luck; each Moment begins with luck 0."""
        self._branch += 1
        self._want_future(supersede=True)
        self.future_changed.emit()

    @pyqtSlot(bool)
    def set_human_visible(self, visible: bool) -> None:
        """Say whether anybody looks at the 512x512 view: only then it is drawn."""
        self.human_visible = visible
        self._player.set_human_wanted(visible)
        self._want_picture()

    # What is played

    def open_checkpoint(
        self,
        path: Path,
        choice: LevelChoice | None = None,
        difficulty: str | None = None,
        game: str | None = None,
    ) -> None:
        """Let another agent play; `agent_changed` or `open_failed` says how that went.

        Args:
            path: a checkpoint, or a run's folder (its newest checkpoint).
            choice: levels to play; None keeps the present choice.
            difficulty, game: in place of what it was trained on.
        """
        if choice is not None:
            self._set_choice(choice)
        self.follows_training = False
        self._player.open_checkpoint(path, self.choice, difficulty, game)

    def new_level(self, split: Split, level_seed: int | None = None) -> None:
        """Play another level: of a split, or this very one again and again; follows it."""
        self._set_choice(LevelChoice(split, level_seed))
        self._player.new_level(self.choice)
        self.follow()

    # Training and the end

    def start_training(self, request: TrainingRequest) -> None:
        """Train in the background; its weights are shown as they get better. See `training` for all the rest."""
        self.training.start(request)
        self._weights = None
        self.follows_training = True

    @pyqtSlot()
    def show_training(self) -> None:
        """Show the weights in training again, after another checkpoint was opened."""
        self.follows_training = True
        if self._weights is not None:
            self._player.adopt(self._weights)

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
    def tick(self) -> None:
        """Take what arrived, and move the cursor by the time that passed."""
        now = self._clock()
        elapsed, self._before = now - self._before, now
        news = self._player.news.take()
        if news is not None:
            self._hear(news)
        weights = self.training.drain()
        if weights is not None:
            self._weights = weights
            if self.follows_training:
                self._player.adopt(weights)
        if self._reel is not None:
            state = self.playback.state
            self._move(self.playback.advance(elapsed, self._index, self._reel.last, self.is_live))
            if self.playback.state is not state:
                self._playback_changed()

    def _hear(self, news: News) -> None:
        grew = reread = False
        reel, index, moment = self._reel, self._index, self.moment
        for record in news.records:
            match record:
                case Opened():
                    self._on_opened(record)
                case Arrival():
                    grew = self._on_arrival(record) is self._reel or grew
                case Reread():
                    reread = self._on_reread(record) or reread
                case Blinds():
                    self._on_blinds(record)
                case Picture():
                    self._pictures.add(record)
                    self._newest_picture = (record.number, record.index)
        if news.frames_per_second != self.frames_per_second:
            self.frames_per_second = news.frames_per_second
            self.rate_changed.emit()
        if news.future is not None:
            self._keep_future(news.future)
        if self._reel is not reel:
            self.episode_changed.emit()
        elif reread:
            self.readings_changed.emit()
        elif grew:
            self.episode_grew.emit()
        if self.moment is not moment:
            self._cursor_moved((reel, index) != (self._reel, self._index))
        elif any(isinstance(record, Picture) for record in news.records):
            self.picture_changed.emit()

    def _on_opened(self, record: Opened) -> None:
        self.agent = record.agent
        self.agent_changed.emit()
        if not record.agent.training:
            self._awaiting = 0
            self.playback.follow()
            self._playback_changed()
        self._want_present_weights()

    def _on_arrival(self, arrival: Arrival) -> Reel:
        if self.reels and self.reels[-1].number == arrival.number:
            reel = self.reels[-1]
            reel.extend(arrival)
        else:
            reel = Reel(arrival)
            self.reels.append(reel)
            self._forget_oldest()
        if self._reel is None or self.playback.state is State.FOLLOWING:
            self._reel, self._index = reel, reel.last
        elif self._awaiting:
            self._go_on_to(reel)
        return reel

    def _go_on_to(self, reel: Reel) -> None:
        """Move by the steps that a person asked for at the live edge, and no further."""
        index = self._index if reel is self._reel else -1
        steps = min(self._awaiting, reel.last - index)
        self._awaiting -= steps
        self._reel, self._index = reel, index + steps

    def _on_reread(self, reread: Reread) -> bool:
        for reel in self.reels:
            if reel.number == reread.number:
                reel.replace_readings(reread)
                return reel is self._reel
        return False

    def _on_blinds(self, blinds: Blinds) -> None:
        for reel in self.reels:
            if reel.number == blinds.number and blinds.ground_every == self.ground_every:
                reel.replace_blinds(blinds)

    def _forget_oldest(self) -> None:
        while len(self.reels) > 2 and sum(reel.nbytes for reel in self.reels) > REELS_BYTES:
            oldest = next(reel for reel in self.reels if reel is not self._reel)
            self.reels.remove(oldest)

    # Moving

    def _show(self, reel: Reel, index: int) -> None:
        changed = reel is not self._reel
        if not changed and index == self._index:
            return
        self._reel, self._index = reel, index
        if changed:
            self.episode_changed.emit()
        self._cursor_moved(moved=True)

    def _move(self, index: int) -> None:
        if self._reel is not None:
            self._show(self._reel, min(max(index, 0), self._reel.last))

    def _playback_changed(self) -> None:
        self._sync_player()
        self._want_all()
        self.playback_changed.emit()

    def _sync_player(self) -> None:
        self._player.set_fps(self.playback.fps)
        self._player.set_running(self.playback.state is State.FOLLOWING)

    def _speed_changed(self) -> None:
        self._player.set_fps(self.playback.fps)
        self.playback_changed.emit()

    def _cursor_moved(self, moved: bool) -> None:
        if moved:
            self._branch = 0
        self._want_all()
        self.cursor_changed.emit()

    # Asking the study lane

    def _want_all(self) -> None:
        self._want_present_weights()
        self._want_blinds()
        self._want_picture()
        self._want_future(supersede=self.playback.state is State.PAUSED)

    def _want_present_weights(self) -> None:
        reel, agent = self._reel, self.agent
        if reel is None or agent is None or self.is_live:
            return
        theirs = (agent.game, agent.difficulty)
        if reel.generation == agent.generation or (reel.episode.game, reel.episode.difficulty) != theirs:
            return
        if self._ask_once("reread", (reel.number, agent.generation)):
            self._player.ask_reread(reel.number, reel.episode)

    def _want_blinds(self) -> None:
        moment, reel = self.moment, self._reel
        if self.mode is not DreamMode.DREAM or moment is None or reel is None or not self._is_read(moment):
            return
        if moment.blind is None and self._ask_once("blinds", (reel.number, reel.generation, self.ground_every)):
            moments = () if self.is_live else tuple(reel.moments)
            self._player.ask_blinds(reel.number, self._index, self.ground_every, moments)

    def _picture_key(self) -> tuple[int, int] | None:
        moment = self.moment
        if self._reel is None or moment is None:
            return None
        return self._reel.number, self._index - 1 if moment.step.is_last else self._index

    def _want_picture(self) -> None:
        key, reel = self._picture_key(), self._reel
        following = self.playback.state is State.FOLLOWING
        if self.human_visible and not following and key is not None and reel is not None and key not in self._pictures:
            self._player.ask_picture(*key, reel.episode)

    def _future_key(self) -> FutureKey | None:
        moment = self.moment
        if self._reel is None or moment is None or moment.reading is None:
            return None
        return FutureKey(self._reel.number, self._index, moment.reading.generation, self.horizon, self._branch)

    def _want_future(self, supersede: bool) -> None:
        key, moment = self._future_key(), self.moment
        if self.mode is not DreamMode.FUTURE or key is None or moment is None or not self._is_read(moment):
            return
        if key not in self._futures:
            self._player.ask_future(key, moment, supersede)

    def _is_read(self, moment: Moment) -> bool:
        """The weights on show read it."""
        reading, agent = moment.reading, self.agent
        return reading is not None and agent is not None and reading.generation == agent.generation

    def _keep_future(self, future: Future) -> None:
        self._futures[future.key] = future
        while len(self._futures) > FUTURES_KEPT:
            self._futures.popitem(last=False)
        self.future_changed.emit()

    def _ask_once(self, what: str, question: object) -> bool:
        fresh = self._asked.get(what) != question
        self._asked[what] = question
        return fresh

    def _dreaming_changed(self) -> None:
        self._player.set_blind(self.ground_every if self.mode is DreamMode.DREAM else None)
        self._asked.pop("blinds", None)
        self._want_all()
        self.mode_changed.emit()
        self.cursor_changed.emit()

    def _set_choice(self, choice: LevelChoice) -> None:
        self.choice = choice
        self.choice_changed.emit()

    @pyqtSlot(str, str)
    def _on_failed(self, line: str, details: str) -> None:
        self.pause()
        self.failed.emit(line, details)
