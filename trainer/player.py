"""An agent at play for someone who watches: Steps and Readings as they happen, and everything asked about them after.

The player has a live side (`new_level`, `advance`: one Step at a time) and a study side (`adopt`, `reread`, `blinds`,
`future`, `picture`). Every study is a generator that gives the live side a turn after each small piece of work, about
10 ms at preset 12m on one core, so both can share a thread. No Qt here: a script or a notebook may drive it.

Randomness is a function of (seed, episode number, step): a Moment read, dreamt from or replayed again comes out the
same, whatever happened in between.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import Snapshot, StepBatch
from trainer.episode import Blind, Dream, Episode, Moment, Outcome, Reading, Split, Step, frozen
from trainer.randomness import numpy_generator, torch_generator
from trainer.world_model.rssm import Latent

KEYFRAME_EVERY = 16
"""Steps between two snapshots of the game kept for drawing past Steps: 40 KB each, 16 steps take a millisecond."""

KEYFRAMES_KEPT = 2048
"""Snapshots kept over all episodes, about 80 MB; the oldest episodes go first."""

DECODED_TOGETHER = 4
"""Latents decoded in one batch: one call costs little more than for a single one, and stays below 10 ms."""


class ViewerEnv(Protocol):
    """What the player needs of a game: one slot of a VectorEnv that can also draw itself for people."""

    def current(self) -> StepBatch:
        """What is on show, without a step."""

    def step(self, actions: NDArray[np.integer[Any]]) -> StepBatch:
        """Take one step."""

    def snapshot(self) -> list[Snapshot]:
        """The game as it stands."""

    def restore(self, snapshots: Sequence[Snapshot]) -> StepBatch:
        """Go back to a snapshot."""

    def human_frame(self) -> NDArray[np.uint8]:
        """(512, 512, 3) uint8, drawn now."""

    def close(self) -> None:
        """Free the game."""


def procgen_level(game: str, difficulty: str, level_seed: int) -> ProcgenVector:
    """One game that plays one level again and again, and can be drawn for people.

    Raises:
        UserError: there is no such game, difficulty or level.
    """
    return ProcgenVector(game, difficulty, num_envs=1, first_level=level_seed, num_levels=1, human=True)


@dataclass(frozen=True, slots=True)
class BlindPiece:
    """Some of the dream along reality of an episode.

    Attributes:
        start: index of the first. blinds: one a Step.
    """

    start: int
    blinds: tuple[Blind, ...]


class Reader:
    """One generation of weights going through one episode, frame by frame.

    Attributes:
        agent: the weights.
    """

    def __init__(self, agent: Agent, seed: int, number: int) -> None:
        """Begin before the first frame.

        Args:
            agent: the weights. seed: of the player. number: of the episode.
        """
        self.agent = agent
        self._seed, self._number = seed, number
        self._index = 0
        self._latent = agent.initial(1)
        self._chain: Latent | None = None
        self._chain_every = 0

    def look(
        self, frame: NDArray[np.uint8], prev_action: int | None, ground_every: int | None
    ) -> tuple[Reading, Blind | None]:
        """Read the next frame.

        Args:
            frame: (64, 64, 3) uint8.
            prev_action: what was done at the Step before; None opens the episode.
            ground_every: frames from look to look of the dream along reality; None: nobody wants it.

        Returns:
            The Reading, and the dream along reality where it is known: after a change of `ground_every` it begins at
            the next frame at which the model looks, unless `join` hands over a finished study.
        """
        t = self._index
        generator = self._generator("read", t)
        self._latent, reading = self.agent.read(self._latent, prev_action or 0, frame, prev_action is None, generator)
        self._index += 1
        if ground_every is None:
            self._chain = None
            return reading, None
        age = t % ground_every
        if age == 0:
            self._chain, self._chain_every = self._latent, ground_every
            return reading, Blind(reading.belief, 0)
        if self._chain is None or self._chain_every != ground_every:
            self._chain = None
            return reading, None
        self._chain = self.agent.blind_step(self._chain, prev_action or 0, self._generator("blind", t))
        return reading, Blind(frozen(self.agent.decode(self._chain)[0]), age)

    def join(self, chain: Latent, ground_every: int) -> None:
        """Go on with the dream along reality from the state of the last frame that was read."""
        self._chain, self._chain_every = chain, ground_every

    def _generator(self, purpose: str, t: int) -> torch.Generator:
        return torch_generator(self._seed, purpose, self._number, t, device=self.agent.device)


class Player:
    """Plays one level after the other; call `new_level` first.

    The last Moment stands at the action about to be taken: `advance` takes it. After an end step (`ended`) the next
    level has to be chosen with `new_level`.

    Attributes:
        game, difficulty: what is played.
        agent: the weights that play; `adopt` changes them.
        number: of the episode being lived, counted from the first.
        episode: its Steps.
        moments: one a Step.
        ground_every: frames from look to look of the dream along reality; None: it is not made.
    """

    def __init__(
        self,
        agent: Agent,
        game: str,
        difficulty: str,
        *,
        seed: int = 0,
        first_number: int = 0,
        make_env: Callable[[str, str, int], ViewerEnv] = procgen_level,
    ) -> None:
        """A player without an episode yet.

        Args:
            agent: the weights that play. game, difficulty: what to play.
            seed: of every draw. first_number: of the first episode.
            make_env: (game, difficulty, level seed) to a fresh game that shows that level's first frame.
        """
        self.game, self.difficulty = game, difficulty
        self.agent = agent
        self.number = first_number - 1
        self.episode = Episode(game, difficulty, "unseen", -1)
        self.moments: list[Moment] = []
        self.ground_every: int | None = None
        self._seed = seed
        self._make_env = make_env
        self._env: ViewerEnv | None = None
        self._fork: ViewerEnv | None = None
        self._next_agent: Agent | None = None
        self._reader = Reader(agent, seed, self.number)
        self._keyframes: OrderedDict[int, dict[int, Snapshot]] = OrderedDict()

    # Live

    @property
    def ended(self) -> bool:
        """The last Step is an end step."""
        return bool(self.moments) and self.moments[-1].step.is_last

    def new_level(self, split: Split, level_seed: int) -> Moment:
        """Leave the episode being lived and begin another; weights that wait to be adopted play it.

        Args:
            split: which levels it counts among. level_seed: of the level.

        Raises:
            UserError: there is no such level; the present episode goes on.
        """
        env = self._make_env(self.game, self.difficulty, level_seed)
        if self._env is not None:
            self._env.close()
        self._env = env
        self.agent, self._next_agent = self._next_agent or self.agent, None
        self.number += 1
        self.episode = Episode(self.game, self.difficulty, split, level_seed)
        self.moments = []
        self._reader = Reader(self.agent, self._seed, self.number)
        return self._arrive(env.current(), 0.0)

    def advance(self) -> Moment:
        """Take the action about to be taken; the next Moment, an end Moment where the episode is over.

        Raises:
            RuntimeError: there is no episode, or it ended.
        """
        action = self.moments[-1].step.action if self.moments else None
        if self._env is None or action is None:
            raise RuntimeError("there is no action to take: begin a level first")
        batch = self._env.step(np.array([action], np.int32))
        reward = float(batch.reward[0])
        if not batch.is_first[0]:
            return self._arrive(batch, reward)
        terminal = bool(batch.ended_terminal[0])
        last = self.episode.steps[-1]
        step = Step(last.frame, reward, None, False, True, terminal, self.episode.level_seed)
        won = bool(batch.ended_won[0])
        outcome: Outcome = "won" if won else "lost" if terminal else "timeout"
        self.episode.outcome = outcome
        return self._append(Moment(step, None, None))

    def human_frame(self) -> NDArray[np.uint8]:
        """The game as it stands, drawn for people: (512, 512, 3) uint8, read-only; after an end the next frame.

        Raises:
            RuntimeError: there is no episode.
        """
        if self._env is None:
            raise RuntimeError("there is nothing to draw: begin a level first")
        return frozen(np.array(self._env.human_frame()))

    def close(self) -> None:
        """Free the games."""
        for env in (self._env, self._fork):
            if env is not None:
                env.close()
        self._env = self._fork = None

    def _arrive(self, batch: StepBatch, reward: float) -> Moment:
        t = len(self.moments)
        frame = frozen(np.array(batch.frame[0]))
        prev_action = self.moments[-1].step.action if self.moments else None
        if t % KEYFRAME_EVERY == 0:
            self._keep_keyframe(t)
        reading, blind = self._reader.look(frame, prev_action, self.ground_every)
        draw = numpy_generator(self._seed, "action", self.number, t).random()
        action = min(int(np.searchsorted(np.cumsum(reading.policy), draw, "right")), len(reading.policy) - 1)
        step = Step(frame, reward, action, t == 0, False, False, self.episode.level_seed)
        return self._append(Moment(step, reading, blind))

    def _append(self, moment: Moment) -> Moment:
        self.episode.steps.append(moment.step)
        self.moments.append(moment)
        return moment

    def _keep_keyframe(self, t: int) -> None:
        assert self._env is not None
        self._keyframes.setdefault(self.number, {})[t] = self._env.snapshot()[0]
        while len(self._keyframes) > 1 and sum(map(len, self._keyframes.values())) > KEYFRAMES_KEPT:
            self._keyframes.popitem(last=False)

    # Study

    def adopt(self, agent: Agent) -> Generator[None, None, tuple[Moment, ...] | None]:
        """Let other weights play on: they read the episode up to now, and take over when they have caught up.

        Until then the present ones play. Where a new level begins first, the new weights play it from the start.

        Returns:
            All Moments of the episode being lived as the new weights read them; None where the episode changed first.
        """
        self._next_agent = agent
        number, fresh = self.number, list[Moment]()
        reader = Reader(agent, self._seed, number)
        while self.number == number and self._next_agent is agent and len(fresh) < len(self.moments):
            fresh.append(_reread(reader, self.moments[: len(fresh) + 1], self.ground_every))
            yield
        if self.number != number or self._next_agent is not agent:
            return None
        self._next_agent, self.agent, self._reader, self.moments = None, agent, reader, fresh
        return tuple(fresh)

    def reread(self, number: int, episode: Episode) -> Generator[None, None, tuple[Moment, ...]]:
        """Read a past episode with the present weights.

        Args:
            number: of the episode. episode: its Steps.

        Returns:
            All its Moments.
        """
        reader = Reader(self.agent, self._seed, number)
        seen: list[Moment] = []
        for step in episode.steps:
            seen.append(Moment(step, None, None))
            seen[-1] = _reread(reader, seen, self.ground_every)
            yield
        return tuple(seen)

    def blinds(
        self, number: int, index: int, ground_every: int, moments: Sequence[Moment] | None = None
    ) -> Generator[BlindPiece | None, None, None]:
        """The dream along reality of an episode, looking every so many frames; the part around an index comes first.

        Args:
            number: of the episode. index: what somebody looks at. ground_every: frames from look to look.
            moments: of a past episode; None: the one being lived, which may grow meanwhile and then goes on with
                this dream.

        Raises:
            ValueError: other weights than the present ones read the Moments.
        """
        live = moments is None
        moments = self.moments if moments is None else moments
        agent = self.agent
        here = index - index % ground_every
        start: int | None = here
        while start is not None:
            yield from self._blind_stretch(agent, number, start, ground_every, moments, live)
            following = start + ground_every
            if start >= here:
                start = following if following < len(moments) else here - ground_every
            else:
                start -= ground_every
            if start < 0:
                start = None

    def _blind_stretch(
        self, agent: Agent, number: int, start: int, ground_every: int, moments: Sequence[Moment], live: bool
    ) -> Generator[BlindPiece | None, None, None]:
        first = moments[start].reading
        if first is None:
            return
        latent = agent.latent_of(first)
        blinds = [Blind(first.belief, 0)]
        waiting: list[Latent] = []
        t = start + 1
        while t < min(start + ground_every, len(moments)) and moments[t].reading is not None:
            generator = torch_generator(self._seed, "blind", number, t, device=agent.device)
            latent = agent.blind_step(latent, moments[t - 1].step.action or 0, generator)
            waiting.append(latent)
            t += 1
            yield None
            if len(waiting) == DECODED_TOGETHER:
                blinds += _decoded(agent, waiting, len(blinds))
                waiting = []
                yield None
        if waiting:
            blinds += _decoded(agent, waiting, len(blinds))
        if live and moments is self.moments and t == len(moments):
            self._reader.join(latent, ground_every)
        yield BlindPiece(start, tuple(blinds))

    def future(
        self, number: int, index: int, reading: Reading, horizon: int, branch: int = 0
    ) -> Generator[None, None, Dream]:
        """What the policy would do from a Moment on, as the model imagines it.

        Args:
            number: of the episode. index: of the Moment. reading: its Reading, by the present weights.
            horizon: steps. branch: another number is another dream.

        Raises:
            ValueError: other weights than the present ones made the Reading.
        """
        generator = torch_generator(self._seed, "future", number, index, branch, device=self.agent.device)
        start = self.agent.latent_of(reading)
        return (yield from self.agent.dream_steps(horizon, generator=generator, start=start))

    def picture(self, number: int, index: int, episode: Episode) -> Generator[None, None, NDArray[np.uint8] | None]:
        """A past Step drawn for people, from the nearest snapshot or else from the level's start.

        Args:
            number: of the episode. index: of the Step; an end step shows its last frame. episode: the Steps.

        Returns:
            (512, 512, 3) uint8, read-only; None where the game does not come out as it did then.
        """
        steps = episode.steps
        if steps[index].is_last:
            index -= 1
        keyframes = {t: kept for t, kept in self._keyframes.get(number, {}).items() if t <= index}
        t = max(keyframes, default=0)
        if keyframes and episode.game == self.game and episode.difficulty == self.difficulty:
            if self._fork is None:
                self._fork = self._make_env(self.game, self.difficulty, episode.level_seed)
            fork, own = self._fork, False
            shown = fork.restore([keyframes[t]])
        else:
            fork, own, t = self._make_env(episode.game, episode.difficulty, episode.level_seed), True, 0
            shown = fork.current()
        try:
            for step in steps[t:index]:
                assert step.action is not None
                shown = fork.step(np.array([step.action], np.int32))
                t += 1
                if t % (4 * KEYFRAME_EVERY) == 0:
                    yield
            same = np.array_equal(shown.frame[0], steps[index].frame)
            return frozen(np.array(fork.human_frame())) if same else None
        finally:
            if own:
                fork.close()


def _reread(reader: Reader, moments: Sequence[Moment], ground_every: int | None) -> Moment:
    """The last of these Moments as a reader reads it that read all before."""
    step = moments[-1].step
    if step.is_last:
        return Moment(step, None, None)
    prev_action = moments[-2].step.action if len(moments) > 1 else None
    reading, blind = reader.look(step.frame, prev_action, ground_every)
    return Moment(step, reading, blind)


def _decoded(agent: Agent, latents: Sequence[Latent], age: int) -> list[Blind]:
    """The dream along reality at states that follow each other, the first of them so old."""
    batch = Latent(torch.cat([x.deter for x in latents]), torch.cat([x.stoch for x in latents]))
    return [Blind(frozen(frame), age + i) for i, frame in enumerate(agent.decode(batch))]
