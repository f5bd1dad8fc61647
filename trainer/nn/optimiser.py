"""LaProp with adaptive gradient clipping, over one flat buffer (Ziyin et al., 2020; Brock et al., 2021).

Formula, per tensor and step i = 1, 2, ... (the reference's agent.py, `_make_opt`):
g *= min(1, agc max(1e-3, |p|) / |g|); nu = 0.999 nu + 0.001 g^2; u = g / (sqrt(nu / (1 - 0.999^i)) + 1e-20);
mu = 0.9 mu + 0.1 u; p -= lr_i mu / (1 - 0.9^i) with lr_i = lr min(1, (i - 1) / warmup).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

BETA1 = 0.9
BETA2 = 0.999
EPS = 1e-20
SMALLEST_NORM = 1e-3


def learning_rate(step: int, lr: float, warmup: int) -> float:
    """Learning rate of update `step` (1, 2, ...): a linear rise from 0; without warm-up `lr` at once."""
    return lr * min(1.0, (step - 1) / warmup) if warmup else lr


class FlatTensors:
    """Tensors of many shapes that lie in one buffer, so that one operation moves them all.

    Attributes:
        flat: (total,) the buffer. views: the tensors, with the shapes and memory order of their models.
    """

    def __init__(self, like: Sequence[Tensor], dtype: torch.dtype, device: torch.device) -> None:
        self.flat = torch.zeros(sum(tensor.numel() for tensor in like), dtype=dtype, device=device)
        self.views: list[Tensor] = []
        start = 0
        for tensor in like:
            part = self.flat[start : start + tensor.numel()]
            if tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last):
                o, i, h, w = tensor.shape
                self.views.append(part.view(o, h, w, i).permute(0, 3, 1, 2))
            else:
                self.views.append(part.view(tensor.shape))
            start += tensor.numel()

    @torch.no_grad()
    def copy_from(self, tensors: Sequence[Tensor]) -> None:
        """Takes the values of tensors of the same shapes, any dtype."""
        torch._foreach_copy_(self.views, list(tensors))


class LaProp:
    """The optimiser's state and step.

    Attributes:
        params, nu, mu: float32 master weights and moments.
        grads: put there for the next step; clipped, once it has been made.
        step_count: updates made.
    """

    def __init__(self, like: Sequence[Tensor], lr: float, warmup: int, agc: float, device: torch.device) -> None:
        self.lr, self.warmup, self.agc = lr, warmup, agc
        self.params = FlatTensors(like, torch.float32, device)
        self.nu = FlatTensors(like, torch.float32, device)
        self.mu = FlatTensors(like, torch.float32, device)
        self.grads = FlatTensors(like, torch.float32, device)
        self.step_count = 0
        self.params.copy_from(like)

    def norm(self, average: Callable[[Tensor], None] | None = None) -> Tensor:
        """The gradients' overall norm, a scalar: not finite if any of them is not. It comes before every step.

        Args:
            average: puts the mean over all processes that train together into a flat buffer.
        """
        if average is not None:
            average(self.grads.flat)
        self._norms = torch._foreach_norm(self.grads.views)
        norm: Tensor = torch.linalg.vector_norm(torch.stack(self._norms))
        return norm

    @torch.no_grad()
    def step(self) -> None:
        """One update with the gradients, whose norm was asked for."""
        self.step_count += 1
        i = self.step_count
        sizes = torch.stack(torch._foreach_norm(self.params.views)).clamp_(min=SMALLEST_NORM)
        factors = (self.agc * sizes / torch.stack(self._norms)).clamp_(max=1.0)
        torch._foreach_mul_(self.grads.views, list(factors.unbind()))
        grad, nu, mu = self.grads.flat, self.nu.flat, self.mu.flat
        nu.mul_(BETA2).addcmul_(grad, grad, value=1 - BETA2)
        scale = (nu / (1 - BETA2**i)).sqrt_().add_(EPS)
        mu.mul_(BETA1).addcdiv_(grad, scale, value=1 - BETA1)
        self.params.flat.add_(mu, alpha=-learning_rate(i, self.lr, self.warmup) / (1 - BETA1**i))
