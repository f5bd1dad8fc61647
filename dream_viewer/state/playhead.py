"""Which Moment of which episode is under the cursor, and what moves it."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.episodes.cursor import Cursor
from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.shelf import Shelf
from dream_viewer.messages.lived import Acted, Arrival, Blinds, Reread, RivalPlayed
from dream_viewer.playback import Playback, State, Stretch, Track
from dream_viewer.state.worker_protocols import PlayerWorkerLike
from dream_viewer.words.landmarks import Landmark, beside, landmarks
from trainer.episode import Moment


class Playhead(QObject):
    """The one cursor over the episodes that are kept.

    It moves by hand, by time (`playback`), and with what is lived. What is lived is heard first and told afterwards,
    at most once a GUI tick.

    Args:
        player: who lives.

    Attributes:
        playback: state, speed and loop (read it; change it through the slots here).

    Signals:
        moved: another Moment is under the cursor; `changed` follows.
        changed: another Moment is under the cursor, or its Reading changed: repaint.
        episode_changed: another episode is under the cursor: draw its timeline anew.
        episode_grew: Moments were appended to the episode under the cursor.
        kept_changed: an episode began, ended or was opened.
        bookmarks_changed: those of the episode under the cursor did.
        readings_changed: the values of the whole episode under the cursor changed (reread).
        steered: somebody or something let the cursor pause, play or follow; `playback_changed` follows.
        playback_changed: state, speed, direction, loop or its stretch changed.
    """

    moved = pyqtSignal()
    changed = pyqtSignal()
    episode_changed = pyqtSignal()
    episode_grew = pyqtSignal()
    kept_changed = pyqtSignal()
    bookmarks_changed = pyqtSignal()
    readings_changed = pyqtSignal()
    steered = pyqtSignal()
    playback_changed = pyqtSignal()

    def __init__(self, player: PlayerWorkerLike, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._cursor = Cursor()
        self._shelf = Shelf()
        self._landmarks: tuple[object, tuple[Landmark, ...]] = (None, ())
        self._told: tuple[Reel | None, int, Moment | None] = (None, 0, None)
        self._grew = self._reread = self._kept_changed = False
        self.playback = Playback()

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

    def numbered(self, number: int) -> Reel | None:
        """The episode of this number; None where it is not kept any more."""
        return self._shelf.numbered(number)

    # Moving by hand

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

    @pyqtSlot(int)
    def episode_by(self, offset: int) -> None:
        """Pause at the first Moment of an episode before (-1) or after (+1) this one, if it is kept."""
        reel = None if self.reel is None else self._shelf.beside(self.reel, offset)
        if reel is not None and reel is not self.reel:
            self.visit(reel, 0)

    @pyqtSlot()
    def toggle_bookmark(self) -> None:
        """Mark the Moment under the cursor, or take its mark away."""
        if self.reel is not None:
            self.reel.bookmarks ^= {self.index}
            self.bookmarks_changed.emit()

    # Moving by itself

    @pyqtSlot()
    def toggle_play(self) -> None:
        """Pause, or go on: through what is recorded, and on with what is live when that ends."""
        if self.playback.state is not State.PAUSED:
            self.pause()
        else:
            self._play(reverse=False)

    @pyqtSlot()
    def play_back(self) -> None:
        """Play back in time, or pause where that is what goes on."""
        if self.playback.state is State.PLAYING and self.playback.reverse:
            self.pause()
        else:
            self._play(reverse=True)

    @pyqtSlot()
    def pause(self) -> None:
        """Freeze the cursor, whatever arrives; the agent rests."""
        if self.playback.state is not State.PAUSED:
            self.playback.pause()
            self._steered()

    @pyqtSlot()
    def follow(self) -> None:
        """Go to the newest Moment and with it."""
        self._cursor.awaiting = 0
        self.playback.follow()
        live = self._shelf.live
        if live is not None:
            self._show(live, live.last)
        self._steered()

    def advance(self, elapsed: float) -> None:
        """Move by the time that passed, in seconds."""
        if self.reel is not None:
            state = self.playback.state
            self._move(self.playback.advance(elapsed, self.index, self._track(self.reel)))
            if self.playback.state is not state:
                self._steered()

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

    # What is lived and read

    def hear(self, record: Arrival | RivalPlayed | Acted | Reread | Blinds) -> None:
        """Take what happened to an episode; `tell` says afterwards what became of it."""
        match record:
            case Arrival():
                self._on_arrival(record)
            case RivalPlayed():
                self._shelf.insert(record.arrival)
                self._kept_changed = True
            case Acted():
                self._shelf.revise(record)
            case Reread():
                self._reread = self._shelf.reread(record) is self.reel or self._reread
            case Blinds():
                self._shelf.dreamt_along(record)

    def go_live(self) -> None:
        """Follow from what is lived next on, wherever the cursor stands until then."""
        self._cursor.awaiting = 0
        self.playback.follow()
        self._steered()

    def add_recorded(self, whole: Arrival) -> None:
        """Take an episode that was not lived here, and pause at its first Moment."""
        self._kept_changed = True
        self.playback.pause()
        self._cursor.awaiting = 0
        self._cursor.put(self._shelf.insert(whole), 0)
        self._steered()

    def tell(self) -> bool:
        """Say what changed since it was said last; returns whether that was `changed`, among others."""
        if self._kept_changed:
            self._kept_changed = False
            self.kept_changed.emit()
        return self._tell_place()

    def drop_blinds(self) -> None:
        """Forget the dreams along reality of all episodes: others are wanted."""
        for reel in self._shelf:
            reel.drop_blinds()

    def retell(self) -> None:
        """Let everybody look at the Moment under the cursor again."""
        self._told = (self.reel, self.index, self.moment)
        self.changed.emit()

    def _on_arrival(self, arrival: Arrival) -> None:
        before = self._shelf.live
        reel = self._shelf.add(arrival, self.reel)
        self._kept_changed = self._kept_changed or reel is not before or reel.outcome is not None
        if self.reel is None or self.playback.state is State.FOLLOWING:
            self._cursor.put(reel, reel.last)
        elif self._cursor.awaiting:
            self._cursor.go_on_to(reel)
        self._grew = self._grew or reel is self.reel

    def _show(self, reel: Reel, index: int) -> None:
        if (reel, index) != (self.reel, self.index):
            self._cursor.put(reel, index)
            self._tell_place()

    def _move(self, index: int) -> None:
        if self.reel is not None:
            self._show(self.reel, self._cursor.clamped(index))

    def _tell_place(self) -> bool:
        reel, index, moment = self._told
        self._told = (self.reel, self.index, self.moment)
        reread, grew = self._reread, self._grew
        self._reread = self._grew = False
        if self.reel is not reel:
            self.episode_changed.emit()
        elif reread:
            self.readings_changed.emit()
        elif grew:
            self.episode_grew.emit()
        if self.moment is moment:
            return False
        if (reel, index) != (self.reel, self.index):
            self.moved.emit()
        self.changed.emit()
        return True

    def _play(self, reverse: bool) -> None:
        if self.reel is not None:
            self._cursor.awaiting = 0
            self._move(self.playback.play(self.index, self._track(self.reel), reverse))
            self._steered()

    def _track(self, reel: Reel) -> Track:
        return Track(reel.last, self.is_live, reel.stretch)

    def _steered(self) -> None:
        self.steered.emit()
        self.playback_changed.emit()

    def _speed_changed(self) -> None:
        self._player.set_fps(self.playback.fps)
        self.playback_changed.emit()
