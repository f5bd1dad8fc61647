"""Between the session and the list of the episodes it keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PyQt6.QtCore import QObject, pyqtSlot

from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.shelf import BUDGET_BYTES
from dream_viewer.records import EpisodeRow
from dream_viewer.session import Session
from dream_viewer.widgets.episode_list import EpisodeList
from dream_viewer.words import wording

_MIB = 2**20


class EpisodesDesk(QObject):
    """Keeps the list up to date while anybody looks at it.

    Args:
        session: what is on show. listed: the widget.
        horizon: how many frames the dreams of an episode hold on average; None where nothing is known.
    """

    def __init__(
        self,
        session: Session,
        listed: EpisodeList,
        horizon: Callable[[Reel], float | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._listed, self._horizon = session, listed, horizon
        listed.chosen.connect(self._go_to)
        for signal in (
            session.playhead.kept_changed,
            session.playhead.episode_changed,
            session.playhead.readings_changed,
        ):
            signal.connect(self.show_episodes)

    @pyqtSlot()
    def show_episodes(self) -> None:
        """Show the episodes as they stand; how one that is being lived goes is told when it is over."""
        if self._listed.isHidden():
            return
        session = self._session
        reels = session.playhead.reels
        rows = [_row(place, reel, self._horizon(reel)) for place, reel in enumerate(reels)]
        current = None if session.playhead.reel is None else session.playhead.reel.number
        taken = sum(reel.nbytes for reel in reels) / _MIB
        episodes = "1 episode" if len(reels) == 1 else f"{len(reels)} episodes"
        memory = f"{episodes}, {taken:.0f} of {BUDGET_BYTES // _MIB} MiB; beyond that the oldest go"
        self._listed.show_rows(rows, current, memory)

    @pyqtSlot(int)
    def _go_to(self, number: int) -> None:
        session = self._session
        reel = next((reel for reel in session.playhead.reels if reel.number == number), None)
        if reel is not None and reel is not session.playhead.reel:
            session.playhead.visit(reel, 0)


def _row(place: int, reel: Reel, horizon: float | None) -> EpisodeRow:
    known = reel.surprises[np.isfinite(reel.surprises)]
    episode = reel.episode
    return EpisodeRow(
        number=reel.number,
        place=place,
        frame=reel.moments[0].step.frame,
        level_seed=episode.level_seed,
        split=episode.split,
        total=float(reel.returns[-1]),
        steps=reel.last,
        end=wording.fate(reel.outcome, bool(reel.played)),
        surprise=float(known.mean()) if len(known) else None,
        horizon=horizon,
    )
