"""A fingerprint of parameters: what shows that two ways to the same update give the same bits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from trainer.checkpoint import open_checkpoint


def parameter_hash(weights: Mapping[str, Tensor]) -> str:
    """A fingerprint of float32 parameters by name: BLAKE2b over names and bits, names in order, 32 hex digits."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


def checkpoint_hash(path: Path) -> str:
    """The same fingerprint of a checkpoint's parameters.

    Raises:
        UserError: the file cannot be used.
    """
    weights = open_checkpoint(path).weights()
    return parameter_hash({name: tensor for name, tensor in weights.items() if not name.startswith("slowval/")})
