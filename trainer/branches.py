"""What many branches of one Moment amount to: the records that cross threads.

Shapes: H horizon, N branches. Frames are uint8 `(..., 64, 64, 3)`; all arrays are read-only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.episode import Dream, Fork


@dataclass(frozen=True, slots=True, eq=False)
class WhatIf:
    """What becomes of a Moment under each of N actions.

    Attributes:
        actions: taken first, one a branch.
        dream: the imagined branches.
        forks: the real branches under the same actions; None where the game does not come out as it did.
        dreamed: (N,) float32 discounted return that the dream promises: its predicted rewards, each weighed with the
            chance to get there, and at its end the critic's value of the last imagined state.
        real: (N,) float32 discounted return of the real branch: the rewards received and, where the episode goes on or
            is merely out of time, the critic's value of the last real state, read by an agent that saw every frame of
            it; None where there is no fork.
        survival: (N,) float32 imagined probability that the episode lasts as long as the branch.
    """

    actions: tuple[int, ...]
    dream: Dream
    forks: tuple[Fork, ...] | None
    dreamed: NDArray[np.float32]
    real: NDArray[np.float32] | None
    survival: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class ManyDreams:
    """N futures of one Moment.

    Attributes:
        dream: the futures, one a branch.
        mean: (H, 64, 64, 3) uint8, the mean picture of all branches at each step.
        disagreement: (H, 64, 64) float32 in levels of brightness, 0 to 127.5: for each pixel the standard deviation
            over the branches, sqrt(mean over n of (x[n] - mean x)^2), of each colour channel, then the mean of the
            three channels.
    """

    dream: Dream
    mean: NDArray[np.uint8]
    disagreement: NDArray[np.float32]
