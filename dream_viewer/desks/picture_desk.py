"""Between the session and the widgets that show pictures: the panes and the film strip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QElapsedTimer, QObject, Qt, QTimer, pyqtSignal, pyqtSlot

from dream_viewer.messages.futures import Future
from dream_viewer.pictures import views
from dream_viewer.pictures.film import film
from dream_viewer.pictures.scales import SteadyScale
from dream_viewer.playback import BASE_FPS, State
from dream_viewer.records import View
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.state.taking_part import Role
from dream_viewer.widgets.film_strip import FilmStrip
from dream_viewer.widgets.pane import Pane
from dream_viewer.words import wording

_CAPTIONS = {Role.DREAM: views.AT_REST, Role.DUEL: views.DUEL}
_SHOW_MS = 33
FILM_PACE = 1.0
"""Pace at which futures follow each other in the film strip while the agent acts: reality catches up with each."""


class PictureDesk(QObject):
    """Shows what the session knows about the Moment under the cursor as pictures.

    Args:
        session: what is on show. reality, dream, difference: the panes. strip: the film strip.
        scale: of values, for the strip's edges.

    Signals:
        imagined_changed: `future` changed.
        ahead_changed: `ahead` did.
    """

    imagined_changed = pyqtSignal()
    ahead_changed = pyqtSignal()

    def __init__(
        self,
        session: Session,
        reality: Pane,
        dream: Pane,
        difference: Pane,
        strip: FilmStrip,
        scale: SteadyScale,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._scale = session, scale
        self._reality, self._dream, self._difference, self._strip = reality, dream, difference, strip
        self._show = views.FutureShow()
        self._over: View | None = None
        self._filmed: tuple[object, ...] = ()
        self._clock = QElapsedTimer()
        self._ticker = QTimer(self)
        self._ticker.setTimerType(Qt.TimerType.PreciseTimer)
        self._ticker.setInterval(_SHOW_MS)
        self._ticker.timeout.connect(self._tick)
        strip.chosen.connect(self.look_at)
        session.dreaming.future_changed.connect(self.take_future)
        session.human_view.changed.connect(self._show_reality)
        session.part.changed.connect(self._show_all)
        session.part.dreamt.connect(self._show_dream)
        session.casting.opening_changed.connect(self._show_all)
        for signal in (session.comparison.changed, session.comparison.read, session.comparison.dreamt):
            signal.connect(self._show_strip)

    @property
    def future(self) -> Future | None:
        """The future on show in strip or dream pane; None while there is none."""
        return self._show.future

    @property
    def ahead(self) -> int:
        """Which frame of that future is on show, from 0."""
        return self._show.ahead

    def stop(self) -> None:
        """Let nothing move by itself any more."""
        self._ticker.stop()

    def wanted_changed(self) -> None:
        """Other things are to be shown: the mode changed, or the strip was shown or hidden."""
        if self._imagines:
            self._clock.restart()
            self._ticker.start()
        else:
            self._ticker.stop()
            self._show = views.FutureShow()
        self.take_future()

    @pyqtSlot()
    def take_future(self) -> None:
        """The session's future changed: show it when its turn comes."""
        if self._imagines:
            self._show.offer(self._session.dreaming.future, self._at_rest, self._session.dreaming.future_key)
        self._show_all()

    def lay_over(self, view: View | None) -> None:
        """Show this in place of reality as it was; None: reality itself."""
        if view is not self._over:
            self._over = view
            self._show_reality()

    @pyqtSlot(int)
    def look_at(self, ahead: int) -> None:
        """Let one frame of the future on show stay in the panes, with what really happens; again: let it go on."""
        future, reel = self._show.future, self._session.playhead.reel
        if future is None or reel is None or reel.number != future.key.number:
            return
        self._session.playhead.seek(future.key.index)
        self._session.dreaming.set_mode(DreamMode.FUTURE)
        if self._show.future is future:
            self._show.pin(ahead)
        self._show_all()

    def hold(self, ahead: int) -> None:
        """Let one frame of the future on show stay in the panes, whether it does already or not."""
        if not (self._show.pinned and self._show.ahead == ahead):
            self.look_at(ahead)

    def look_by(self, frames: int) -> None:
        """Look so many frames further on in the future (or back); the first one first, and at none before that."""
        future = self._show.future
        if future is None:
            return
        ahead = self._show.ahead + frames if self._show.pinned else 0
        if ahead < 0:
            self.look_at(self._show.ahead)
        elif ahead < future.dream.frames.shape[1]:
            self.look_at(ahead)

    @property
    def _imagines(self) -> bool:
        return self._session.dreaming.mode is DreamMode.FUTURE or self._session.dreaming.film_visible

    @property
    def _beside_truth(self) -> bool:
        """Reality is shown as it comes under the actions of the future in the dream pane, not as it was."""
        shown = self._show.future
        if self._session.dreaming.mode is not DreamMode.FUTURE or shown is None:
            return False
        return self._show.pinned or shown.key.kind != "policy"

    @property
    def _at_rest(self) -> bool:
        return self._session.playhead.playback.state is State.PAUSED

    @pyqtSlot()
    def _tick(self) -> None:
        frames = self._clock.restart() / 1000 * BASE_FPS
        before = self._show.future
        pace = views.LIVE_PACE if self._session.dreaming.mode is DreamMode.FUTURE else FILM_PACE
        if self._show.advance(frames, self._session.dreaming.future, self._at_rest, pace):
            self._show_dream()
            self._show_difference()
            self._show_strip()
            if self._beside_truth:
                self._show_reality()
            self.ahead_changed.emit()
            if self._show.future is not before:
                self.imagined_changed.emit()

    def _show_all(self) -> None:
        self._show_reality()
        self._show_dream()
        self._show_difference()
        self._show_strip()
        self.ahead_changed.emit()
        self.imagined_changed.emit()

    @pyqtSlot()
    def _show_reality(self) -> None:
        session, future = self._session, self._show.future
        moment, reel = session.playhead.moment, session.playhead.reel
        if moment is None or reel is None:
            self._reality.show_view(views.waiting(self._waiting_text()))
        elif self._beside_truth and future is not None:
            self._reality.show_view(views.forked(session.dreaming.fork(future.key), self._show.ahead))
        elif self._over is not None and session.part.role is Role.WATCHING:
            self._reality.show_view(self._over)
        else:
            played = session.part.role in (Role.REALITY, Role.DUEL)
            view = views.reality(moment, reel.outcome, session.human_view.picture, session.human_view.visible, played)
            caption = _CAPTIONS.get(session.part.role)
            waits = session.part.waits and session.part.role is Role.DUEL
            meter = views.FIRST_KEY if waits else None
            self._reality.show_view(view if caption is None else replace(view, caption=caption, meter=meter))

    def _show_dream(self) -> None:
        session, moment = self._session, self._session.playhead.moment
        shown = self._show.future
        if moment is None:
            view = views.waiting(self._waiting_text())
        elif session.part.role is Role.DREAM and session.part.dream is not None:
            view = views.played_dream(session.part.dream, moment)
        elif session.dreaming.mode is DreamMode.BELIEF:
            view = views.belief(moment)
        elif session.dreaming.mode is DreamMode.DREAM:
            view = views.dream(moment)
        elif shown is None:
            view = views.no_future(moment)
        else:
            view = views.future(shown, self._show.ahead)
        self._dream.show_view(view)

    def _show_difference(self) -> None:
        if self._difference.isVisibleTo(self._difference.parentWidget()):
            self._difference.show_view(views.difference(*self._compared()))

    def _compared(self) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
        """Truth and prediction of the same moment, as the dream pane shows it."""
        session, moment, shown = self._session, self._session.playhead.moment, self._show.future
        if session.part.role is Role.DREAM:
            return None, None
        if session.dreaming.mode is DreamMode.FUTURE:
            if shown is None:
                return None, None
            return views.truth(session.dreaming.fork(shown.key), self._show.ahead), shown.dream.frames[
                0, self._show.ahead
            ]
        if moment is None or moment.reading is None:
            return None, None
        if session.dreaming.mode is DreamMode.BELIEF:
            return moment.step.frame, moment.reading.belief
        return moment.step.frame, None if moment.blind is None else moment.blind.frame

    @pyqtSlot()
    def _show_strip(self) -> None:
        session, shown = self._session, self._show.future
        if not session.dreaming.film_visible:
            return
        forked = None if shown is None else session.dreaming.fork(shown.key)
        echo, other = self._echo(shown)
        message = self._strip_message()
        filmed = (id(shown), id(forked), id(echo), other, message, self._scale.low, self._scale.high)
        if filmed != self._filmed:
            self._filmed = filmed
            shot = None if shown is None else film(shown, forked, self._scale.tone, echo, other)
            self._strip.show_film(shot, message)
        self._strip.show_ahead(None if shown is None else self._ahead_in(shown), self._show.pinned)

    def _echo(self, shown: Future | None) -> tuple[Future | None, str]:
        """What a compared agent imagines of the same actions, as soon as that is known, and what it is called."""
        comparison, mine = self._session.comparison, self._session.casting.agent
        if comparison.agent is None or mine is None or shown is None:
            return None, ""
        comparison.want_future(shown, echo=True)
        return comparison.future(shown.key, echo=True), wording.told_apart(mine, comparison.agent)[1]

    def _ahead_in(self, shown: Future) -> int | None:
        """The frame to pick out: the one in the dream pane, or else the one that reality has come to by now."""
        if self._session.dreaming.mode is DreamMode.FUTURE:
            return self._show.ahead
        caught_up = self._session.playhead.index - shown.key.index - 1
        same_life = self._session.playhead.reel is not None and self._session.playhead.reel.number == shown.key.number
        return caught_up if same_life and 0 <= caught_up < shown.dream.frames.shape[1] else None

    def _strip_message(self) -> str:
        moment = self._session.playhead.moment
        if moment is None:
            return ""
        return "imagining…" if moment.reading is not None else "the episode is over: there is nothing to imagine"

    def _waiting_text(self) -> str:
        if self._session.casting.agent is not None:
            return "The first frame is on its way…"
        if self._session.casting.opening:
            return "The agent wakes up…"
        return "Open a checkpoint with Ctrl+O, or drop one here."
