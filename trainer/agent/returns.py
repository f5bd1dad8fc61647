"""Lambda-returns and the percentile normaliser of returns (the reference's agent.py and utils.py)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def lambda_return(last: Tensor, term: Tensor, reward: Tensor, boot: Tensor, discount: float, lam: float) -> Tensor:
    """Bootstrapped lambda-returns.

    ret[t] = rew[t+1] + live[t+1] ((1 - cont[t+1]) boot[t+1] + cont[t+1] ret[t+1]) with live = (1 - term) discount,
    cont = (1 - last) lam and ret[T-1] = boot[T-1]: at a `last` step the return bootstraps fully, at a `term` step
    it stops.

    Args:
        last, term, reward, boot: (N, T) float32; `term` may be a probability. discount, lam: factors.

    Returns:
        (N, T - 1) float32.
    """
    live = (1 - term[:, 1:]) * discount
    cont = (1 - last[:, 1:]) * lam
    interim = reward[:, 1:] + live * (1 - cont) * boot[:, 1:]
    factor = live * cont
    value = boot[:, -1]
    returns = []
    for t in reversed(range(interim.shape[1])):
        value = interim[:, t] + factor[:, t] * value
        returns.append(value)
    return torch.stack(returns[::-1], 1)


@dataclass(frozen=True)
class ReturnNormaliser:
    """Running 5th and 95th percentile of imagined returns.

    Attributes:
        lo, hi: running percentiles, scalars float32.
    """

    lo: Tensor
    hi: Tensor

    RATE = 0.01
    LOW = 0.05
    HIGH = 0.95

    @classmethod
    def initial(cls, device: torch.device | str = "cpu") -> ReturnNormaliser:
        """Both at zero, without debiasing."""
        return cls(torch.zeros((), device=device), torch.zeros((), device=device))

    def updated(self, returns: Tensor) -> ReturnNormaliser:
        """The normaliser after a batch of returns of any shape; used for that same batch."""
        flat = returns.detach().flatten().float()
        ranked = flat.sort().values

        def percentile(q: float) -> Tensor:
            position = q * (ranked.numel() - 1)
            below = int(position)
            above = min(below + 1, ranked.numel() - 1)
            return torch.lerp(ranked[below], ranked[above], position - below)

        rate = self.RATE
        return ReturnNormaliser(
            (1 - rate) * self.lo + rate * percentile(self.LOW), (1 - rate) * self.hi + rate * percentile(self.HIGH)
        )

    @property
    def scale(self) -> Tensor:
        """What advantages are divided by: the percentiles' distance, at least 1."""
        return (self.hi - self.lo).clamp(min=1.0)
