"""Which agent plays, and which levels: checkpoints that a person opens, and weights that a training hands over."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from dream_viewer.messages.agents import AgentInfo, Opened, Weights
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.state.playhead import Playhead
from dream_viewer.state.worker_protocols import PlayerWorkerLike
from trainer.episode import Moment, Split
from trainer.errors import UserError


class Casting(QObject):
    """Chooses who plays what; the agent on show reads the episode under the cursor.

    Args:
        player: where it is played. playhead: what the agent has to read.

    Attributes:
        agent: the agent on show; None until the first checkpoint is open.
        choice: which levels are played.
        follows_training: weights handed over by training are shown; until another checkpoint is opened.

    Signals:
        agent_changed: `agent` changed.
        choice_changed: `choice` changed.
        opening_changed: `opening` changed.
        open_failed: (path, reason): a checkpoint could not be opened; the present agent plays on.
    """

    agent_changed = pyqtSignal()
    choice_changed = pyqtSignal()
    opening_changed = pyqtSignal()
    open_failed = pyqtSignal(str, str)

    def __init__(self, player: PlayerWorkerLike, playhead: Playhead, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._playhead = player, playhead
        self._weights: Weights | None = None
        self._weights_wait = False
        self._opening = 0  # checkpoints asked for, and not overruled since, of which nothing was heard yet
        self._asked: tuple[int, int] | None = None  # which episode was to be read last, by which weights
        self.agent: AgentInfo | None = None
        self.choice = LevelChoice()
        self.follows_training = True
        player.open_failed.connect(self._on_open_failed)
        player.failed.connect(self._on_failed)
        for signal in (playhead.steered, playhead.changed, playhead.kept_changed):
            signal.connect(self._want_reading)

    @property
    def opening(self) -> bool:
        """A checkpoint was asked for, of which nothing was heard yet."""
        return self._opening > 0

    def has_read(self, moment: Moment) -> bool:
        """The weights on show read this Moment: only then a dream may start from it."""
        reading, agent = moment.reading, self.agent
        return reading is not None and agent is not None and reading.generation == agent.generation

    # What a person chooses

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
        self._expect(self._opening + 1)
        self._player.open_checkpoint(path, choice or self.choice, difficulty, game)

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

    @pyqtSlot()
    def show_training(self) -> None:
        """Show the weights in training again, after another checkpoint was opened."""
        self._follow_training()
        self._adopt()

    # What becomes of it

    def expect_training(self) -> None:
        """A training begins: its weights are to be shown as they get better."""
        self._weights = None
        self._follow_training()

    def offer(self, weights: Weights) -> None:
        """Take the newest weights in training; they play if they are to be shown."""
        self._weights = weights
        self._adopt()

    def hear(self, opened: Opened) -> None:
        """Take the agent that plays from now on."""
        self.agent = opened.agent
        if self._opening and not opened.agent.handed_over:
            self.follows_training = False
            self._heard_of_opening(self._opening - 1)
        self.agent_changed.emit()
        self._want_reading()

    @pyqtSlot()
    def _want_reading(self) -> None:
        """Let the present weights read the episode under the cursor, if it is a past one of their game."""
        reel, agent = self._playhead.reel, self.agent
        if reel is None or agent is None or self._playhead.is_live or reel.generation == agent.generation:
            return
        if (reel.episode.game, reel.episode.difficulty) != (agent.game, agent.difficulty):
            return
        asked, self._asked = self._asked, (reel.number, agent.generation)
        if self._asked != asked:
            self._player.ask_reread(reel.number, reel.episode)

    def _follow_training(self) -> None:
        self.follows_training = True
        self._expect(0)

    def _adopt(self) -> None:
        """Let the newest weights in training play, if they are to be shown; they wait while a checkpoint is opened."""
        if self._weights is None or not self.follows_training:
            return
        self._weights_wait = self.opening
        if not self._weights_wait:
            self._player.adopt(self._weights)

    def _expect(self, openings: int) -> None:
        before, self._opening = self.opening, openings
        if self.opening is not before:
            self.opening_changed.emit()

    def _heard_of_opening(self, still: int) -> None:
        self._expect(still)
        if self._weights_wait:
            self._adopt()

    def _play(self, choice: LevelChoice) -> None:
        self._set_choice(choice)
        self._player.new_level(choice)
        self._playhead.follow()

    def _set_choice(self, choice: LevelChoice) -> None:
        self.choice = replace(choice, first=None)
        self.choice_changed.emit()

    @pyqtSlot(str, str)
    def _on_open_failed(self, path: str, reason: str) -> None:
        self._heard_of_opening(max(0, self._opening - 1))
        self.open_failed.emit(path, reason)

    @pyqtSlot(str, str)
    def _on_failed(self, _line: str, _details: str) -> None:
        self._heard_of_opening(0)  # it may be what failed
