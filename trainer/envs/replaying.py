"""Playing a recorded episode again: the level's seed and the actions give every frame back, and hashes prove it.

Dodgeball alone carries something from one episode into the next: the way its player faced last, which is the way it
throws until it first moves. A recording does not hold that, so where frames differ the other seven ways are tried.
Whatever still differs is reported, never shown as if it were the recording.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.envs.protocol import Snapshot, StepBatch
from trainer.envs.viewer import MakeEnv, ViewerEnv, procgen_level
from trainer.episode import Episode, Outcome, frame_hash
from trainer.errors import UserError

_FACING: dict[str, tuple[int, ...]] = {"dodgeball": (0, 1, 2, 3, 5, 6, 8)}
"""Moves that leave the player facing another way than a fresh game does (to the right)."""


class ReplayDiffers(UserError):
    """The simulator does not give back what was recorded: from there on it can be neither replayed nor forked."""


class Rerun:
    """An episode on its second time round, one step at a time; each frame is checked as it comes.

    Attributes:
        position: index of the step on show, 0 at the level's start.
        outcome: how the episode ended, once it has; then `position` stays at the last step that shows a frame.
    """

    def __init__(
        self,
        game: str,
        difficulty: str,
        level_seed: int,
        actions: Sequence[int],
        hashes: Sequence[str],
        make_env: MakeEnv = procgen_level,
    ) -> None:
        """Begin at the level's first frame.

        Args:
            game, difficulty, level_seed, actions: what gives the episode.
            hashes: `frame_hash` of each frame shown, the first one's first; no end step. Frames beyond are unchecked.
            make_env: makes the game.

        Raises:
            UserError: an unknown game, difficulty or level.
            ReplayDiffers: already the first frame is another.
        """
        self.position = 0
        self.outcome: Outcome | None = None
        self._options = (game, difficulty, level_seed)
        self._make_env = make_env
        self._actions = tuple(actions)
        self._hashes = tuple(hashes)
        self._untried = list(_FACING.get(game, ()))
        self._env = self._open(None)
        if not self._matches(0):
            self._begin_otherwise(0)

    @property
    def frame(self) -> NDArray[np.uint8]:
        """(64, 64, 3) uint8 on show; after the end, of the next episode, so look at `outcome` first."""
        frame: NDArray[np.uint8] = self._env.current().frame[0]
        return frame

    @property
    def env(self) -> ViewerEnv:
        """The game as it stands; whoever takes it on another way can not come back to this one."""
        return self._env

    @property
    def reward(self) -> float:
        """Reward of the newest step."""
        return float(self._env.current().reward[0])

    @property
    def left(self) -> int:
        """Recorded actions not taken yet."""
        return 0 if self.outcome is not None else len(self._actions) - self.position

    def step(self) -> None:
        """Take the next recorded action.

        Raises:
            ReplayDiffers: another frame than recorded, or another end.
            ValueError: no action is left.
        """
        if not self.left:
            raise ValueError("no recorded action is left")
        target = self.position + 1
        batch = self._env.step(np.array([self._actions[self.position]]))
        if batch.is_first[0] and target >= max(len(self._actions), len(self._hashes)):
            self.outcome = outcome_of(batch)
            return
        if batch.is_first[0] or not self._matches(target):
            self._begin_otherwise(target)
        self.position = target

    def snapshot(self) -> Snapshot:
        """The game as it stands, to fork from or to come back to."""
        return self._env.snapshot()[0]

    def close(self) -> None:
        """Free the simulator; harmless the second time."""
        self._env.close()

    def _open(self, facing: int | None) -> ViewerEnv:
        """The level's start; with `facing`, as if the episode before had ended with that move."""
        env = self._make_env(*self._options)
        if facing is not None:
            env.step(np.array([facing]))
            env.reset()
        return env

    def _matches(self, index: int) -> bool:
        return index >= len(self._hashes) or frame_hash(self.frame) == self._hashes[index]

    def _begin_otherwise(self, target: int) -> None:
        """Find another beginning that leads to step `target` as recorded.

        Raises:
            ReplayDiffers: there is none; the simulator is freed.
        """
        while self._untried:
            self._env.close()
            self._env = self._open(self._untried.pop(0))
            if self._walk(target):
                return
        self._env.close()
        game, _, level_seed = self._options
        raise ReplayDiffers(
            f"This recording of {game}, level {level_seed}, cannot be replayed or forked here: "
            f"step {target} comes out different."
        )

    def _walk(self, steps: int) -> bool:
        """Whether the first `steps` actions from the start give the recorded frames."""
        for index in range(steps):
            if not self._matches(index):
                return False
            if self._env.step(np.array([self._actions[index]])).is_first[0]:
                return False
        return self._matches(steps)


def shown_hashes(episode: Episode) -> list[str]:
    """The hash of every frame that the episode shows; an end step repeats one and has none of its own."""
    return [frame_hash(step.frame) for step in episode.steps if not step.is_last]


def rerun(episode: Episode) -> Rerun:
    """The episode on its second time round, checked against its own frames; see Rerun."""
    return Rerun(episode.game, episode.difficulty, episode.level_seed, episode.actions, shown_hashes(episode))


def replay(episode: Episode) -> list[NDArray[np.uint8]]:
    """Every frame of an episode anew, (64, 64, 3) uint8 each, from its level seed and actions alone.

    Frames, rewards and the outcome are checked against the episode's. An end step has no frame here.

    Raises:
        ReplayDiffers: the simulator gives something else.
    """
    again = rerun(episode)
    try:
        frames = [again.frame]
        rewards = [0.0]
        while again.left:
            again.step()
            rewards.append(again.reward)
            if again.outcome is None:
                frames.append(again.frame)
        recorded = [step.reward for step in episode.steps]
        if again.outcome != episode.outcome or rewards[: len(recorded)] != recorded:
            raise ReplayDiffers(
                f"This recording of {episode.game}, level {episode.level_seed}, cannot be replayed here: "
                "its rewards or its end come out different."
            )
    finally:
        again.close()
    return frames


def outcome_of(batch: StepBatch, slot: int = 0) -> Outcome:
    """How the episode of a slot ended in this step."""
    if batch.ended_won[slot]:
        return "won"
    return "lost" if batch.ended_terminal[slot] else "timeout"
