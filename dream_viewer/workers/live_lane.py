"""What is lived: Step by Step the game that the agent or a person plays, or the dream that a person plays."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from dream_viewer.messages.futures import Dreamt, FutureKey
from dream_viewer.messages.lived import Acted, Picture, arrival_of
from dream_viewer.messages.news import News, Record
from dream_viewer.pictures.packed import pack_picture
from dream_viewer.workers.hands import Hands
from dream_viewer.workers.level_dealer import LevelDealer
from dream_viewer.workers.pace import Pace
from trainer.dreamt_game import DreamtGame
from trainer.envs.actions import NO_OP
from trainer.episode import Moment
from trainer.player import Player


@dataclass(slots=True)
class _Dream:
    """A dream that a person plays: what to call it, and how many frames there are by now."""

    key: FutureKey
    game: DreamtGame
    length: int = 0


class LiveLane:
    """Takes one Step after the other, when it is time, and tells of each.

    Args:
        seed: of the choice of levels. tell: takes each piece of news.
        begun: called with the player when a level begins, before its first Step is told.

    Attributes:
        pace: when it is time. dealer: which level comes next. hands: who plays.
        human_wanted: the human view of each Step is to be drawn.
    """

    def __init__(self, seed: int, tell: Callable[[News], None], begun: Callable[[Player], None]) -> None:
        self._tell, self._begun = tell, begun
        self._dream: _Dream | None = None
        self.pace = Pace()
        self.dealer = LevelDealer(seed)
        self.hands = Hands()
        self.human_wanted = False

    @property
    def dreaming(self) -> bool:
        """A person plays inside a dream; reality rests."""
        return self._dream is not None

    def turn(self, player: Player) -> bool:
        """Take a Step if it is time; False where it is not."""
        if not self.pace.take_turn():
            return False
        self.live(player)
        return True

    def live(self, player: Player) -> None:
        """Take a Step, whether it is time or not; after an episode's end the first one of the next level."""
        if self._dream is not None:
            self._dream_on(self._dream)
        elif player.ended:
            self.next_level(player)
        else:
            action, index = self.hands.take(), len(player.moments) - 1
            if player.advance(action).step.is_last:
                self.pace.linger()
            if action is not None:
                self._tell(News((Acted(player.number, index, action),)))
            self._arrived(player)

    def next_level(self, player: Player) -> None:
        """End the episode being lived and play the next level that is dealt.

        Raises:
            UserError: there is no such level.
        """
        player.new_level(*self.dealer.deal())
        self._begun(player)
        self._arrived(player)

    def hold(self, action: int | None) -> None:
        """A person holds the keys of this action; None: the agent plays, in reality."""
        self.hands.hold(action)
        if action is None:
            self._dream = None

    def enter_dream(self, player: Player, key: FutureKey, moment: Moment) -> None:
        """Let the model alone answer the person's keys, from a Moment on that the present weights read."""
        if moment.reading is not None and moment.reading.generation == player.agent.generation:
            self._dream = _Dream(key, player.dreamt_game(key.number, key.index, moment.reading))
            self.hands.hold(NO_OP)

    def leave_dream(self) -> None:
        """Let go of the dream that a person plays: its agent does not play any more."""
        self._dream = None

    def _dream_on(self, dream: _Dream) -> None:
        action = self.hands.take()
        begun = time.perf_counter()
        dreamt = dream.game.step(NO_OP if action is None else action)
        self.pace.lived(time.perf_counter() - begun)
        self._tell(News((Dreamt(dream.key, dream.length, dreamt),)))
        dream.length += 1

    def _arrived(self, player: Player) -> None:
        index = len(player.moments) - 1
        records: list[Record] = [
            arrival_of(player.number, player.agent.generation, player.episode, player.moments[-1:], index)
        ]
        self.pace.lived(player.looking_seconds)
        if self.human_wanted and not player.ended and self.pace.wants_picture():
            pixels = player.human_frame()
            records.append(Picture(player.number, index, pack_picture(pixels), pixels))
        self._tell(News(tuple(records)))
