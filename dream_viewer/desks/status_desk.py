"""Between what is measured of session, window and process, and the status line."""

from __future__ import annotations

from PyQt6.QtCore import QObject, QTimer, pyqtSlot
from PyQt6.QtWidgets import QWidget

from dream_viewer.desks.frame_counter import FrameCounter
from dream_viewer.messages.news import Working, WorkKind
from dream_viewer.records import Figure, Work
from dream_viewer.session import Session
from dream_viewer.state.training import TrainingState
from dream_viewer.widgets.status_line import StatusLine
from trainer.machine import memory_bytes

REFRESH_MS = 1000
"""Milliseconds between two looks at the figures."""
FIGURES = (
    Figure("training", "training 88888 steps/s", "Steps of all games that the training here plays", passing=True),
    Figure("device", "CUDA GPU, bfloat16", "What the agent computes on, and in which numbers"),
    Figure("model", "model 888.8 ms/frame", "Time that the agent takes to look at a frame"),
    Figure("game", "game 888 steps/s", "Steps of the game that the agent lives"),
    Figure("window", "window 888 frames/s", "Pictures that this window draws of itself; none while nothing changes"),
    Figure("memory", "memory 88.88 GiB", "Memory that the whole application holds"),
)
"""What the line tells, from the left."""
_WORDS: dict[WorkKind, str] = {"export": "exported", "recording": "opened", "reading": "of the episode read anew"}
_GIB = 2**30


class StatusDesk(QObject):
    """Fills the status line once a second, as long as it is to be seen; work is shown as it goes on.

    Args:
        session: what goes on. line: the widget. window: whose frames are counted.
    """

    def __init__(self, session: Session, line: StatusLine, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._line = session, line
        self._frames = FrameCounter(window)
        self._works: dict[WorkKind, Working] = {}
        self._own_frames = 0
        self._cancels = {"export": session.files.cancel_export, "recording": session.files.cancel_recording}
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        self._timer.start()
        session.files.working.connect(self._on_work)
        line.cancel_asked.connect(lambda kind: self._cancels[kind]())
        self.refresh()

    @pyqtSlot()
    def refresh(self) -> None:
        """Tell the figures of now."""
        if self._line.isHidden():
            return
        session, agent = self._session, self._session.casting.agent
        progress = session.training.progress if session.training.state is TrainingState.RUNNING else None
        held = memory_bytes()
        changed = self._line.show_figures(
            {
                "training": "" if progress is None else f"training {progress.frames_per_second:.0f} steps/s",
                "device": "" if agent is None else agent.device,
                "model": "" if session.model_ms is None else f"model {session.model_ms:.1f} ms/frame",
                "game": f"game {session.frames_per_second or 0:.0f} steps/s",
                "window": f"window {self._frames.rate(self._own_frames):.0f} frames/s",
                "memory": "" if held is None else f"memory {held / _GIB:.2f} GiB",
            }
        )
        self._own_frames = int(changed)

    @pyqtSlot(object)
    def _on_work(self, work: Working) -> None:
        self._works.pop(work.kind, None)
        if work.done < work.total:
            self._works[work.kind] = work
        newest = next(reversed(self._works.values()), None)
        if newest is None:
            self._line.show_work(None)
            return
        share = 100 * newest.done // newest.total
        text = ": ".join(filter(None, (f"{share} % {_WORDS[newest.kind]}", newest.name)))
        cancellable = newest.kind in self._cancels
        self._line.show_work(Work(newest.kind, text, newest.done, newest.total, cancellable))
