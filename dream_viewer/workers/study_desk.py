"""Turns what is asked of the study lane into jobs, and their results into news."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dream_viewer.messages.futures import Fan, Forked, Future, FutureKey
from dream_viewer.messages.lived import Blinds, Picture, Reread, RivalPlayed, arrival_of
from dream_viewer.messages.news import Answered, News, Record
from dream_viewer.messages.questions import (
    HorizonQuestion,
    InsightQuestion,
    ManyDreamsQuestion,
    Question,
    SaliencyQuestion,
    TouchQuestion,
    WhatIfQuestion,
)
from dream_viewer.pictures.packed import pack_picture
from dream_viewer.workers.study_lane import Job, StudyLane
from dream_viewer.workers.telling import telling
from trainer.agent.agent import Agent
from trainer.blind_dreams import BlindPiece
from trainer.episode import Episode, Fork, Moment
from trainer.latent_study import look_inside, touch
from trainer.occlusion import saliency
from trainer.player import Player

OF_ONE_GENERATION = ("future", "fan", "blinds")
"""Studies that are worth nothing once other weights play; a reread begun is finished, or it might never be."""

FAN_BRANCHES = 16
"""Futures of a fan."""

ANSWERING: dict[type[Question], Callable[[Player, Any], Job]] = {
    WhatIfQuestion: lambda player, q: player.what_if(q.number, q.index, q.moment.reading, q.episode, q.horizon),
    ManyDreamsQuestion: lambda player, q: player.many_dreams(
        q.number, q.index, q.moment.reading, q.horizon, q.branches
    ),
    InsightQuestion: lambda player, asked: look_inside(player.agent, asked.moment, asked.before),
    TouchQuestion: lambda player, asked: touch(player.agent, asked.moment.reading, asked.touches),
    SaliencyQuestion: lambda player, q: saliency(player.agent, q.moment.reading, q.moment.step.frame, q.action),
    HorizonQuestion: lambda player, q: player.horizons(q.number, q.episode, q.starts, q.readings),
}
"""How each kind of question is worked out: a job whose result is the answer."""


class StudyDesk:
    """Takes questions about what was lived; answers come through `tell` when the lane got to them.

    Every question names the player that is to answer. What cannot be answered, because other weights read the Moment
    than those that play now, is dropped: whoever asked asks again when the Moment was read anew.

    Args:
        tell: takes each piece of news.

    Attributes:
        lane: the jobs.
    """

    def __init__(self, tell: Callable[[News], None]) -> None:
        self.lane = StudyLane()
        self._tell = tell
        self._rereading = -1

    @property
    def rereading(self) -> bool:
        """Somebody waits for an episode to be read anew."""
        return self.lane.has("reread")

    @property
    def adopting(self) -> bool:
        """Weights are being read in."""
        return self.lane.has("adopt")

    @property
    def duelling(self) -> bool:
        """A duel is being prepared, or the agent has not played its part yet."""
        return self.lane.has("branch") or self.lane.has("rival")

    def new_generation(self) -> None:
        """Other weights play: give up what is worth nothing any more."""
        self.lane.cancel(*OF_ONE_GENERATION, *(kind.__name__ for kind in ANSWERING))

    def adopt(self, player: Player, agent: Agent, adopted: Callable[[], None]) -> None:
        """Let other weights catch up and play on; `adopted` is called when they do."""

        def done(moments: tuple[Moment, ...] | None) -> None:
            adopted()
            if moments is not None:
                self._news(Reread(player.number, player.agent.generation, moments))

        self.lane.submit("adopt", player.adopt(agent), done=done)

    def reread(self, player: Player, number: int, episode: Episode) -> None:
        """Read a past episode with the present weights."""
        if number == player.number:
            return

        def done(moments: tuple[Moment, ...]) -> None:
            first = moments[0].reading
            assert first is not None  # an episode opens with a frame that is seen
            self._news(Reread(number, first.generation, moments))

        self.lane.submit(
            "reread",
            telling(player.reread(number, episode), self._tell, "reading", "", len(episode.steps)),
            done=done,
            supersede=number != self._rereading,
        )
        self._rereading = number

    def blinds(self, player: Player, number: int, index: int, ground_every: int, moments: tuple[Moment, ...]) -> None:
        """Dream along the reality of an episode, the part around an index first."""
        generation = player.agent.generation
        lived = number == player.number
        known = player.moments if lived else moments
        if index >= len(known):
            return  # being lived when it was asked about, and over by now: its Moments come when it is asked again
        reading = known[index].reading
        if reading is None or reading.generation != generation:
            return

        def piece_came(piece: BlindPiece) -> None:
            self._news(Blinds(number, generation, ground_every, piece.start, piece.blinds))

        job = player.blinds(number, index, ground_every, None if lived else moments)
        self.lane.submit("blinds", job, part=piece_came)

    def future(self, player: Player, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream on from a Moment."""
        reading = moment.reading
        if reading is None or reading.generation != player.agent.generation:
            return
        job = player.future(key.number, key.index, reading, key.horizon, key.branch)
        self.lane.submit(
            "future", job, done=lambda dream: self._tell(News(future=Future(key, dream))), supersede=supersede
        )

    def fan(self, player: Player, key: FutureKey, moment: Moment, supersede: bool) -> None:
        """Dream many futures of a Moment, without pictures."""
        reading = moment.reading
        if reading is None or reading.generation != player.agent.generation:
            return
        job = player.fan(key.number, key.index, reading, key.horizon, FAN_BRANCHES)
        self.lane.submit("fan", job, done=lambda dream: self._news(Fan(key, dream)), supersede=supersede)

    def fork(self, player: Player, key: FutureKey, episode: Episode, actions: tuple[int, ...]) -> None:
        """Find out what really happens under the actions of a future."""

        def done(fork: Fork | None) -> None:
            self._news(Forked(key, fork))

        self.lane.submit("fork", player.fork(key.number, key.index, episode, actions), done=done)

    def answer(self, player: Player, question: Question, supersede: bool) -> None:
        """Work out the answer to a question about a Moment."""
        reading = question.moment.reading
        if reading is None or reading.generation != player.agent.generation:
            return
        kind = type(question)
        self.lane.submit(
            kind.__name__,
            ANSWERING[kind](player, question),
            done=lambda answer: self._news(Answered(question, answer)),
            supersede=supersede,
        )

    def duel(
        self,
        player: Player,
        number: int,
        episode: Episode,
        moments: tuple[Moment, ...],
        branched: Callable[[int | None], None],
    ) -> None:
        """Let the player live a branch of an episode, and then the agent play its own one.

        Args:
            number: of the episode. episode: the same. moments: its Moments up to the one where it branches.
            branched: is told the number that the agent's own episode will have, as soon as the branch is lived; None
                where the game does not come out as it did.
        """

        def done(there: bool) -> None:
            if not there:
                branched(None)
                return
            own = player.reserve_number()
            self.lane.submit(
                "rival", player.rival(own, number, episode, moments), done=lambda rival: played(own, rival)
            )
            branched(own)

        def played(own: int, rival: tuple[Episode, tuple[Moment, ...]] | None) -> None:
            if rival is not None:
                self._news(RivalPlayed(arrival_of(own, player.agent.generation, *rival)))

        self.lane.submit("branch", player.branch(number, episode, moments), done=done)

    def picture(self, player: Player, number: int, index: int, episode: Episode) -> None:
        """Draw the human view of a past Step."""

        def drawn(pixels: NDArray[np.uint8] | None) -> None:
            if pixels is not None:
                self._news(Picture(number, index, pack_picture(pixels), pixels))

        self.lane.submit("picture", player.picture(number, index, episode), done=drawn)

    def _news(self, *records: Record) -> None:
        self._tell(News(records))
