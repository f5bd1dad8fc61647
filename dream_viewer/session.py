"""What is on show: the one owner of episode, cursor and mode; everyone else listens to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot

from dream_viewer.comparison import Comparison
from dream_viewer.cursor import Cursor
from dream_viewer.duel import Duel
from dream_viewer.landmarks import Landmark, beside, landmarks
from dream_viewer.messages import (
    Acted,
    AgentInfo,
    Answered,
    Arrival,
    Blinds,
    CompanionDreamt,
    CompanionOpened,
    CompanionRead,
    CompanionRefused,
    Dreamt,
    DuelBegun,
    ExportRequest,
    Fan,
    Forked,
    Future,
    FutureKey,
    LevelChoice,
    News,
    Opened,
    Picture,
    Recalled,
    Reread,
    RivalPlayed,
    TrainingRequest,
    Weights,
    Working,
    Written,
)
from dream_viewer.playback import Playback, State, Stretch, Track
from dream_viewer.questions import Question
from dream_viewer.reel import Reel
from dream_viewer.shelf import Shelf
from dream_viewer.studies import Q, Studies, is_read_by
from dream_viewer.taking_part import Role, TakingPart
from dream_viewer.training import Training, TrainingState
from dream_viewer.worker_protocols import PlayerWorkerLike, TrainingWorkerLike
from trainer.episode import Moment, Split
from trainer.errors import UserError

TICK_MS = 16
"""Milliseconds between two looks into the mailboxes: about 60 a second."""


LIVE_PERIOD = 0.25
"""Seconds between two futures asked for while the cursor moves by itself: each is on show for longer than that."""

LIVE_FAN_PERIOD = 1.0
"""Seconds between two fans likewise: they take as much work as a future, and change little from step to step."""

TRAINING_PATIENCE = 8.0
"""How many times longer both are while a training runs: what they cost is taken from its updates."""


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


class Session(QObject):
    """The one owner of episode, cursor and mode.

    Everything here lives in the GUI thread and is cheap: models, games and files are in the workers. Widgets read
    attributes and call slots; they hear of changes by signal, at most once a tick for what comes with every frame.

    Attributes:
        agent: the agent on show; None until the first checkpoint is open.
        playback: state, speed and loop (read it; change it through the session's slots).
        mode: what the dream pane shows.
        ground_every: frames from look to look in DREAM mode.
        horizon: steps a future goes on.
        choice: which levels are played.
        human_visible: somebody looks at the 512x512 view.
        film_visible: somebody looks at the film strip: futures and forks are wanted in every mode.
        fan_visible: somebody looks at the fan of futures.
        follows_training: weights handed over by training are shown; until another checkpoint is opened.
        frames_per_second: what the live lane reaches; None at rest.
        model_ms: what the agent takes for a frame in the live lane, in milliseconds; None where it saw none yet.
        training: the training in this window.
        comparison: a second agent that reads along.
        part: what a person plays; start it through the session's slots.

    Signals:
        cursor_changed: another Moment is under the cursor, or its Reading changed: repaint.
        episode_changed: another episode is under the cursor: draw its timeline anew.
        episode_grew: Moments were appended to the episode under the cursor.
        kept_changed: an episode began, ended or was opened.
        bookmarks_changed: those of the episode under the cursor did.
        readings_changed: the values of the whole episode under the cursor changed (reread).
        future_changed: `future` changed, or what `fork` knows of one.
        fan_changed: `fan` changed.
        answered: an answer to a question came.
        picture_changed: `picture` changed without the cursor moving.
        playback_changed: state, speed, direction, loop or its stretch changed.
        mode_changed: `mode`, `ground_every` or `horizon` changed.
        choice_changed: `choice` changed.
        agent_changed: `agent` changed.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
        recalled: (path, one sentence): a recorded episode was opened; why it is not whole, or empty.
        working: (Working): how far long work is.
        written: (path): a file a person asked for is there.
        refused: (one sentence): a file could not be opened or written; nothing changed.
        failed: (one line, details): a worker met an exception; the window lives on, paused.
    """

    cursor_changed = pyqtSignal()
    episode_changed = pyqtSignal()
    episode_grew = pyqtSignal()
    kept_changed = pyqtSignal()
    bookmarks_changed = pyqtSignal()
    readings_changed = pyqtSignal()
    future_changed = pyqtSignal()
    fan_changed = pyqtSignal()
    answered = pyqtSignal()
    picture_changed = pyqtSignal()
    playback_changed = pyqtSignal()
    mode_changed = pyqtSignal()
    choice_changed = pyqtSignal()
    agent_changed = pyqtSignal()
    open_failed = pyqtSignal(str, str)
    recalled = pyqtSignal(object, str)
    working = pyqtSignal(object)
    written = pyqtSignal(object)
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
        self._cursor = Cursor()
        self._shelf = Shelf()
        self._studies = Studies(player)
        self._landmarks: tuple[object, tuple[Landmark, ...]] = (None, ())
        self._branch = 0
        self._chosen: FutureKey | None = None  # in place of the policy's own future, while the cursor stays
        self._imagining_due = self._fan_due = clock()
        self._weights: Weights | None = None
        self._weights_wait = False
        self._opening = 0  # checkpoints asked for, and not overruled since, of which nothing was heard yet
        self._kept_changed = False
        self._recalling = False  # a recording was asked for, of which nothing was heard yet
        self.agent: AgentInfo | None = None
        self.playback = Playback()
        self.mode = DreamMode.BELIEF
        self.ground_every = 15
        self.horizon = 15
        self.choice = LevelChoice()
        self.human_visible = False
        self.film_visible = False
        self.fan_visible = False
        self.follows_training = True
        self.frames_per_second: float | None = None
        self.model_ms: float | None = None
        self.training = Training(make_training, self)
        self.part = TakingPart(player, self)
        self.comparison = Comparison(player, self)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)
        player.failed.connect(self._on_failed)
        player.open_failed.connect(self._on_open_failed)
        player.refused.connect(self._on_refused)

    # What is under the cursor

    @property
    def reels(self) -> Sequence[Reel]:
        """The episodes kept, oldest first; the last one is the one being lived."""
        return self._shelf.reels

    @property
    def reel(self) -> Reel | None:
        """The episode under the cursor; None before the first Moment came."""
        return self._cursor.reel

    @property
    def index(self) -> int:
        """Index of the Moment under the cursor in its episode."""
        return self._cursor.index

    @property
    def moment(self) -> Moment | None:
        """The Moment under the cursor: its `step.action` is the one about to be taken; an end step has no Reading."""
        return self._cursor.moment

    @property
    def is_live(self) -> bool:
        """The episode under the cursor is the one being lived."""
        return self.reel is not None and self.reel is self._shelf.live

    @property
    def at_live_edge(self) -> bool:
        """Nothing newer than the Moment under the cursor exists."""
        return self.reel is not None and self.is_live and self.index == self.reel.last

    @property
    def newer(self) -> int | None:
        """How many Moments of the episode being lived are newer than the one under the cursor; None in another."""
        return self.reel.last - self.index if self.reel is not None and self.is_live else None

    @property
    def landmarks(self) -> tuple[Landmark, ...]:
        """What is worth jumping to in the episode under the cursor, in order of time."""
        reel = self.reel
        if reel is None:
            return ()
        known = (reel.number, reel.generation, len(reel), frozenset(reel.bookmarks))
        if self._landmarks[0] != known:
            self._landmarks = (known, landmarks(reel))
        return self._landmarks[1]

    @property
    def future_key(self) -> FutureKey | None:
        """Which future is that of the Moment under the cursor; None where none can start."""
        key, chosen = self._policy_key(self._branch), self._chosen
        if key is None or chosen is None:
            return key
        here = (chosen.number, chosen.index) == (key.number, key.index)
        # What a person played stays what it was, whatever weights came since.
        return chosen if here and (chosen.generation == key.generation or chosen.kind == "played") else key

    @property
    def future(self) -> Future | None:
        """The future to show: that of the Moment under the cursor or, unless paused, the newest there is.

        `future.key.index` says which Moment it starts from.
        """
        key = self.future_key
        return None if key is None else self._studies.futures.get(key, self.playback.state is not State.PAUSED)

    def fork(self, key: FutureKey) -> Forked | None:
        """What really happens under the actions of a future; None where that is not known (yet)."""
        return self._studies.forks.get(key)

    @property
    def fan(self) -> Fan | None:
        """Many futures of the Moment under the cursor or, unless paused, of the newest one there are any of."""
        key = self._policy_key(0)
        return None if key is None else self._studies.fans.get(key, self.playback.state is not State.PAUSED)

    @property
    def patience(self) -> float:
        """How many times longer than else to wait between two studies that nobody asked for by hand."""
        return TRAINING_PATIENCE if self.training.state is TrainingState.RUNNING else 1.0

    def ask(self, question: Question) -> None:
        """Let the answer to a question be worked out; `answered` says when one came.

        At rest it supersedes the question of its kind before it; while the cursor moves that one is finished first.
        """
        self._studies.ask(question, supersede=self.playback.state is State.PAUSED)

    def answer(self, question: Question) -> Any:
        """The answer to a question; None where it is not known (yet)."""
        return self._studies.answer(question)

    def newest_answer(self, kind: type[Q]) -> tuple[Q, Any] | None:
        """The question of this kind that was answered last, and its answer; None where there was none."""
        return self._studies.newest_answer(kind)

    @property
    def picture(self) -> NDArray[np.uint8] | None:
        """(512, 512, 3) uint8, the human view under the cursor; None where it is not there (yet).

        An end step shows its last frame. Following fast, not every Step is drawn: the newest one that was stands in.
        """
        reel = self.reel
        if reel is None:
            return None
        return self._studies.picture(reel.number, self._pictured(), self.playback.state is State.FOLLOWING)

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
        elif self.reel is not None:
            self._set_playing(reverse=False)

    @pyqtSlot()
    def play_back(self) -> None:
        """Play back in time, or pause where that is what goes on."""
        if self.playback.state is State.PLAYING and self.playback.reverse:
            self.pause()
        elif self.reel is not None:
            self._set_playing(reverse=True)

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
        self._cursor.awaiting = 0
        self.playback.follow()
        live = self._shelf.live
        if live is not None:
            self._show(live, live.last)
        self._playback_changed()

    @pyqtSlot(int)
    def step_by(self, frames: int) -> None:
        """Pause and move by so many frames; one forward from the newest Moment lives one more."""
        self.pause()
        if frames == 1 and self.at_live_edge:
            self._cursor.awaiting += 1
            self._player.step_once()
        else:
            self._cursor.awaiting = 0
            self._move(self.index + frames)

    @pyqtSlot()
    def go_first(self) -> None:
        """Pause at the first Moment of the episode."""
        self.seek(0)

    @pyqtSlot()
    def go_last(self) -> None:
        """The last Moment of the episode; where it is being lived that is where the agent is: follow."""
        if self.is_live:
            self.follow()
        elif self.reel is not None:
            self.seek(self.reel.last)

    @pyqtSlot(int)
    def seek(self, index: int) -> None:
        """Pause at a Moment (scrubbing); clamped to the episode."""
        self.pause()
        self._cursor.awaiting = 0
        self._move(index)

    def visit(self, reel: Reel, index: int) -> None:
        """Pause at a Moment of any episode that is kept."""
        self.pause()
        self._cursor.awaiting = 0
        self._show(reel, min(max(index, 0), reel.last))

    @pyqtSlot(int)
    def landmark_by(self, direction: int) -> None:
        """Pause at the next landmark (1) or the one before (-1), if there is one."""
        place = beside(self.landmarks, self.index, direction)
        if place is not None:
            self.seek(place)

    @pyqtSlot()
    def toggle_bookmark(self) -> None:
        """Mark the Moment under the cursor, or take its mark away."""
        if self.reel is not None:
            self.reel.bookmarks ^= {self.index}
            self.bookmarks_changed.emit()

    @pyqtSlot(int)
    def episode_by(self, offset: int) -> None:
        """Pause at the first Moment of an episode before (-1) or after (+1) this one, if it is kept."""
        reel = None if self.reel is None else self._shelf.beside(self.reel, offset)
        if reel is not None and reel is not self.reel:
            self.pause()
            self._cursor.awaiting = 0
            self._show(reel, 0)

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
        """Start again at the first frame, of the marked stretch or of the episode, when playing reaches the last."""
        self.playback.loop = loop
        self.playback_changed.emit()

    @pyqtSlot(bool)
    def set_every_frame(self, every: bool) -> None:
        """Show each Moment in playing, rather than leave out those that come too fast."""
        self.playback.every_frame = every
        self.playback_changed.emit()

    @pyqtSlot(object)
    def set_stretch(self, stretch: Stretch | None) -> None:
        """Mark what a loop keeps to in the episode under the cursor, and loop; None takes the mark away."""
        if self.reel is not None:
            self.reel.stretch = stretch
            self.set_loop(stretch is not None)

    @pyqtSlot()
    def mark_stretch(self) -> None:
        """Begin a stretch at the cursor; asked again behind that, end it here; asked once more, take it away."""
        stretch = None if self.reel is None else self.reel.stretch
        if stretch is None:
            self.set_stretch(Stretch(self.index))
        elif stretch.last is None and self.index > stretch.first:
            self.set_stretch(Stretch(stretch.first, self.index))
        else:
            self.set_stretch(None)

    # Taking part

    @pyqtSlot()
    def play_game(self) -> None:
        """Let a person play on from where the agent is now; it plays on when they hand back or look elsewhere."""
        if self._shelf.live is not None:
            self.follow()
            self.part.play()

    @pyqtSlot()
    def play_dream(self) -> None:
        """Let a person play inside the dream, from the Moment under the cursor on; reality rests meanwhile."""
        key, moment = self.future_key, self.moment
        if self._can_begin() and key is not None and moment is not None:
            self.pause()
            self.part.enter_dream(key, moment)

    @pyqtSlot()
    def begin_duel(self) -> None:
        """Let a person play on from the Moment under the cursor, in an episode of its own, and the agent in another."""
        reel, agent, moment = self.reel, self.agent, self.moment
        if not self._can_begin() or reel is None or agent is None or moment is None or moment.reading is None:
            return
        self.pause()
        moments = tuple(reel.moments[: self.index + 1])
        self.part.challenge(Duel(self.index, moment.reading.value, agent.discount))
        self._player.begin_duel(reel.number, replace(reel.episode, steps=[*reel.episode.steps]), moments)

    def _can_begin(self) -> bool:
        """Something may go on from the Moment under the cursor; `refused` says why not."""
        moment = self.moment
        if moment is None or moment.reading is None:
            self.refused.emit("Nothing goes on from here; go back to a moment that the agent saw.")
        elif not is_read_by(self.agent, moment):
            self.refused.emit("The agent on show has not read this moment; wait a moment, or open one of this game.")
        else:
            return True
        return False

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
        for reel in self._shelf:
            reel.drop_blinds()
        self._dreaming_changed()

    @pyqtSlot(int)
    def set_horizon(self, steps: int) -> None:
        """Choose how many steps a future goes on (at least 1)."""
        self.horizon = max(1, steps)
        self._chosen = None
        self._dreaming_changed()

    @pyqtSlot()
    def another_future(self) -> None:
        """Dream the future of this Moment once more, with other luck; each Moment begins with luck 0."""
        self._branch += 1
        self._chosen = None
        self._want_imagined(supersede=True)
        self.future_changed.emit()

    def show_branch(self, future: Future, forked: Forked | None = None) -> None:
        """Show a future that somebody dreamt elsewhere in place of the policy's own: paused, until the cursor moves.

        Args:
            future: from a Moment of an episode that is kept. forked: its truth, where that is known already.
        """
        key = future.key
        reel = self._shelf.numbered(key.number)
        if reel is None:
            return
        self._studies.futures.keep(future)
        if forked is not None:
            self._studies.forks.keep(forked)
        self.visit(reel, key.index)
        self._chosen = key
        self.set_mode(DreamMode.FUTURE)
        self.future_changed.emit()

    @pyqtSlot(bool)
    def set_film_visible(self, visible: bool) -> None:
        """Say whether anybody looks at the film strip: only then futures are dreamt in every mode, and forked."""
        self.film_visible = visible
        self._want_all(hurried=True)

    @pyqtSlot(bool)
    def set_fan_visible(self, visible: bool) -> None:
        """Say whether anybody looks at the fan of futures: only then it is dreamt."""
        self.fan_visible = visible
        self._want_all(hurried=True)

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
        self._opening += 1
        self._player.open_checkpoint(path, choice or self.choice, difficulty, game)

    def open_recording(self, path: Path) -> None:
        """Show a recorded episode, paused at its first Moment; `recalled` or `refused` says how that went."""
        if self.agent is None and not self._opening:
            self.refused.emit("There is no agent to read a recording with; open a checkpoint first.")
        else:
            self._recalling = True
            self.pause()  # the agent that rests reads faster
            self._player.open_recording(path)

    def save_recording(self, path: Path) -> None:
        """Save the episode under the cursor, as far as it went; `written` or `refused` says how that went."""
        if self.reel is not None:
            episode = self.reel.episode
            self._player.save_recording(path, replace(episode, steps=list(episode.steps)))

    def export(self, path: Path) -> None:
        """Draw the episode under the cursor, as far as it went: a film, a picture of this Moment, or its curves.

        Args:
            path: its ending says what. `working`, and then `written` or `refused`, say how that goes.
        """
        reel, agent = self.reel, self.agent
        if reel is None or agent is None:
            self.refused.emit("There is no episode to export yet.")
        elif reel.generation != agent.generation:
            self.refused.emit(f"{agent.name} did not read this episode; export one of {agent.game}, or wait a moment.")
        else:
            self._player.export(ExportRequest(path, reel.whole(), self.index, self.horizon, agent))

    @pyqtSlot()
    def cancel_export(self) -> None:
        """Give up the export in the making; nothing is left of it."""
        self._player.cancel_export()

    @pyqtSlot()
    def cancel_recording(self) -> None:
        """Give up the recording that is being opened; what is on show stays."""
        self._recalling = False
        self._player.cancel_recording()

    def new_level(self, split: Split, level_seed: int | None = None) -> None:
        """Play another level: of a split, or this very one again and again; follows it."""
        self._play(LevelChoice(split, level_seed))

    def play_level(self, game: str, difficulty: str, choice: LevelChoice) -> None:
        """Let the agent on show play these levels, and follow it, in whatever game.

        Raises:
            UserError: there is no agent, or it is in no file yet, which another game needs.
        """
        agent = self.agent
        if agent is None:
            raise UserError("There is no agent to play a level; open a checkpoint first.")
        if (agent.game, agent.difficulty) == (game, difficulty):
            self._play(choice)
        elif agent.source is not None:
            self.open_checkpoint(agent.source, choice, difficulty, game)
        else:
            raise UserError(f"{agent.name} is in no file yet and plays {agent.game} only; open a checkpoint of {game}.")

    # Training and the end

    def start_training(self, request: TrainingRequest) -> None:
        """Train in the background; its weights are shown as they get better. See `training` for all the rest."""
        self.training.start(request)
        self._weights = None
        self._follow_training()

    @pyqtSlot()
    def show_training(self) -> None:
        """Show the weights in training again, after another checkpoint was opened."""
        self._follow_training()
        self._adopt()

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
            self._adopt()
        if self.reel is not None:
            state = self.playback.state
            self._move(self.playback.advance(elapsed, self.index, self._track(self.reel)))
            if self.playback.state is not state:
                self._playback_changed()

    def _hear(self, news: News) -> None:
        grew = reread = imagined = fanned = answered = dreamt = False
        reel, index, moment = self.reel, self.index, self.moment
        for record in news.records:
            match record:
                case Opened():
                    self._on_opened(record)
                case Arrival():
                    grew = self._on_arrival(record) is self.reel or grew
                case Acted():
                    self._shelf.revise(record)
                case Reread():
                    reread = self._shelf.reread(record) is self.reel or reread
                case Blinds():
                    if record.ground_every == self.ground_every:
                        self._shelf.dreamt_along(record)
                case Picture():
                    self._studies.keep_picture(record)
                case Forked():
                    self._studies.forks.keep(record)
                    imagined = True
                case DuelBegun():
                    self._on_duel_begun(record)
                case RivalPlayed():
                    self._shelf.insert(record.arrival)
                    self._kept_changed = True
                case Dreamt():
                    dreamt = self.part.hear(record) or dreamt
                case Fan():
                    self._studies.fans.keep(record)
                    fanned = True
                case CompanionOpened() | CompanionRefused() | CompanionRead() | CompanionDreamt():
                    self.comparison.hear(record)
                case Answered():
                    self._studies.keep_answer(record)
                    answered = True
                case Recalled():
                    self._on_recalled(record)
                case Working():
                    self.working.emit(record)
                case Written():
                    self.written.emit(record.path)
        self.frames_per_second, self.model_ms = news.frames_per_second, news.model_ms
        if news.future is not None:
            self._studies.futures.keep(news.future)
            self._want_fork(news.future)
            imagined = True
        if self._kept_changed:
            self._kept_changed = False
            self.kept_changed.emit()
        if imagined:
            self.future_changed.emit()
        if fanned:
            self.fan_changed.emit()
        if dreamt:
            self.part.dreamt.emit()
        if answered:
            self.answered.emit()
        if self.reel is not reel:
            self.episode_changed.emit()
        elif reread:
            self.readings_changed.emit()
        elif grew:
            self.episode_grew.emit()
        if self.moment is not moment:
            self._cursor_moved((reel, index) != (self.reel, self.index))
        elif any(isinstance(record, Picture) for record in news.records):
            self.picture_changed.emit()

    def _follow_training(self) -> None:
        self.follows_training = True
        self._opening = 0

    def _adopt(self) -> None:
        """Let the newest weights in training play, if they are to be shown; they wait while a checkpoint is opened."""
        if self._weights is None or not self.follows_training:
            return
        self._weights_wait = self._opening > 0
        if not self._weights_wait:
            self._player.adopt(self._weights)

    def _heard_of_opening(self, still: int) -> None:
        self._opening = still
        if self._weights_wait:
            self._adopt()

    def _on_opened(self, record: Opened) -> None:
        self.agent = record.agent
        if self.part.role is Role.DREAM:
            self.part.stop()
        if self._opening and not record.agent.handed_over:
            self.follows_training = False
            self._heard_of_opening(self._opening - 1)
        self.agent_changed.emit()
        if not record.agent.handed_over and not self._recalling:
            self._cursor.awaiting = 0
            self.playback.follow()
            self._playback_changed()
        self._want_present_weights()

    def _on_arrival(self, arrival: Arrival) -> Reel:
        before = self._shelf.live
        reel = self._shelf.add(arrival, self.reel)
        self._kept_changed = self._kept_changed or reel is not before or reel.outcome is not None
        if self.reel is None or self.playback.state is State.FOLLOWING:
            self._cursor.put(reel, reel.last)
        elif self._cursor.awaiting:
            self._cursor.go_on_to(reel)
        return reel

    def _on_duel_begun(self, record: DuelBegun) -> None:
        self._cursor.awaiting = 0
        self.playback.follow()
        self.part.fight(record)
        self._playback_changed()

    def _on_recalled(self, record: Recalled) -> None:
        self._recalling, self._kept_changed = False, True
        self.playback.pause()
        self._cursor.awaiting = 0
        self._cursor.put(self._shelf.insert(record.arrival), 0)
        self._playback_changed()
        self.recalled.emit(record.path, record.differs)

    # Moving

    def _show(self, reel: Reel, index: int) -> None:
        changed = reel is not self.reel
        if not changed and index == self.index:
            return
        self._cursor.put(reel, index)
        if changed:
            self.episode_changed.emit()
        self._cursor_moved(moved=True)

    def _move(self, index: int) -> None:
        if self.reel is not None:
            self._show(self.reel, self._cursor.clamped(index))

    def _set_playing(self, reverse: bool) -> None:
        if self.reel is not None:
            self._cursor.awaiting = 0
            self._move(self.playback.play(self.index, self._track(self.reel), reverse))
            self._playback_changed()

    def _track(self, reel: Reel) -> Track:
        return Track(reel.last, self.is_live, reel.stretch)

    def _playback_changed(self) -> None:
        self.part.suit(self.playback.state)
        self._sync_player()
        self._want_all(hurried=True)
        self.playback_changed.emit()

    def _sync_player(self) -> None:
        self._player.set_fps(self.playback.fps)
        lives = self.playback.state is State.FOLLOWING or self.part.role is Role.DREAM
        self._player.set_running(lives and not self.part.waits)

    def _speed_changed(self) -> None:
        self._player.set_fps(self.playback.fps)
        self.playback_changed.emit()

    def _cursor_moved(self, moved: bool) -> None:
        if moved:
            self._branch, self._chosen = 0, None
            if self.part.role is Role.DREAM:
                self.part.stop()
        self._want_all(hurried=self.playback.state is State.PAUSED or self.part.waits)
        self.cursor_changed.emit()

    # Asking the study lane

    def _want_all(self, hurried: bool) -> None:
        """Ask for what the cursor shows; what is imagined only so often, unless it is hurried."""
        self._want_present_weights()
        self._want_blinds()
        self._want_picture()
        if hurried or self._clock() >= self._imagining_due:
            self._want_imagined(supersede=self.playback.state is State.PAUSED)

    def _want_present_weights(self) -> None:
        if self.reel is not None and self.agent is not None and not self.is_live:
            self._studies.want_reading(self.reel, self.agent)

    def _want_blinds(self) -> None:
        moment, reel = self.moment, self.reel
        if self.mode is not DreamMode.DREAM or reel is None or moment is None or moment.blind is not None:
            return
        if is_read_by(self.agent, moment):
            self._studies.want_blinds(reel, self.index, self.ground_every, self.is_live)

    def _want_picture(self) -> None:
        moves = self.playback.state is State.FOLLOWING and not self.part.waits
        if self.human_visible and self.reel is not None and not moves:
            self._studies.want_picture(self.reel, self._pictured())

    def _pictured(self) -> int:
        """Index of the Step whose picture stands for the Moment under the cursor."""
        moment = self.moment
        return self.index - 1 if moment is not None and moment.step.is_last else self.index

    def _policy_key(self, branch: int) -> FutureKey | None:
        """What the policy's own futures of the Moment under the cursor are called; None where none can start."""
        moment = self.moment
        if self.reel is None or moment is None or moment.reading is None:
            return None
        return FutureKey(self.reel.number, self.index, moment.reading.generation, self.horizon, branch)

    def _want_imagined(self, supersede: bool) -> None:
        key, fan_key, moment = self.future_key, self._policy_key(0), self.moment
        if key is None or fan_key is None or moment is None or not is_read_by(self.agent, moment):
            return
        patience = self.patience
        self._imagining_due = self._clock() + LIVE_PERIOD * patience
        if self.mode is DreamMode.FUTURE or self.film_visible:
            self._studies.want_future(key, moment, supersede)
            if self.future is not None:
                self._want_fork(self.future)
        if self.fan_visible and (self.playback.state is State.PAUSED or self._clock() >= self._fan_due):
            self._fan_due = self._clock() + LIVE_FAN_PERIOD * patience
            self._studies.want_fan(fan_key, moment, supersede)

    def _want_fork(self, future: Future) -> None:
        reel = self.reel
        if reel is not None and reel.number == future.key.number:
            self._studies.want_fork(future, reel)

    def _dreaming_changed(self) -> None:
        self._player.set_blind(self.ground_every if self.mode is DreamMode.DREAM else None)
        self._studies.forget_blinds()
        self._want_all(hurried=True)
        self.mode_changed.emit()
        self.cursor_changed.emit()

    def _play(self, choice: LevelChoice) -> None:
        self._set_choice(choice)
        self._player.new_level(choice)
        self.follow()

    def _set_choice(self, choice: LevelChoice) -> None:
        self.choice = replace(choice, first=None)
        self.choice_changed.emit()

    @pyqtSlot(str, str)
    def _on_open_failed(self, path: str, reason: str) -> None:
        self._heard_of_opening(max(0, self._opening - 1))
        self.open_failed.emit(path, reason)

    @pyqtSlot(str)
    def _on_refused(self, reason: str) -> None:
        self._recalling = False
        self.refused.emit(reason)

    @pyqtSlot(str, str)
    def _on_failed(self, line: str, details: str) -> None:
        self._heard_of_opening(0)  # it may be what failed
        self.pause()
        self.part.stop()
        self.failed.emit(line, details)
