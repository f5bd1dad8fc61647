"""Dream horizons: how many frames a dream along reality's actions holds, from each frame of an episode.

A dream holds as long as it shows, pays and ends as reality does; the first imagined frame that is off in one of these
breaks it. The three thresholds are the same for all games and all agents, so that horizons can be compared.
`trainer.open_loop` dreams and holds against reality; here is what counts. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainer.episode import Step

LIMIT = 30
"""Imagined frames after which a dream that still holds is not followed any further: two seconds of a game."""
PICTURE_OFF = 10.0
"""Error of an imagined picture, in percent of the whole range (`picture_error.error_percent`), that breaks a dream.

It is 20 dB. A good belief, of a model that looks, stays below a half of it (27 dB on CoinRun); a frame that is merely
kept while the game scrolls is beyond it after one or two steps (19 and 15 dB).
"""
REWARD_OFF = 0.5
"""Difference of imagined and real reward, in the game's own points, that breaks a dream.

It is half of one point, the least reward of nearly all games: a reward missed, made up, or a frame late breaks it.
"""
END_OFF = 0.5
"""Probability given to what did not happen, be it the end of the episode or its going on, that breaks a dream.

Beyond a half, the dream held the wrong one for likelier.
"""

Flaw = Literal["picture", "reward", "end"]


@dataclass(frozen=True, slots=True)
class Horizons:
    """How long the dreams from some frames of an episode hold.

    Attributes:
        starts: (K,) int64, indices of the frames dreamt from.
        frames: (K,) int64, imagined frames that held, at most LIMIT; fewer also where the episode ends after them.
        flaws: what broke each dream in the frame after these; None where nothing did.
    """

    starts: NDArray[np.int64]
    frames: NDArray[np.int64]
    flaws: tuple[Flaw | None, ...]


def told_flaw(step: Step, reward: float, continues: float) -> Flaw | None:
    """What is off in what a dream tells of a step beside its picture.

    Args:
        step: what really came. reward: imagined. continues: imagined probability that the episode goes on.
    """
    wrongly = continues if step.is_terminal else 1 - continues
    if wrongly > END_OFF:
        return "end"
    return "reward" if abs(reward - step.reward) > REWARD_OFF else None


def mean_horizon(frames: NDArray[np.int64], broken: NDArray[np.bool_]) -> float:
    """The number of frames that a dream holds on average, of at most LIMIT.

    A dream that meets the end of its episode did not break: how long it would have held is not known. Each number of
    frames is counted among the dreams that came as far, as survival times are (Kaplan and Meier, 1958); what no dream
    came to see is taken to hold.

    Args:
        frames: (K,) imagined frames that held, K > 0. broken: (K,) bool, the next one was off.
    """
    holding, mean = 1.0, 0.0
    for ahead in range(LIMIT):
        breaks = int((broken & (frames == ahead)).sum())
        judged = breaks + int((frames > ahead).sum())
        if judged:
            holding *= 1 - breaks / judged
        mean += holding
    return mean
