"""An episode turned into a picture, a film or a table of curves, a piece at a time.

Every `horizon` frames the model looks at reality once: from there the dream pane goes on blindly, along the actions
really taken or those the agent would take, and the film strip shows what the agent imagines it would do, above what
then really happens. A picture of the future looks at its own Moment.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from dream_viewer.episodes.reel import Reel
from dream_viewer.episodes.returns import fan_band
from dream_viewer.messages.futures import Forked, Future, FutureKey
from dream_viewer.messages.orders import ExportRequest
from dream_viewer.pictures import views
from dream_viewer.pictures.composed_timeline import Fan
from dream_viewer.pictures.composition import Composer, Scene
from dream_viewer.pictures.film import film
from dream_viewer.pictures.film_files import PICTURES, TABLES, film_file, write_picture
from dream_viewer.records import Film, View
from dream_viewer.words import wording
from dream_viewer.words.numerals import count, decimal, short_count, signed
from dream_viewer.workers.curve_table import course_of, write_curves
from dream_viewer.workers.second_look import SecondLook
from dream_viewer.workers.study_desk import FAN_BRANCHES
from trainer.agent.agent import Agent
from trainer.envs.replaying import ReplayDiffers, Rerun
from trainer.envs.viewer import MakeEnv
from trainer.episode import Blind, Moment
from trainer.errors import UserError
from trainer.player import Player
from trainer.recording import recording_of

Done = int
"""Frames that are read by a second agent, or drawn, by now."""


def frames_of_work(request: ExportRequest) -> int:
    """What the count of frames comes to in the end."""
    return len(request.arrival.moments) * (1 if request.other is None else 2)


def exporting(
    request: ExportRequest, agent: Agent, other: Agent | None, seed: int, make_env: MakeEnv
) -> Generator[Done | None, None, None]:
    """Write what was asked for; closed early, it leaves nothing behind.

    Args:
        request: what and where. agent: the weights that read the episode. other: those that are compared, if any.
        seed: of the player. make_env: makes games.

    Raises:
        UserError: the file cannot be written, or other weights play or are compared by now.
    """
    reel, suffix = Reel(request.arrival), request.path.suffix.lower()
    reel.bookmarks.update(request.bookmarks)
    second: SecondLook | None = None
    if request.other is not None:
        if other is None or other.generation != request.other.generation:
            raise UserError(f"{request.other.name} is not compared any more; export the episode once more.")
        second = SecondLook(other, (request.agent, request.other), seed, reel, request.horizon)
        yield from second.read()
    if suffix in TABLES:
        write_curves(request, reel, second)
        return
    projector = _Projector(request, agent, reel, second, seed, make_env)
    try:
        if suffix in PICTURES:
            image = yield from projector.picture(request.index)
            write_picture(request.path, image)
            return
        with film_file(request.path) as file:
            for index in range(len(reel)):
                image = yield from projector.picture(index)
                yield None
                file.add(image)
                yield frames_of_work(request) - len(reel) + index + 1
    finally:
        projector.close()


class _Projector:
    """Draws the Moments of an episode, in order; it has games of its own beside those of the window."""

    def __init__(
        self,
        request: ExportRequest,
        agent: Agent,
        reel: Reel,
        second: SecondLook | None,
        seed: int,
        make_env: MakeEnv,
    ) -> None:
        episode, info = reel.episode, request.agent
        self._reel, self._second = reel, second
        self._horizon, self._make_env = request.horizon, make_env
        self._mode, self._ahead = request.mode, min(request.ahead, request.horizon - 1)
        self._still = request.mode == "future" and request.path.suffix.lower() in PICTURES
        self._discount, self._fanned = info.discount, request.fan
        self._player = Player(agent, episode.game, episode.difficulty, seed=seed, make_env=make_env)
        split = "train level" if episode.split == "train" else "unseen level"
        names = info.name if second is None else " and ".join(second.names)
        subtitle = f"level {count(episode.level_seed)}, {split}"
        if second is None:
            subtitle += f" · {info.preset}, trained for {short_count(info.env_steps)} steps"
        self._composer = Composer(
            f"{names} · {episode.game}, {episode.difficulty}",
            subtitle,
            course_of(reel, info.discount),
            None if second is None else second.beside,
            self._look_before(request.index if self._still else reel.last) + request.horizon if request.fan else None,
        )
        self._again: Rerun | None = None
        self._replayed = False
        self._look = -1
        self._blinds: tuple[Blind, ...] = ()
        self._futures: list[Future | None] = []
        self._fork: Forked | None = None
        self._film: Film | None = None
        self._fan: Fan | None = None

    def close(self) -> None:
        """Free the games."""
        if self._again is not None:
            self._again.close()
        self._player.close()

    def picture(self, index: int) -> Generator[None, None, Image]:
        """The picture of a Moment; later ones than the last only."""
        reel = self._reel
        moment = reel.moments[index]
        human = yield from self._human(index - 1 if moment.step.is_last else index)
        look = self._look_before(index)
        if look != self._look and reel.moments[look].reading is not None:
            yield from self._look_at(look)
        age = index - self._look
        if moment.reading is not None and age < len(self._blinds):
            moment = replace(moment, blind=self._blinds[age])
        seen = [moment] if self._second is None else [moment, self._second.moments[index]]
        ahead = self._ahead if self._still else age - 1 if age else None
        panes = [views.reality(moment, reel.outcome, human, True)]
        if self._still and self._fork is not None:
            panes = [views.forked(self._fork, self._ahead)]
        for one, future in zip(seen, self._futures or [None, None], strict=False):
            panes += self._dreamt(one, future, ahead)
        notes = () if self._second is None else tuple(map(_note, seen))
        words = self._words(index)
        return self._composer.compose(Scene(index, tuple(panes), self._film, ahead, words, notes, self._fan))

    def _look_before(self, index: int) -> int:
        """The Moment from which the picture of another one is dreamt."""
        return index if self._still else index - index % self._horizon

    def _dreamt(self, moment: Moment, future: Future | None, ahead: int | None) -> tuple[View, View]:
        """What one agent's dream pane shows, and its difference from the truth."""
        if self._mode == "dream" or moment.reading is None:
            return views.dream(moment), views.difference(*_compared(moment))
        if self._mode == "belief" or future is None or ahead is None:
            return views.belief(moment), views.difference(moment.step.frame, moment.reading.belief)
        truth = views.truth(self._fork, ahead)
        return views.future(future, ahead), views.difference(truth, future.dream.frames[0, ahead])

    def _words(self, index: int) -> str:
        reel = self._reel
        words = f"step {index} of {reel.last} · return {signed(float(reel.returns[index]))}"
        ended = reel.outcome is not None and index == reel.last
        return f"{words} · {wording.outcome_word(reel.outcome)}" if ended and reel.outcome is not None else words

    def _human(self, index: int) -> Generator[None, None, NDArray[np.uint8] | None]:
        """The Step as people see it; None from where the game does not come out as it did then."""
        if not self._replayed:
            self._replayed = True
            episode = self._reel.episode
            rec = yield from recording_of(episode)
            try:
                self._again = Rerun(rec.game, rec.difficulty, rec.level_seed, rec.actions, rec.hashes, self._make_env)
            except ReplayDiffers:
                return None
        again = self._again
        if again is None:
            return None
        try:
            self._player.keep(self._reel.number, again.position, again.env)
            while again.position < index:
                again.step()
                self._player.keep(self._reel.number, again.position, again.env)
                yield
        except ReplayDiffers:
            self._again = None
            return None
        return np.array(again.env.human_frame())

    def _look_at(self, look: int) -> Generator[None, None, None]:
        """Let the model look at reality, and dream on from there."""
        reel, player, horizon = self._reel, self._player, self._horizon
        reading = reel.moments[look].reading
        assert reading is not None
        if player.agent.generation != reading.generation:
            raise UserError("Other weights play by now than those that read this episode; export it once more.")
        for piece in player.blinds(reel.number, look, horizon, reel.moments):
            if piece is not None:
                self._blinds = piece.blinds
                break
            yield
        dream = yield from player.future(reel.number, look, reading, horizon)
        key = FutureKey(reel.number, look, reading.generation, horizon, 0)
        fork = yield from player.fork(reel.number, look, reel.episode, dream.actions[0].tolist())
        echo, mine, other = None, "", ""
        if self._second is not None:
            echo, (mine, other) = (yield from self._second.echo(key, dream)), self._second.names
        if self._fanned:
            many = yield from player.fan(reel.number, look, reading, horizon, FAN_BRANCHES)
            self._fan = Fan(look, fan_band(many, self._discount))
        self._futures, self._fork = [Future(key, dream), echo], Forked(key, fork)
        self._film = film(Future(key, dream), self._fork, self._composer.scale.tone, echo, other, mine)
        self._look = look


def _compared(moment: Moment) -> tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]:
    if moment.reading is None or moment.blind is None:
        return None, None
    return moment.step.frame, moment.blind.frame


def _note(moment: Moment) -> str:
    reading = moment.reading
    if reading is None:
        return ""
    surprise = "" if reading.surprise is None else f" · surprise {reading.surprise:.1f} nats"
    return f"value {decimal(reading.value)}{surprise}"
