"""An agent at play for someone who watches: Steps and Readings as they happen, and everything asked about them after.

The player has a live side (`new_level`, `advance`: one Step at a time) and a study side (`adopt`, `reread`, `blinds`,
`future`, `fan`, `fork`, `what_if`, `many_dreams`, `picture`). Every study is a generator that gives the live side a
turn after each small piece of work, below 10 ms at preset 12m on one core, so both can share a thread. No Qt here: a
script or a notebook may drive it.

Randomness is a function of (seed, episode number, step): a Moment read, dreamt from or replayed again comes out the
same, whatever happened in between, but for what rounding does where several frames are read or drawn together.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trainer.agent.agent import Agent
from trainer.blind_dreams import BlindPiece, blind_pieces
from trainer.branches import ManyDreams, WhatIf
from trainer.branching import Branching
from trainer.dreamt_game import DreamtGame
from trainer.envs.protocol import StepBatch
from trainer.envs.viewer import MakeEnv, ViewerEnv, procgen_level
from trainer.episode import Dream, Episode, Fork, Moment, Outcome, Reading, Split, Step, frozen
from trainer.horizons import Horizons
from trainer.many_dreams import many_dreams
from trainer.open_loop import horizons
from trainer.randomness import numpy_generator, torch_generator
from trainer.reader import Glance, Reader, rereading
from trainer.recording import Recording, Restored, restoring
from trainer.resimulation import Keyframes, Resimulation
from trainer.what_if import what_if
from trainer.world_model.rssm import Latent


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
        looking_seconds: that the agent took to look at the newest frame of the episode being lived.
    """

    def __init__(
        self,
        agent: Agent,
        game: str,
        difficulty: str,
        *,
        seed: int = 0,
        first_number: int = 0,
        make_env: MakeEnv = procgen_level,
        keyframes: Keyframes | None = None,
    ) -> None:
        """A player without an episode yet.

        Args:
            agent: the weights that play. game, difficulty: what to play.
            seed: of every draw. first_number: of the first episode.
            make_env: (game, difficulty, level seed) to a fresh game that shows that level's first frame.
            keyframes: of this game, shared with another player; None: its own.
        """
        self.game, self.difficulty = game, difficulty
        self.agent = agent
        self.number = first_number - 1
        self.episode = Episode(game, difficulty, "unseen", -1)
        self.moments: list[Moment] = []
        self.ground_every: int | None = None
        self.looking_seconds = 0.0
        self._seed = seed
        self._make_env = make_env
        self._env: ViewerEnv | None = None
        self._next_agent: Agent | None = None
        self._reader = Reader(agent, seed, self.number)
        self._keyframes = Keyframes(game, difficulty) if keyframes is None else keyframes
        self._next_number = first_number
        self._painter = Resimulation(self._keyframes, make_env)
        self._forker = Resimulation(self._keyframes, make_env)
        self._branching = Branching(Resimulation(self._keyframes, make_env))

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
        self.number = self.reserve_number()
        self.episode = Episode(self.game, self.difficulty, split, level_seed)
        self.moments = []
        self._reader = Reader(self.agent, self._seed, self.number)
        return self._arrive(env.current(), 0.0)

    def reserve_number(self) -> int:
        """A number that no other episode of this player will have."""
        self._next_number += 1
        return self._next_number - 1

    def advance(self, action: int | None = None) -> Moment:
        """Take the action about to be taken; the next Moment, an end Moment where the episode is over.

        Args:
            action: what a person takes in place of it, 0 to 14; the last Step says so from then on.

        Raises:
            RuntimeError: there is no episode, or it ended.
        """
        chosen = self.moments[-1].step.action if self.moments else None
        if self._env is None or chosen is None:
            raise RuntimeError("there is no action to take: begin a level first")
        if action is None:
            action = chosen
        else:
            step = replace(self.moments[-1].step, action=action, by_person=True)
            self.episode.steps[-1] = step
            self.moments[-1] = replace(self.moments[-1], step=step)
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
        for part in (self._env, self._painter, self._forker, self._branching):
            if part is not None:
                part.close()
        self._env = None

    def _arrive(self, batch: StepBatch, reward: float) -> Moment:
        assert self._env is not None
        t = len(self.moments)
        frame = frozen(np.array(batch.frame[0]))
        prev_action = self.moments[-1].step.action if self.moments else None
        self._keyframes.note(self.number, t, self._env)
        begun = time.perf_counter()
        reading, blind = self._reader.look(Glance(frame, prev_action), self.ground_every)
        self.looking_seconds = time.perf_counter() - begun
        self.agent.latent = self._reader.latent
        step = Step(frame, reward, self._choice(reading, t), t == 0, False, False, self.episode.level_seed)
        return self._append(Moment(step, reading, blind))

    def _choice(self, reading: Reading, t: int) -> int:
        """The agent's action at a Step of the episode being lived."""
        draw = numpy_generator(self._seed, "action", self.number, t).random()
        return min(int(np.searchsorted(np.cumsum(reading.policy), draw, "right")), len(reading.policy) - 1)

    def _append(self, moment: Moment) -> Moment:
        self.episode.steps.append(moment.step)
        self.moments.append(moment)
        return moment

    # Duels

    def branch(self, number: int, episode: Episode, moments: Sequence[Moment]) -> Generator[None, None, bool]:
        """Leave the episode being lived and go on from a past Moment, in an episode of its own that begins the same.

        Args:
            number: of the past episode. episode: the same.
            moments: its Moments up to the one to go on from, which the present weights read.

        Returns:
            Whether the game comes out as it did then; where it does not, the present episode goes on.

        Raises:
            ValueError: other weights than the present ones made that Reading, or there is none.
        """
        index, last = len(moments) - 1, moments[-1]
        if last.reading is None:
            raise ValueError("an episode does not go on from its end")
        latent = self.agent.latent_of(last.reading)
        resimulation = Resimulation(self._keyframes, self._make_env)
        try:
            env = yield from resimulation.taken_to(number, index, episode)
        finally:
            resimulation.close()
        if env is None:
            return False
        if self._env is not None:
            self._env.close()
        self._env = env
        self.number = self.reserve_number()
        self._keyframes.share(number, self.number, index)
        self._reader = Reader(self.agent, self._seed, self.number)
        self._reader.resume(latent, index + 1)
        self.agent.latent = latent
        step = replace(last.step, action=self._choice(last.reading, index), by_person=False)
        self.moments = [*moments[:-1], Moment(step, last.reading, None)]
        steps = [moment.step for moment in self.moments]
        self.episode = Episode(episode.game, episode.difficulty, episode.split, episode.level_seed, steps)
        return True

    def rival(
        self, own: int, number: int, episode: Episode, moments: Sequence[Moment]
    ) -> Generator[None, None, tuple[Episode, tuple[Moment, ...]] | None]:
        """How the agent plays on from a past Moment to the end, in a game beside the one being lived.

        Args:
            own: number of the episode that comes of it, see `reserve_number`. The others as of `branch`.

        Returns:
            The whole episode and all its Moments; None where the game does not come out as it did then.
        """
        other = Player(
            self.agent,
            self.game,
            self.difficulty,
            seed=self._seed,
            first_number=own,
            make_env=self._make_env,
            keyframes=self._keyframes,
        )
        try:
            if not (yield from other.branch(number, episode, moments)):
                return None
            while not other.ended:
                other.advance()
                yield
        finally:
            other.close()
            self.agent.latent = self._reader.latent
        return other.episode, tuple(other.moments)

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
            fresh += yield from rereading(reader, self.moments, len(fresh), self.ground_every)
        if self.number != number or self._next_agent is not agent:
            return None
        # A person may have acted since the newest of them was read.
        fresh = [replace(moment, step=step) for moment, step in zip(fresh, self.episode.steps, strict=True)]
        self._next_agent, self.agent, self._reader, self.moments = None, agent, reader, fresh
        return tuple(fresh)

    def reread(self, number: int, episode: Episode) -> Generator[int | None, None, tuple[Moment, ...]]:
        """Read a past episode with the present weights.

        Args:
            number: of the episode. episode: its Steps.

        Yields:
            Now and then how many Steps are read.

        Returns:
            All its Moments.
        """
        reader = Reader(self.agent, self._seed, number)
        past = [Moment(step, None, None) for step in episode.steps]
        fresh: list[Moment] = []
        while len(fresh) < len(past):
            fresh += yield from rereading(reader, past, len(fresh), self.ground_every)
            yield len(fresh)
        return tuple(fresh)

    def recall(
        self, number: int, recording: Recording
    ) -> Generator[int | None, None, tuple[Restored, tuple[Moment, ...]]]:
        """Play a recorded episode again and read it with the present weights.

        Args:
            number: to be the episode's. recording: what to play.

        Yields:
            Now and then how many Steps are read.

        Returns:
            The episode as far as it comes out as recorded, and all its Moments.

        Raises:
            ReplayDiffers: not even its first frame is the recorded one.
        """

        def keep(t: int, env: ViewerEnv) -> None:
            if (recording.game, recording.difficulty) == (self.game, self.difficulty):
                self.keep(number, t, env)

        restored = yield from restoring(recording, self._make_env, keep)
        return restored, (yield from self.reread(number, restored.episode))

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
        lived = self.moments if moments is None else moments

        def caught_up(latent: Latent) -> None:
            if live and lived is self.moments:
                self._reader.join(latent, ground_every)

        yield from blind_pieces(self.agent, self._seed, number, index, ground_every, lived, caught_up)

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

    def fan(
        self, number: int, index: int, reading: Reading, horizon: int, branches: int
    ) -> Generator[None, None, Dream]:
        """Many futures of one Moment, without pictures; arguments and errors as of `future`."""
        generator = torch_generator(self._seed, "fan", number, index, device=self.agent.device)
        start = self.agent.latent_of(reading)
        job = self.agent.dream_steps(horizon, branches=branches, generator=generator, start=start, pictures=False)
        return (yield from job)

    def horizons(
        self, number: int, episode: Episode, starts: Sequence[int], readings: Sequence[Reading]
    ) -> Generator[None, None, Horizons]:
        """How many frames the dreams from some frames of an episode hold; see `trainer.open_loop.horizons`."""
        return horizons(self.agent, self._seed, number, episode.steps, starts, readings)

    def many_dreams(
        self, number: int, index: int, reading: Reading, horizon: int, branches: int
    ) -> Generator[None, None, ManyDreams]:
        """The futures of `fan`, with pictures; arguments and errors as of `future`."""
        generator = torch_generator(self._seed, "fan", number, index, device=self.agent.device)
        return many_dreams(self.agent, self.agent.latent_of(reading), horizon, branches, generator)

    def what_if(
        self, number: int, index: int, reading: Reading, episode: Episode, horizon: int
    ) -> Generator[None, None, WhatIf]:
        """What each action that makes a difference in this game would lead to at a Moment, imagined and real.

        Args:
            number: of the episode. index: of the Moment. reading: its Reading, by the present weights.
            episode: its Steps. horizon: steps of each branch.

        Raises:
            ValueError: other weights than the present ones made the Reading.
        """
        agent = self.agent
        start = agent.latent_of(reading)
        actions = yield from self._branching.distinct_actions(episode.game, episode.difficulty)
        generator = torch_generator(self._seed, "what if", number, index, device=agent.device)
        job = what_if(
            agent, start, actions, horizon, generator, lambda taken: self._branching.fork(number, index, episode, taken)
        )
        return (yield from job)

    def dreamt_game(self, number: int, index: int, reading: Reading) -> DreamtGame:
        """A game from a Moment on that only the model plays back; the same actions dream the same.

        Args:
            number: of the episode. index: of the Moment. reading: its Reading, by the present weights.

        Raises:
            ValueError: other weights than the present ones made the Reading.
        """
        generator = torch_generator(self._seed, "dreamt game", number, index, device=self.agent.device)
        return DreamtGame(self.agent, reading, generator)

    def keep(self, number: int, t: int, env: ViewerEnv) -> None:
        """Remember how the game stood at a Step of an episode of this player's game, to fork and draw sooner.

        Args:
            number: of the episode. t: index of the Step. env: shows it.
        """
        self._keyframes.note(number, t, env)

    def fork(
        self, number: int, index: int, episode: Episode, actions: Sequence[int]
    ) -> Generator[None, None, Fork | None]:
        """What really happens under other actions; see `Resimulation.fork`."""
        return self._forker.fork(number, index, episode, actions)

    def picture(self, number: int, index: int, episode: Episode) -> Generator[None, None, NDArray[np.uint8] | None]:
        """A past Step drawn for people; see `Resimulation.picture`."""
        return self._painter.picture(number, index, episode)
