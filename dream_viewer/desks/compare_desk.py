"""Between the comparison and what shows it: a second dream pane, second curves, and the words for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, Qt, QTimer, pyqtSignal, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QFileDialog, QWidget

from dream_viewer.desks.picture_desk import PictureDesk
from dream_viewer.messages.agents import AgentInfo
from dream_viewer.pictures import views
from dream_viewer.playback import State
from dream_viewer.records import View
from dream_viewer.session import Session
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.widgets.pane import Pane
from dream_viewer.widgets.surprise_lane import SurpriseLane
from dream_viewer.widgets.timeline import Timeline
from dream_viewer.words import wording
from dream_viewer.words.numerals import decimal
from trainer.episode import Moment

REDRAW_MS = 100
"""Milliseconds from one drawing of the second curve to the next while it grows; a training makes them more."""


class CompareDesk(QObject):
    """Shows how a second agent sees the very episode that is on show.

    Args:
        session: what is on show. pictures: what the dream pane shows.
        pane, timeline, lane: where the second agent is shown.
        compare: begins a comparison, and ends it. swap: exchanges the two agents.
        complain: tells a person bad news. window: owns the dialog.

    Signals:
        comparing_changed: the second pane is wanted, or not any more.
    """

    comparing_changed = pyqtSignal(bool)

    def __init__(
        self,
        session: Session,
        pictures: PictureDesk,
        pane: Pane,
        timeline: Timeline,
        lane: SurpriseLane,
        compare: QAction,
        swap: QAction,
        complain: Callable[[str], None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session, self._pictures, self._comparison = session, pictures, session.comparison
        self._pane, self._timeline, self._lane = pane, timeline, lane
        self._compare, self._swap = compare, swap
        self._complain, self._window = complain, window
        self._agent: AgentInfo | None = None
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self.show_curves)
        comparison = self._comparison
        comparison.changed.connect(self._on_changed)
        comparison.refused.connect(self._on_refused)
        comparison.read.connect(self._on_read)
        comparison.dreamt.connect(self.show)
        pictures.ahead_changed.connect(self.show)
        for signal in (
            session.playhead.changed,
            session.playhead.episode_changed,
            session.playhead.episode_grew,
            session.dreaming.mode_changed,
        ):
            signal.connect(self._want)
        session.playhead.episode_changed.connect(self.show_curves)
        session.casting.agent_changed.connect(self._on_agent)
        swap.triggered.connect(self.swap)
        self._on_changed()

    def toggle(self, folder: str) -> None:
        """End the comparison, or ask for a checkpoint to compare with.

        Args:
            folder: where to look for one first.
        """
        if self._comparison.agent is not None or self._comparison.opening:
            self._comparison.close()
            return
        self._sync()
        dialog = QFileDialog(self._window, "Compare with another checkpoint, or drop one with Shift held", folder)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Checkpoints (*.safetensors)", "All files (*)"])
        dialog.fileSelected.connect(lambda path: self.open(Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def open(self, path: Path) -> None:
        """Compare with a checkpoint, or a run's newest one."""
        self._comparison.open(path)

    @pyqtSlot()
    def swap(self) -> None:
        """Let the second agent play the level on show, and the first one read along."""
        mine, other, reel = self._session.casting.agent, self._comparison.agent, self._session.playhead.reel
        if mine is None or other is None or other.source is None or reel is None:
            return
        if mine.source is None:
            self._complain(f"{mine.name} is in no file yet; wait until its training saved a checkpoint.")
            return
        choice = replace(self._session.casting.choice, split=reel.episode.split, first=reel.episode.level_seed)
        self._session.casting.open_checkpoint(other.source, choice, mine.difficulty, mine.game)
        self._comparison.open(mine.source)

    # What changed

    @pyqtSlot()
    def _on_changed(self) -> None:
        self._sync()
        agent, before = self._comparison.agent, self._agent
        if agent is before:
            return
        self._agent = agent
        self._pane.show_title("" if agent is None else self._names()[1])
        if (agent is None) != (before is None):
            self.comparing_changed.emit(agent is not None)
        self._want()
        self.show_curves()
        self.show()

    def _sync(self) -> None:
        comparison = self._comparison
        self._compare.setChecked(comparison.agent is not None or comparison.opening)
        self._swap.setEnabled(comparison.agent is not None)

    @pyqtSlot(str)
    def _on_refused(self, reason: str) -> None:
        kept = "" if self._comparison.agent is None else f" {self._comparison.agent.name} stays beside it."
        self._complain(f"{reason}{kept}")

    @pyqtSlot()
    def _on_read(self) -> None:
        self.show()
        if not self._late.isActive():
            self._late.start(int(REDRAW_MS * self._session.training.patience))

    @pyqtSlot()
    def _on_agent(self) -> None:
        mine, other = self._session.casting.agent, self._comparison.agent
        if mine is None or other is None:
            return
        if mine.game != other.trained_on.game:
            self._comparison.close()
            self._complain(
                f"{other.name} was trained on {other.trained_on.game}, and {mine.game} is on show now: "
                "the comparison is over."
            )
        else:
            self._pane.show_title(self._names()[1])
            self.show_curves()

    @pyqtSlot()
    def _want(self) -> None:
        session = self._session
        if self._comparison.agent is not None and session.playhead.reel is not None:
            ground_every = session.dreaming.ground_every if session.dreaming.mode is DreamMode.DREAM else None
            self._comparison.want_read(session.playhead.reel, ground_every)

    # Showing

    @pyqtSlot()
    def show(self) -> None:
        """The second pane, as things stand."""
        if self._comparison.agent is not None and self._session.playhead.reel is not None:
            self._pane.show_view(self._view(self._session.playhead.reel.number, self._comparison.agent))

    def _view(self, number: int, agent: AgentInfo) -> View:
        session, comparison = self._session, self._comparison
        reel, now = session.playhead.reel, session.playhead.moment
        assert reel is not None and now is not None
        if reel.episode.game != agent.trained_on.game:
            return views.waiting(f"{agent.name} was trained on {agent.trained_on.game}; this is {reel.episode.game}.")
        if now.step.is_last:
            return views.waiting(wording.END)
        # Where the cursor moves by itself, what was read last stays on show: it is never far behind.
        moving = session.playhead.playback.state is not State.PAUSED
        index = min(session.playhead.index, max(comparison.known(number) - 1, 0)) if moving else session.playhead.index
        moment = comparison.moment(number, index)
        if moment is None or moment.reading is None:
            return views.waiting(f"reading along: {comparison.progress(number)} of {len(reel)} frames")
        if session.dreaming.mode is DreamMode.FUTURE:
            return self._future(moment)
        view = views.belief(moment) if session.dreaming.mode is DreamMode.BELIEF else views.dream(moment)
        behind = session.playhead.index - index
        words = f"{behind} frames late" if behind > 1 else f"value {decimal(moment.reading.value)}"
        return replace(view, caption=f"{view.caption} · {words}")

    def _future(self, moment: Moment) -> View:
        shown = self._pictures.future
        if shown is None:
            return views.no_future(moment)
        self._comparison.want_future(shown)
        own = self._comparison.future(shown.key)
        return views.no_future(moment) if own is None else views.future(own, self._pictures.ahead)

    @pyqtSlot()
    def show_curves(self) -> None:
        """The second agent's values and surprises, as things stand."""
        reel = self._session.playhead.reel
        if self._comparison.agent is None or reel is None:
            self._timeline.show_companion(None)
            self._lane.show_companion(None)
            return
        mine, other = self._names()
        self._timeline.show_companion(self._comparison.values(reel.number, len(reel)), mine, other)
        self._lane.show_companion(self._comparison.surprises(reel.number, len(reel)), mine, other)

    def _names(self) -> tuple[str, str]:
        mine, other = self._session.casting.agent, self._comparison.agent
        return wording.told_apart(mine, other) if mine is not None and other is not None else ("", "")
