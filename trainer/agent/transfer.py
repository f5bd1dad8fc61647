"""Tensors between host and device, such that neither waits for the other longer than it must."""

from __future__ import annotations

import torch
from torch import Tensor


def upload(source: Tensor, target: Tensor) -> None:
    """Copies a tensor of any layout into one of the same shape and dtype, without waiting for the device.

    What lies in the host's memory goes through a page-locked block, which the device reads by itself while the host
    goes on; torch keeps such blocks, and uses one again only when the device has read it.
    """
    if source.device.type == "cpu":
        staged = torch.empty(target.shape, dtype=target.dtype, pin_memory=target.is_cuda)
        source = staged.copy_(source)
    target.copy_(source, non_blocking=True)


def to_host(*tensors: Tensor) -> list[Tensor]:
    """Tensors of one device in the host's memory, with one wait for all of them; those that are there come as is.

    From a GPU they come in page-locked blocks, of which there should be few: use them up at once.
    """
    host = [tensor.to("cpu", non_blocking=True) for tensor in tensors]
    if tensors[0].is_cuda:
        torch.cuda.current_stream(tensors[0].device).synchronize()
    return host
