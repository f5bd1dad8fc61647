"""Between the session and the choice of what is played: by a dialog, by the level beside this one, by a restart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from PyQt6.QtCore import QObject, Qt, pyqtSlot
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QWidget

from dream_viewer.messages.agents import AgentInfo
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.session import Session
from dream_viewer.widgets.level_picker import LevelForm, LevelPicker
from dream_viewer.words.levels import game_sentence, level_sentence, neighbour, parse_level, split_sentence
from trainer.config import GAMES
from trainer.episode import Episode
from trainer.errors import UserError
from trainer.levels import split_of

DIFFICULTIES = ("easy", "hard")


class LevelDesk(QObject):
    """Plays the levels that a person picks.

    Args:
        session: what is on show. complain: takes one sentence of bad news. actions: by id; of the table: the choices
            unseen, train and same, and choose_level, restart, level_back, level_forward. window: owns the dialog.
    """

    def __init__(
        self, session: Session, complain: Callable[[str], None], actions: Mapping[str, QAction], window: QWidget
    ) -> None:
        super().__init__(window)
        self._session, self._complain, self._actions, self._window = session, complain, actions, window
        for name, slot in {
            "unseen": lambda: session.casting.new_level("unseen"),
            "train": lambda: session.casting.new_level("train"),
            "same": self._keep,
            "choose_level": self.ask,
            "restart": lambda: self._tried(self._restart),
            "level_back": lambda: self._by(-1),
            "level_forward": lambda: self._by(1),
        }.items():
            actions[name].triggered.connect(lambda _, slot=slot: slot())
        session.casting.choice_changed.connect(self._show_choice)
        self._show_choice()

    def ask(self) -> None:
        """Ask what to play."""
        agent = self._session.casting.agent
        if agent is None:
            self._complain("There is no agent to play a level; open a checkpoint first.")
            return
        own = agent.trained_on.game
        games = [own, *sorted(game for game in GAMES if game != own)]
        picker = LevelPicker(games, DIFFICULTIES, self._form(agent), self._window)
        picker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picker.changed.connect(lambda form: self._explain(picker, agent, form))
        picker.play_asked.connect(lambda form: self._take(agent, form))
        self._explain(picker, agent, picker.form)
        picker.open()

    @pyqtSlot()
    def _show_choice(self) -> None:
        choice = self._session.casting.choice
        self._actions["same" if choice.level_seed is not None else choice.split].setChecked(True)

    def _by(self, offset: int) -> None:
        """Play the level so many seeds after the one under the cursor again and again."""
        self._tried(lambda agent: self._play_beside(agent, offset))

    def _keep(self) -> None:
        """Play the level under the cursor again and again."""
        self._by(0)
        self._show_choice()  # a click checked it, whether there is a level or not

    def _form(self, agent: AgentInfo) -> LevelForm:
        session = self._session
        seed = "" if session.playhead.reel is None else str(session.playhead.reel.episode.level_seed)
        levels = session.casting.choice.split if session.casting.choice.level_seed is None else "one"
        return LevelForm(agent.game, agent.difficulty, levels, seed)

    def _explain(self, picker: LevelPicker, agent: AgentInfo, form: LevelForm) -> None:
        home, possible = agent.trained_on, True
        try:
            levels = (
                level_sentence(parse_level(form.seed), home)
                if form.levels == "one"
                else split_sentence(form.levels, home)
            )
        except UserError as error:
            levels, possible = str(error), False
        foreign = game_sentence(agent, form.game, form.difficulty)
        own_levels = form.game == home.game or not possible
        picker.explain(" ".join(part for part in (levels if own_levels else "", foreign) if part), possible)

    def _take(self, agent: AgentInfo, form: LevelForm) -> None:
        if form.levels == "one":
            seed = parse_level(form.seed)
            choice = LevelChoice(split_of(seed, agent.trained_on.levels), seed)
        else:
            choice = LevelChoice(form.levels)
        self._tried(lambda _: self._session.casting.play_level(form.game, form.difficulty, choice))

    def _play_beside(self, agent: AgentInfo, offset: int) -> None:
        episode = self._episode()
        seed = neighbour(episode.level_seed, offset, agent.trained_on)
        choice = LevelChoice(split_of(seed, agent.trained_on.levels), seed)
        self._session.casting.play_level(episode.game, episode.difficulty, choice)

    def _restart(self, _agent: AgentInfo) -> None:
        """Play the level under the cursor once more from its first frame; then on as before."""
        episode = self._episode()
        choice = replace(self._session.casting.choice, first=episode.level_seed)
        self._session.casting.play_level(episode.game, episode.difficulty, choice)

    def _episode(self) -> Episode:
        reel = self._session.playhead.reel
        if reel is None:
            raise UserError("There is no level on show yet.")
        return reel.episode

    def _tried(self, play: Callable[[AgentInfo], None]) -> None:
        agent = self._session.casting.agent
        try:
            if agent is None:
                raise UserError("There is no agent to play a level; open a checkpoint first.")
            play(agent)
        except UserError as error:
            self._complain(str(error))
