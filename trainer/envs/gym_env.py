"""Every game as a `gym.Env`, through the same adapter that the training loop and the player use.

Both step interfaces of gym are offered: the new one (observation, reward, terminated, truncated, info) and, with
`new_step_api=False`, the old one (observation, reward, done, info) with a bare observation from `reset`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gym
import numpy as np
from gym import spaces
from numpy.typing import NDArray

from trainer.config import GAMES
from trainer.envs.procgen import ProcgenVector
from trainer.envs.protocol import NUM_ACTIONS, StepBatch
from trainer.levels import levels_of

Observation = NDArray[np.uint8]


class ProcgenGymEnv(gym.Env):  # type: ignore[misc]  # gym carries no types
    """One game of Procgen; observations are (64, 64, 3) uint8.

    Procgen never shows an episode's last frame, so the observation that ends one repeats the frame before, and
    `info["repeated_frame"]` says so. `info` also holds `level_seed` (of the observation's level) and, at an end,
    `level_complete`.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"], "render_fps": 15}

    def __init__(
        self,
        game: str,
        difficulty: str = "easy",
        split: str = "train",
        level: int | None = None,
        seed: int = 0,
        render_mode: str | None = None,
        new_step_api: bool = True,
    ) -> None:
        """Make the game.

        Args:
            game, difficulty: one of the 16 games, `easy` or `hard`.
            split: levels to draw from: `train`, `validation` or `test`.
            level: one fixed level in place of a split.
            seed: of the draw of levels, until `reset(seed=...)` gives another.
            render_mode: `rgb_array` for 512x512 pictures from `render`, or None.
            new_step_api: the five-valued `step`; False for the four-valued one.

        Raises:
            UserError: an unknown game, difficulty, split or level.
            ValueError: another render mode.
        """
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ValueError(f"render_mode must be 'rgb_array' or None, not {render_mode!r}")
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 255, (64, 64, 3), np.uint8)
        self.action_space = spaces.Discrete(NUM_ACTIONS)
        self._game = game
        self._difficulty = difficulty
        self._levels = levels_of(split) if level is None else (level, 1)
        self._new_step_api = new_step_api
        self._vector = self._make(seed)
        self._needs_reset = True

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> Observation | tuple[Observation, dict[str, Any]]:
        """Begin an episode; an episode under way is abandoned.

        Args:
            seed: begins a new draw of levels. options: none are known.

        Returns:
            The first observation, with an info dictionary unless the old interface was asked for.
        """
        super().reset(seed=seed)
        if seed is not None:
            self._vector.close()
            self._vector = self._make(seed)
        elif not self._vector.current().is_first[0]:
            self._vector.reset()
        self._needs_reset = False
        shown = self._vector.current()
        observation: Observation = shown.frame[0]
        return (observation, _info(shown)) if self._new_step_api else observation

    def step(
        self, action: int
    ) -> tuple[Observation, float, bool, bool, dict[str, Any]] | tuple[Observation, float, bool, dict[str, Any]]:
        """Take an action, 0 to 14.

        Raises:
            gym.error.ResetNeeded: the episode is over.
            ValueError: an action out of range.
        """
        if self._needs_reset:
            raise gym.error.ResetNeeded("call reset before the first step and after an episode's end")
        before = self._vector.current()
        after = self._vector.step(np.array([action]))
        ended = bool(after.is_first[0])
        terminated = bool(after.ended_terminal[0])
        truncated = ended and not terminated
        self._needs_reset = ended
        shown = before if ended else after
        info = _info(shown)
        info["repeated_frame"] = ended
        if ended:
            info["level_complete"] = bool(after.ended_won[0])
        observation: Observation = shown.frame[0]
        reward = float(after.reward[0])
        if self._new_step_api:
            return observation, reward, terminated, truncated, info
        if truncated:
            info["TimeLimit.truncated"] = True
        return observation, reward, ended, info

    def render(self) -> Observation | None:
        """The picture for people, (512, 512, 3) uint8, where `rgb_array` was asked for; drawn only now."""
        return None if self.render_mode is None else self._vector.human_frame()

    def close(self) -> None:
        """Free the simulator."""
        self._vector.close()

    def _make(self, seed: int) -> ProcgenVector:
        first, count = self._levels
        human = self.render_mode is not None
        return ProcgenVector(self._game, self._difficulty, 1, first, count, seed, human=human)


def gym_id(game: str) -> str:
    """The name under which `gym.make` knows a game."""
    return f"DreamAgent/{game}-v0"


def register_games() -> None:
    """Make every game known to `gym.make`; harmless the second time."""
    for game in GAMES:
        if gym_id(game) not in gym.envs.registry:
            gym.register(gym_id(game), entry_point=f"{__name__}:{ProcgenGymEnv.__name__}", kwargs={"game": game})


def _info(shown: StepBatch) -> dict[str, Any]:
    return {"level_seed": int(shown.level_seed[0])}


register_games()
