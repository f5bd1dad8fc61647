"""What the machine can do: devices and compute types, its memory, and how fast it is, by a short measurement.

Playing takes what suits the machine at a glance (:func:`choose_device`, :func:`choose_dtype`). Training takes hours, so
what it leaves open is measured first (:func:`choose`), in a few tenths of a second.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
import torch.nn.functional as F

from trainer.errors import UserError
from trainer.process import cores, use_threads

MARGIN = 1.25
"""How many times as fast as the expected choice another one must be measured to be taken: a machine that is a little
disturbed must choose as it does at rest, or the same seed would not give the same run."""

_SIDE = 1024  # batch x length of an update, and about the width of what it multiplies
_ROWS, _WIDTH = 16, 256  # of a recurrent step
_LAYERS = 16
_CALLS = 100
_ROUNDS = 3
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True, slots=True)
class Choice:
    """Where and how to train.

    Attributes:
        device: `cpu` or `cuda`. dtype: compute type, `float32` or `bfloat16`. threads: that torch uses on the CPU.
    """

    device: str
    dtype: str
    threads: int


@dataclass(frozen=True, slots=True)
class Rates:
    """How fast a choice is.

    Attributes:
        flops: floating-point operations a second, in a matrix product.
        call: seconds of a tensor operation that has next to nothing to do.
    """

    flops: float
    call: float


def choose_device(wanted: str) -> torch.device:
    """The device of `auto`, `cpu` or `cuda`.

    Raises:
        UserError: CUDA is asked for and there is none, or the name is unknown.
    """
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if wanted not in ("cpu", "cuda"):
        raise UserError(f"device {wanted!r} is unknown: choose auto, cpu or cuda.")
    if wanted == "cuda" and not torch.cuda.is_available():
        raise UserError("device cuda was asked for, but torch sees no CUDA GPU here: use --device cpu.")
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
        raise UserError(f"dtype {wanted!r} is unknown: choose auto, float32 or bfloat16.")
    return torch.bfloat16 if wanted == "bfloat16" else torch.float32


@functools.cache
def choose(device: str, dtype: str, threads: int) -> Choice:
    """What to train with: what is given is taken, and what is left open is measured, once in a process.

    Expected to be fastest, and taken unless something else is so by :data:`MARGIN`: CUDA where there is a GPU, bfloat16
    where the hardware multiplies it, and every core. Measured beside it are the CPU, float32 and, on a CPU, half the
    cores (which serve better where two share their arithmetic, or where something else keeps one busy). Who is as far
    behind as it would have to lead is not measured again.

    Args:
        device: `auto`, `cpu` or `cuda`. dtype: `auto`, `float32` or `bfloat16`. threads: 0 = open.

    Raises:
        UserError: CUDA is asked for and there is none, or a name is unknown.
    """
    expected, *others = _options(device, dtype, threads)
    if not others:
        return expected
    probes = {option: _probe(option) for option in (expected, *others)}
    times = dict.fromkeys(probes, math.inf)
    for _ in range(_ROUNDS):  # in turn, so that what disturbs one disturbs all
        for option, probe in probes.items():
            use_threads(option.threads)
            times[option] = min(times[option], _timed(probe, torch.device(option.device)))
        probes = {option: probe for option, probe in probes.items() if times[option] < times[expected] * MARGIN}
        if len(probes) == 1:  # all others are far behind
            return expected
    best = min(others, key=lambda option: times[option])
    return best if times[best] * MARGIN < times[expected] else expected


@functools.cache
def rates(choice: Choice) -> Rates:
    """How fast a choice is, measured once in a process, in a few hundredths of a second."""
    use_threads(choice.threads)
    device, dtype = torch.device(choice.device), getattr(torch, choice.dtype)
    multiply = _product(device, dtype)
    tiny = torch.ones(_ROWS, dtype=dtype, device=device)

    def calls() -> None:
        for _ in range(_CALLS):
            torch.add(tiny, tiny)

    return Rates(
        flops=2.0 * _SIDE**3 / min(_timed(multiply, device) for _ in range(_ROUNDS)),
        call=min(_timed(calls, device) for _ in range(_ROUNDS)) / _CALLS,
    )


def memory_bytes(device: str) -> int:
    """Memory of a device, whether free or not: of the GPU, or what this process may have of the machine's."""
    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    if sys.platform == "win32":
        return _windows_memory()
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limits = [path.read_text().strip() for path in _CGROUP_LIMITS if path.is_file()]
    return min([whole, *(int(limit) for limit in limits if limit.isdecimal())])


# In the order of preference


def _options(device: str, dtype: str, threads: int) -> list[Choice]:
    devices = [choose_device(device)]
    if device == "auto" and devices[0].type != "cpu":
        devices.append(torch.device("cpu"))
    options = []
    for place in devices:
        first = choose_dtype(dtype, place)
        dtypes = [first] if dtype != "auto" or first == torch.float32 else [first, torch.float32]
        counts = [min(threads, cores())] if threads else [cores()]
        if not threads and place.type == "cpu" and cores() > 1:
            counts.append(cores() // 2)
        options += [Choice(place.type, _name(kind), count) for kind, count in product(dtypes, counts)]
    return options


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


# Measuring


def _probe(choice: Choice) -> Callable[[], object]:
    """What an update is made of: a large product, and small layers one after the other."""
    device, dtype = torch.device(choice.device), getattr(torch, choice.dtype)
    multiply, layers = _product(device, dtype), _layers(device, dtype)

    def probe() -> None:
        multiply()
        layers()

    return probe


def _product(device: torch.device, dtype: torch.dtype) -> Callable[[], object]:
    left = torch.ones(_SIDE, _SIDE, dtype=dtype, device=device)
    out = torch.empty_like(left)
    multiply = functools.partial(torch.mm, left, left, out=out)
    multiply()
    return multiply


def _layers(device: torch.device, dtype: torch.dtype) -> Callable[[], object]:
    x = torch.ones(_ROWS, _WIDTH, dtype=dtype, device=device)
    kernel = torch.full((_WIDTH, _WIDTH), 1 / _WIDTH, dtype=dtype, device=device)

    def layers() -> None:
        y = x
        for _ in range(_LAYERS):
            y = F.silu(F.rms_norm(y @ kernel, (_WIDTH,)))

    layers()
    return layers


def _timed(work: Callable[[], object], device: torch.device) -> float:
    _finish(device)
    start = time.perf_counter()
    work()
    _finish(device)
    return time.perf_counter() - start


def _finish(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of the Windows API."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("whole", ctypes.c_ulonglong),
        ("others", ctypes.c_ulonglong * 6),
    )


def _windows_memory() -> int:
    status = _MemoryStatus()
    status.length = ctypes.sizeof(status)
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))  # type: ignore[attr-defined,unused-ignore]
    return int(status.whole)
