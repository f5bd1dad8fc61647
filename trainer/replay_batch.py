"""What replay hands to an update, and latents between torch and the bits that are stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LatentDtype = Literal["bfloat16", "float32"]
RAW_DTYPES: dict[str, str] = {"bfloat16": "<u2", "float32": "<f4"}
"""How `deter` is stored: numpy has no bfloat16, so its bits are kept as uint16."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences of consecutive steps of one stream each, episode borders included.

    B sequences, T steps (the first one is replay context: only its latent and its action are used), D deter, S stoch.

    Attributes:
        frame: (B, T, 64, 64, 3) uint8. On an end step the last frame again.
        reward: (B, T) float32, received on arriving at the step.
        action: (B, T) int64, chosen at the step; 0 on an end step, where it leads nowhere.
        is_first: (B, T) bool; `is_first[:, 0]` is always True, as the reference marks it.
        is_last: (B, T) bool, end steps: no image there (image, dyn and rep weights 0, z from the prior).
        is_terminal: (B, T) bool, end steps of deaths and wins, not of time-outs.
        level_seed: (B, T) int32.
        deter: (B, D) stored latent of step 0, raw: uint16 bits of bfloat16, or float32 (see `context_latent`).
        stoch: (B, S) uint8 classes of step 0.
        positions: (B, T) int64, where the steps lie; for `Replay.write_latents`.
        consumed: entries of the online queue this batch uses up once it is committed.
        ticket: commits before this batch was drawn; only the newest state of replay takes it back.
    """

    frame: NDArray[np.uint8]
    reward: NDArray[np.float32]
    action: NDArray[np.int64]
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]
    is_terminal: NDArray[np.bool_]
    level_seed: NDArray[np.int32]
    deter: NDArray[np.generic]
    stoch: NDArray[np.uint8]
    positions: NDArray[np.int64]
    consumed: int = 0
    ticket: int = 0


def raw_deter(deter: Tensor | NDArray[np.generic], latent_dtype: LatentDtype) -> NDArray[np.generic]:
    """`deter` as it is stored.

    Args:
        deter: any shape, a floating tensor on any device, or an array that is raw already.
        latent_dtype: `bfloat16` (bits as uint16) or `float32`.

    Raises:
        TypeError: an array of another dtype than the stored one.
    """
    if isinstance(deter, Tensor):
        if latent_dtype == "bfloat16":
            return deter.detach().to("cpu", torch.bfloat16).contiguous().view(torch.int16).numpy().view(np.uint16)
        return deter.detach().to("cpu", torch.float32).numpy()
    if deter.dtype != np.dtype(RAW_DTYPES[latent_dtype]):
        raise TypeError(f"raw deter is {RAW_DTYPES[latent_dtype]} for {latent_dtype}, not {deter.dtype}")
    return deter


def raw_stoch(stoch: Tensor | NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
    """Class indices as they are stored (uint8): every preset has at most 96 classes."""
    if isinstance(stoch, Tensor):
        return stoch.detach().to("cpu", torch.uint8).numpy()
    return stoch.astype(np.uint8, copy=False)


def context_latent(batch: Batch, dtype: torch.dtype, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """The latent an update starts from: that of each sequence's first step.

    Returns:
        deter (B, D) in `dtype` and stoch (B, S) int64 class indices, on `device`.
    """
    if batch.deter.dtype == np.uint16:
        deter = torch.from_numpy(batch.deter.view(np.int16)).view(torch.bfloat16)
    else:
        deter = torch.from_numpy(batch.deter)
    return deter.to(device, dtype), torch.from_numpy(batch.stoch).to(device, torch.int64)
