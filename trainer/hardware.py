"""What the machine can do: devices and compute types, chosen once at the start."""

from __future__ import annotations

import torch

from trainer.errors import UserError


def choose_device(wanted: str) -> torch.device:
    """The device of `auto`, `cpu` or `cuda`.

    Raises:
        UserError: CUDA is asked for and there is none, or the name is unknown.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted not in ("cpu", "cuda"):
        raise UserError(f"device {wanted!r} is unknown: choose auto, cpu or cuda")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device cuda was asked for, but torch sees no CUDA GPU here: use --device cpu")
    return torch.device(wanted)


def multiplies_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 itself, rather than emulating it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def choose_dtype(wanted: str, device: torch.device) -> torch.dtype:
    """The compute type of `auto`, `float32` or `bfloat16`.

    Raises:
        UserError: the name is unknown.
    """
    if wanted == "auto":
        return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32
    if wanted not in ("float32", "bfloat16"):
        raise UserError(f"dtype {wanted!r} is unknown: choose auto, float32 or bfloat16")
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32
