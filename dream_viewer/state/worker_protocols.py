"""What the window's side needs of its two workers, so that tests and processes can take their place."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PyQt6.QtCore import pyqtBoundSignal

from dream_viewer.mailbox import Mailbox
from dream_viewer.messages.agents import Weights
from dream_viewer.messages.futures import FutureKey
from dream_viewer.messages.news import News
from dream_viewer.messages.orders import ExportRequest, LevelChoice
from dream_viewer.messages.questions import Question
from trainer.episode import Episode, Moment
from trainer.events import Progress


class PlayerWorkerLike(Protocol):
    """A player; see `dream_viewer.workers.player_worker.PlayerWorker`."""

    news: Mailbox[News]

    @property
    def arrived(self) -> pyqtBoundSignal:
        """There are news where there were none."""

    @property
    def failed(self) -> pyqtBoundSignal:
        """Carries (one line, details) after an exception; the worker lives on, at rest."""

    @property
    def open_failed(self) -> pyqtBoundSignal:
        """Carries (path, reason); the present agent plays on."""

    @property
    def refused(self) -> pyqtBoundSignal:
        """Carries one sentence: a file could not be opened or written."""

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

    def hold(self, action: int | None) -> None:
        """A person plays, holding the keys of this action; None: the agent plays, in reality."""

    def enter_dream(self, key: FutureKey, moment: Moment) -> None:
        """The person plays inside the dream from a Moment on, until the agent plays again."""

    def begin_duel(self, number: int, episode: Episode, moments: tuple[Moment, ...]) -> None:
        """Person and agent each play on from a past Moment."""

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

    def ask_fork(self, key: FutureKey, episode: Episode, actions: tuple[int, ...]) -> None:
        """Find out what really happens under the actions of a future."""

    def ask_fan(self, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream many futures of a Moment, without pictures."""

    def ask(self, question: Question, supersede: bool) -> None:
        """Work out the answer to a question."""

    def ask_picture(self, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""

    def open_companion(self, path: Path) -> None:
        """Load a second agent, which reads along."""

    def close_companion(self) -> None:
        """Let go of the second agent."""

    def ask_companion_to_read(self, number: int, episode: Episode, ground_every: int | None) -> None:
        """Let the second agent read an episode, and on with it."""

    def ask_companion_future(self, key: FutureKey, moment: Moment, actions: tuple[int, ...] | None) -> None:
        """Let the second agent dream on from a Moment that it read."""

    def open_recording(self, path: Path) -> None:
        """Open a recorded episode."""

    def save_recording(self, path: Path, episode: Episode) -> None:
        """Write an episode as a recording."""

    def export(self, request: ExportRequest) -> None:
        """Draw an episode as a picture, film or table."""

    def cancel_export(self) -> None:
        """Give up the export in the making."""

    def cancel_recording(self) -> None:
        """Give up the recording that is being opened."""

    def request_stop(self) -> None:
        """End soon; returns at once."""

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether the thread ended within so many milliseconds."""


class TrainingWorkerLike(Protocol):
    """A training; see `dream_viewer.workers.training_worker.TrainingWorker`."""

    progress: Mailbox[Progress]
    weights: Mailbox[Weights]

    @property
    def happened(self) -> pyqtBoundSignal:
        """Carries each rare event."""

    @property
    def failed(self) -> pyqtBoundSignal:
        """Carries (one line, details) when training ended by an error."""

    @property
    def ended(self) -> pyqtBoundSignal:
        """Comes last of all, whatever happened."""

    def start(self) -> None:
        """Begin."""

    def set_paused(self, paused: bool) -> None:
        """Wait, or go on."""

    def request_stop(self) -> None:
        """Save and end; returns at once."""

    def wait_stopped(self, timeout_ms: int) -> bool:
        """Whether the thread ended within so many milliseconds."""
