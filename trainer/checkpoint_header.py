"""What a checkpoint says of itself, read and held against what its config asks for, before any tensor is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from trainer.config import BEFORE, SIZES, Config, config_from
from trainer.errors import UserError
from trainer.parameter_shapes import SLOW, parameter_shapes
from trainer.plain_values import is_count, is_number

FORMAT = 1
"""Version of the format; files of a later one are refused."""
KEY = "dream_agent"
"""Where in a file's metadata it stands."""
_MOST_AXES = 8
_BYTES = {"F32": 4, "BF16": 2, "F16": 2, "U8": 1, "I64": 8}
_WEIGHT_DTYPES = ("F32", "BF16", "F16")
_RUNS_OWN = re.compile(r"(ranks/[1-9][0-9]{0,3}/)?(carry/(action|deter|stoch)|env/[0-9]{4})")
"""Names of the tensors that a run keeps beside its parameters; who takes them compares their shapes."""
_RUNS_OWN_AXES = 2

Kind = Literal["full", "weights"]


@dataclass(frozen=True)
class Header:
    """What a checkpoint says about itself.

    Attributes:
        kind: `full`, training can go on from it, or `weights`, for looking, evaluating and starting anew.
        config: of the run that made it.
        num_actions: of the policy.
        env_steps, updates, skipped: counters of the run.
        elapsed: seconds on the run's own clock.
        normaliser: (low, high) percentiles of the return normaliser.
        provenance: versions and other notes for people; nothing depends on them.
        state: JSON-able state of the training loop; empty for `weights`.
    """

    kind: Kind
    config: Config
    num_actions: int
    env_steps: int
    updates: int
    skipped: int = 0
    elapsed: float = 0.0
    normaliser: tuple[float, float] = (0.0, 0.0)
    provenance: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A tensor as the file's table lists it: its dtype in safetensors' words and its shape."""

    dtype: str
    shape: tuple[int, ...]


def parse_table(path: Path, text: bytes, data_size: int) -> tuple[dict[str, Entry], dict[str, Any]]:
    """Read a file's own header.

    Args:
        path: of the file. text: the header, JSON. data_size: bytes of the tensors behind it.

    Returns:
        The table of its tensors, and what the checkpoint says of itself, unchecked.

    Raises:
        UserError: it is damaged, cut short, or not one of ours.
    """
    damaged = UserError(f"{path}: is damaged or no checkpoint; choose another .safetensors file.")
    try:
        listing = json.loads(text.decode("utf-8"))
        metadata = listing.pop("__metadata__", {})
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise damaged from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get(KEY), str):
        raise UserError(f"{path}: was not made by Dream Agent; choose one of its own checkpoints.")
    table: dict[str, Entry] = {}
    spans: list[tuple[int, int]] = []
    for name, row in listing.items():
        if not isinstance(row, dict):
            raise damaged
        dtype: Any = row.get("dtype")
        shape: Any = row.get("shape")
        span: Any = row.get("data_offsets")
        if (
            not isinstance(dtype, str)
            or dtype not in _BYTES
            or not _whole_numbers(shape)
            or not _whole_numbers(span)
            or len(span) != 2
        ):
            raise damaged
        if span[1] - span[0] != math.prod(shape) * _BYTES[dtype]:
            raise damaged
        table[name] = Entry(dtype, tuple(shape))
        spans.append((span[0], span[1]))
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            raise damaged
        end = stop
    if end != data_size:
        raise UserError(f"{path}: is cut short or holds foreign data; choose another checkpoint.")
    try:
        description = json.loads(metadata[KEY])
    except (ValueError, RecursionError) as error:
        raise damaged from error
    if not isinstance(description, dict):
        raise damaged
    return table, description


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_AXES and all(map(is_count, value))


def header_of(path: Path, description: dict[str, Any]) -> Header:
    """Check what a checkpoint says of itself.

    Raises:
        UserError: some of it makes no sense, or it is of a later format.
    """
    version = description.get("format")
    if type(version) is not int or version < 1:
        raise UserError(f"{path}: is damaged, it tells no format; choose another checkpoint.")
    if version > FORMAT:
        raise UserError(f"{path}: has format {version}, this program reads up to {FORMAT}; update Dream Agent.")

    def part(name: str, fits: Callable[[Any], bool]) -> Any:
        value = description.get(name)
        if not fits(value):
            raise UserError(f"{path}: is damaged, its {name} makes no sense; choose another checkpoint.")
        return value

    def pair(value: Any) -> bool:
        return isinstance(value, list) and len(value) == 2 and all(map(is_number, value))

    def mapping(value: Any) -> bool:
        return isinstance(value, dict)

    low, high = part("normaliser", pair)
    config = config_from(part("config", mapping), str(path), BEFORE)
    if config.preset not in SIZES:
        raise UserError(f"{path}: is damaged, it leaves its preset open; choose another checkpoint.")
    return Header(
        kind=part("kind", lambda value: value in ("full", "weights")),
        config=config,
        num_actions=part("num_actions", lambda value: is_count(value) and 1 <= value <= 255),
        env_steps=part("env_steps", is_count),
        updates=part("updates", is_count),
        skipped=part("skipped", is_count),
        elapsed=float(part("elapsed", lambda value: is_number(value) and value >= 0)),
        normaliser=(float(low), float(high)),
        provenance=part("provenance", mapping),
        state=part("state", mapping),
    )


def check_parameters(path: Path, header: Header, table: Mapping[str, Entry]) -> None:
    """Compare the tensors that a file lists with those that a model of its config has.

    Raises:
        UserError: one is missing, too many, or of another shape or dtype.
    """
    shapes = parameter_shapes(header.config.preset, header.num_actions)
    full = header.kind == "full"
    for name, shape in shapes.items():
        wanted = [name] if full or not name.startswith(SLOW) else []
        if full and not name.startswith(SLOW):
            wanted += [f"nu/{name}", f"mu/{name}"]
        for key in wanted:
            entry = table.get(key)
            if entry is None:
                raise UserError(f"{path}: lacks {key}; it is damaged or of another model, choose another checkpoint.")
            allowed = ("F32",) if full else _WEIGHT_DTYPES
            if entry.shape != shape or entry.dtype not in allowed:
                raise UserError(
                    f"{path}: {key} is {entry.dtype} {list(entry.shape)}, preset {header.config.preset} has "
                    f"{list(shape)}; choose another checkpoint."
                )
    known = set(shapes) | ({f"{kind}/{name}" for kind in ("nu", "mu") for name in shapes} if full else set())
    for name in sorted(table.keys() - known):
        if not full or not _RUNS_OWN.fullmatch(name) or len(table[name].shape) > _RUNS_OWN_AXES:
            raise UserError(f"{path}: holds {name[:60]!r}, which no such model has; choose another checkpoint.")
