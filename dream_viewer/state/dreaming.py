"""What is imagined of the Moment under the cursor: the dream along reality, futures, their truth, and the fan."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.episodes.answers import Answers
from dream_viewer.messages.futures import Fan, Forked, Future, FutureKey
from dream_viewer.messages.lived import Blinds
from dream_viewer.playback import State
from dream_viewer.state.casting import Casting
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.taking_part import TakingPart
from dream_viewer.state.training import Training
from dream_viewer.state.worker_protocols import PlayerWorkerLike

LIVE_PERIOD = 0.25
"""Seconds between two futures asked for while the cursor moves by itself: each is on show for longer than that."""

LIVE_FAN_PERIOD = 1.0
"""Seconds between two fans likewise: they take as much work as a future, and change little from step to step."""


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


class Dreaming(QObject):
    """Lets the agent on show dream what somebody looks at, and keeps the dreams.

    Args:
        player: who dreams. playhead: the cursor. casting: the agent on show. part: what a person plays.
        training: has the dreams wait longer while it runs. clock: seconds.

    Attributes:
        mode: what the dream pane shows.
        ground_every: frames from look to look in DREAM mode.
        horizon: steps a future goes on.
        film_visible: somebody looks at the film strip: futures and forks are wanted in every mode.
        fan_visible: somebody looks at the fan of futures.

    Signals:
        future_changed: `future` changed, or what `fork` knows of one.
        fan_changed: `fan` changed.
        mode_changed: `mode`, `ground_every` or `horizon` changed.
    """

    future_changed = pyqtSignal()
    fan_changed = pyqtSignal()
    mode_changed = pyqtSignal()

    def __init__(
        self,
        player: PlayerWorkerLike,
        playhead: Playhead,
        casting: Casting,
        part: TakingPart,
        training: Training,
        clock: Callable[[], float],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._player, self._playhead, self._casting = player, playhead, casting
        self._part, self._training, self._clock = part, training, clock
        self._futures: Answers[Future] = Answers()
        self._forks: Answers[Forked] = Answers()
        self._fans: Answers[Fan] = Answers()
        self._branch = 0
        self._chosen: FutureKey | None = None  # in place of the policy's own future, while the cursor stays
        # Of which episode, whether it was being lived, read by which weights, how grounded.
        self._blinds_asked: tuple[int, bool, int, int] | None = None
        self._fork_asked: FutureKey | None = None
        self._due = self._fan_due = clock()
        self._imagined = self._fanned = False
        self.mode = DreamMode.BELIEF
        self.ground_every = 15
        self.horizon = 15
        self.film_visible = False
        self.fan_visible = False
        playhead.steered.connect(self._want_at_once)
        playhead.moved.connect(self._on_moved)
        playhead.changed.connect(self._on_changed)

    # What there is to show

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
        return None if key is None else self._futures.get(key, not self._at_rest)

    def fork(self, key: FutureKey) -> Forked | None:
        """What really happens under the actions of a future; None where that is not known (yet)."""
        return self._forks.get(key)

    @property
    def fan(self) -> Fan | None:
        """Many futures of the Moment under the cursor or, unless paused, of the newest one there are any of."""
        key = self._policy_key(0)
        return None if key is None else self._fans.get(key, not self._at_rest)

    # What somebody looks at

    @pyqtSlot(object)
    def set_mode(self, mode: DreamMode) -> None:
        """Choose what the dream pane shows."""
        self.mode = mode
        self._mode_changed()

    @pyqtSlot(int)
    def set_ground_every(self, frames: int) -> None:
        """Choose how many frames go by from look to look in DREAM mode (at least 1)."""
        if max(1, frames) == self.ground_every:
            return
        self.ground_every = max(1, frames)
        self._playhead.drop_blinds()
        self._mode_changed()

    @pyqtSlot(int)
    def set_horizon(self, steps: int) -> None:
        """Choose how many steps a future goes on (at least 1)."""
        self.horizon = max(1, steps)
        self._chosen = None
        self._mode_changed()

    @pyqtSlot()
    def another_future(self) -> None:
        """Dream the future of this Moment once more, with other luck; each Moment begins with luck 0."""
        self._branch += 1
        self._chosen = None
        self._want_futures(supersede=True)
        self.future_changed.emit()

    def show_branch(self, future: Future, forked: Forked | None = None) -> None:
        """Show a future that somebody dreamt elsewhere in place of the policy's own: paused, until the cursor moves.

        Args:
            future: from a Moment of an episode that is kept. forked: its truth, where that is known already.
        """
        key = future.key
        reel = self._playhead.numbered(key.number)
        if reel is None:
            return
        self._futures.keep(future)
        if forked is not None:
            self._forks.keep(forked)
        self._playhead.visit(reel, key.index)
        self._chosen = key
        self.set_mode(DreamMode.FUTURE)
        self.future_changed.emit()

    @pyqtSlot(bool)
    def set_film_visible(self, visible: bool) -> None:
        """Say whether anybody looks at the film strip: only then futures are dreamt in every mode, and forked."""
        self.film_visible = visible
        self._want_at_once()

    @pyqtSlot(bool)
    def set_fan_visible(self, visible: bool) -> None:
        """Say whether anybody looks at the fan of futures: only then it is dreamt."""
        self.fan_visible = visible
        self._want_at_once()

    # What comes of it

    def hear(self, record: Blinds | Future | Forked | Fan) -> None:
        """Take what was dreamt, or is known of it; `tell` says afterwards what changed."""
        match record:
            case Blinds():
                if record.ground_every == self.ground_every:
                    self._playhead.hear(record)
            case Future():
                self._futures.keep(record)
                self._want_fork(record)
                self._imagined = True
            case Forked():
                self._forks.keep(record)
                self._imagined = True
            case Fan():
                self._fans.keep(record)
                self._fanned = True

    def tell(self) -> None:
        """Say what changed since it was said last."""
        if self._imagined:
            self._imagined = False
            self.future_changed.emit()
        if self._fanned:
            self._fanned = False
            self.fan_changed.emit()

    # Asking

    @property
    def _at_rest(self) -> bool:
        return self._playhead.playback.state is State.PAUSED

    @pyqtSlot()
    def _on_moved(self) -> None:
        self._branch, self._chosen = 0, None

    @pyqtSlot()
    def _on_changed(self) -> None:
        """Ask for what the cursor shows; what is imagined only so often while it moves by itself."""
        self._want_blinds()
        if self._at_rest or self._part.waits or self._clock() >= self._due:
            self._want_futures(supersede=self._at_rest)

    @pyqtSlot()
    def _want_at_once(self) -> None:
        self._want_blinds()
        self._want_futures(supersede=self._at_rest)

    def _mode_changed(self) -> None:
        self._player.set_blind(self.ground_every if self.mode is DreamMode.DREAM else None)
        self._blinds_asked = None
        self._due = self._clock()
        self.mode_changed.emit()
        self._playhead.retell()

    def _policy_key(self, branch: int) -> FutureKey | None:
        """What the policy's own futures of the Moment under the cursor are called; None where none can start."""
        reel, moment = self._playhead.reel, self._playhead.moment
        if reel is None or moment is None or moment.reading is None:
            return None
        return FutureKey(reel.number, self._playhead.index, moment.reading.generation, self.horizon, branch)

    def _want_blinds(self) -> None:
        """Let the episode under the cursor be dreamt along reality, first of all around the cursor."""
        reel, moment = self._playhead.reel, self._playhead.moment
        if self.mode is not DreamMode.DREAM or reel is None or moment is None or moment.blind is not None:
            return
        asked = (reel.number, self._playhead.is_live, reel.generation, self.ground_every)
        if self._casting.has_read(moment) and self._blinds_asked != asked:
            self._blinds_asked = asked
            # Those of the episode being lived, too: by now the player may be in the next one.
            self._player.ask_blinds(reel.number, self._playhead.index, self.ground_every, tuple(reel.moments))

    def _want_futures(self, supersede: bool) -> None:
        key, fan_key, moment = self.future_key, self._policy_key(0), self._playhead.moment
        if key is None or fan_key is None or moment is None or not self._casting.has_read(moment):
            return
        patience = self._training.patience
        self._due = self._clock() + LIVE_PERIOD * patience
        if self.mode is DreamMode.FUTURE or self.film_visible:
            if key not in self._futures:
                self._player.ask_future(key, moment, supersede)
            if self.future is not None:
                self._want_fork(self.future)
        if self.fan_visible and (self._at_rest or self._clock() >= self._fan_due):
            self._fan_due = self._clock() + LIVE_FAN_PERIOD * patience
            if fan_key not in self._fans:
                self._player.ask_fan(fan_key, moment, supersede)

    def _want_fork(self, future: Future) -> None:
        """Let the truth of a future be found out that is not known yet."""
        key, reel = future.key, self._playhead.reel
        if reel is None or reel.number != key.number or key in self._forks or key == self._fork_asked:
            return
        self._fork_asked = key
        self._player.ask_fork(key, reel.episode, tuple(future.dream.actions[0].tolist()))
