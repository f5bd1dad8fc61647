"""Discounted returns: what really came of each state, and what imagined futures promise. No Qt here.

As in the learner, the value of a state counts what is received on arriving at the next one first:
G[t] = r[t + 1] + discount G[t + 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.episode import Dream, Outcome

BAND = (5.0, 50.0, 95.0)
"""Percentiles of a fan: its lower edge, its middle, its upper edge."""


def realised_returns(
    rewards: NDArray[np.float32], values: NDArray[np.float32], outcome: Outcome | None, discount: float
) -> NDArray[np.float32]:
    """What really came of each state of an episode; NaN while that is not known.

    After a death or a win nothing comes. A time-out only cuts off what would have gone on: there the critic's last
    value stands for the rest.

    Args:
        rewards: (T,) received on arriving at each Step. values: (T,) predicted, NaN where there is no Reading.
        outcome: how the episode ended; None while it goes on. discount: of one step.

    Returns:
        (T,) float32; NaN at the end step itself.
    """
    returns = np.full(len(rewards), np.nan, np.float32)
    if outcome is None or len(rewards) < 2:
        return returns
    known = values[np.isfinite(values)]
    rest = float(known[-1]) if outcome == "timeout" and len(known) else 0.0
    for t in range(len(rewards) - 2, -1, -1):
        rest = float(rewards[t + 1]) + discount * rest
        returns[t] = rest
    return returns


def fan_band(fan: Dream, discount: float) -> NDArray[np.float32]:
    """What many futures promise at each of their states, each ending in its bootstrapped value.

    Args:
        fan: N futures of H steps. discount: of one step.

    Returns:
        (3, H + 1) float32, the percentiles BAND over the futures; index 0 belongs to the state they start from.
    """
    band: NDArray[np.float32] = np.percentile(fan.returns(discount), BAND, axis=0).astype(np.float32)
    return band
