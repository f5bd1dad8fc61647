"""The real game taken back to a past Step: to draw it for people, and to fork it.

An episode is given by its level seed and its actions, so any Step is reached by playing them again, from the nearest
snapshot of this process or else from the level's start. Whether the game came out as it did then is checked by the
pixels of the frames the agent saw: where it did not, there is nothing to show.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Generator, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.envs.protocol import Snapshot
from trainer.envs.replaying import ReplayDiffers, Rerun, outcome_of
from trainer.envs.viewer import MakeEnv, ViewerEnv
from trainer.episode import Episode, Fork, Outcome, frame_hash, frozen

KEYFRAME_EVERY = 16
"""Steps between two snapshots: 40 KB each, 16 steps take a millisecond."""

KEYFRAMES_KEPT = 2048
"""Snapshots kept over all episodes, about 80 MB; the oldest episodes go first."""

STEPS_TOGETHER = 4 * KEYFRAME_EVERY
"""Steps played before others get a turn: some milliseconds."""


class Keyframes:
    """Snapshots of one game at one difficulty, by episode and step; of this process only.

    Args:
        game, difficulty: they are of.
    """

    def __init__(self, game: str, difficulty: str) -> None:
        self.game, self.difficulty = game, difficulty
        self._kept: OrderedDict[int, dict[int, Snapshot]] = OrderedDict()

    def note(self, number: int, t: int, env: ViewerEnv) -> None:
        """Keep a snapshot where one is due.

        Args:
            number: of the episode. t: index of the Step on show. env: the game.
        """
        if t % KEYFRAME_EVERY:
            return
        self._kept.setdefault(number, {})[t] = env.snapshot()[0]
        while len(self._kept) > 1 and sum(map(len, self._kept.values())) > KEYFRAMES_KEPT:
            self._kept.popitem(last=False)

    def share(self, number: int, other: int, index: int) -> None:
        """Let an episode that begins like another use its snapshots up to a Step.

        Args:
            number: of the episode there is. other: of the one that begins the same. index: of the last Step they share.
        """
        self._kept[other] = {t: snapshot for t, snapshot in self._kept.get(number, {}).items() if t <= index}

    def before(self, number: int, index: int) -> tuple[int, Snapshot] | None:
        """The last one at or before a Step, with its index; None where none is kept."""
        kept = self._kept.get(number, {})
        t = max((t for t in kept if t <= index), default=None)
        return None if t is None else (t, kept[t])


class Resimulation:
    """One game that goes back to past Steps, for one purpose at a time.

    Args:
        keyframes: snapshots to start from. make_env: makes a game.
    """

    def __init__(self, keyframes: Keyframes, make_env: MakeEnv) -> None:
        self._keyframes, self._make_env = keyframes, make_env
        self._env: ViewerEnv | None = None
        self._of = (keyframes.game, keyframes.difficulty)

    def close(self) -> None:
        """Free the game."""
        if self._env is not None:
            self._env.close()
            self._env = None

    def taken_to(self, number: int, index: int, episode: Episode) -> Generator[None, None, ViewerEnv | None]:
        """The game as it stood at a Step, for the caller to keep and to close.

        Args:
            number: of the episode. index: of the Step. episode: the Steps.

        Returns:
            None where the game does not come out as it did then.
        """
        env = yield from self._standing_at(number, index, episode)
        if env is not None:
            self._env = None
        return env

    def picture(self, number: int, index: int, episode: Episode) -> Generator[None, None, NDArray[np.uint8] | None]:
        """A past Step drawn for people.

        Args:
            number: of the episode. index: of the Step; an end step shows its last frame. episode: the Steps.

        Returns:
            (512, 512, 3) uint8, read-only; None where the game does not come out as it did then.
        """
        if episode.steps[index].is_last:
            index -= 1
        env = yield from self._standing_at(number, index, episode)
        return None if env is None else frozen(np.array(env.human_frame()))

    def fork(
        self, number: int, index: int, episode: Episode, actions: Sequence[int]
    ) -> Generator[None, None, Fork | None]:
        """What really happens under other actions.

        Args:
            number: of the episode. index: of the Step to go on from. episode: the Steps. actions: to take from there.

        Returns:
            As far as the actions go or the episode lasts; None where the game does not come out as it did then.
        """
        env = yield from self._standing_at(number, index, episode)
        if env is None:
            return None
        frames: list[NDArray[np.uint8]] = []
        rewards: list[float] = []
        outcome: Outcome | None = None
        end_reward = 0.0
        for taken, action in enumerate(actions, 1):
            shown = env.step(np.array([action], np.int32))
            if shown.is_first[0]:
                end_reward = float(shown.reward[0])
                outcome = outcome_of(shown)
                break
            frames.append(np.array(shown.frame[0]))
            rewards.append(float(shown.reward[0]))
            if taken % STEPS_TOGETHER == 0:
                yield
        pixels = np.stack(frames) if frames else np.empty((0, 64, 64, 3), np.uint8)
        return Fork(frozen(pixels), frozen(np.array(rewards, np.float32)), outcome, end_reward)

    def snapshot(self, number: int, index: int, episode: Episode) -> Generator[None, None, Snapshot | None]:
        """The game as it stood at a Step; arguments as of `fork`, None where it does not come out as it did then."""
        env = yield from self._standing_at(number, index, episode)
        return None if env is None else env.snapshot()[0]

    def _standing_at(self, number: int, index: int, episode: Episode) -> Generator[None, None, ViewerEnv | None]:
        """The game as it stood at a Step; None where it does not come out as it did then."""
        steps, ours = episode.steps, self._keyframes
        same_game = (episode.game, episode.difficulty) == (ours.game, ours.difficulty)
        keyframe = ours.before(number, index) if same_game else None
        if keyframe is None:
            return (yield from self._from_the_start(index, episode))
        t, snapshot = keyframe
        if self._env is None or self._of != (ours.game, ours.difficulty):
            self.close()
            self._of = (ours.game, ours.difficulty)
            self._env = self._make_env(*self._of, episode.level_seed)
        env = self._env
        shown = env.restore([snapshot])
        for step in steps[t:index]:
            assert step.action is not None
            shown = env.step(np.array([step.action], np.int32))
            t += 1
            if t % STEPS_TOGETHER == 0:
                yield
        return env if np.array_equal(shown.frame[0], steps[index].frame) else None

    def _from_the_start(self, index: int, episode: Episode) -> Generator[None, None, ViewerEnv | None]:
        self.close()
        hashes: list[str] = []
        for step in episode.steps[: index + 1]:
            hashes.append(frame_hash(step.frame))
            if len(hashes) % STEPS_TOGETHER == 0:
                yield
        actions = episode.actions[:index]
        self._of = (episode.game, episode.difficulty)
        try:
            again = Rerun(*self._of, episode.level_seed, actions, hashes, self._make_env)
            self._env = again.env
            while again.left:
                again.step()
                self._env = again.env
                if again.position % STEPS_TOGETHER == 0:
                    yield
        except ReplayDiffers:
            self.close()
        return self._env
