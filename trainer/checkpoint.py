"""One safe, self-describing `.safetensors` file per checkpoint; nothing is ever unpickled.

The metadata hold one JSON text: format, kind, config, counters, normaliser, provenance, and for a *full* checkpoint
the state of the training loop. Tensors go by the reference's parameter names (`enc/cnn0/kernel`); a full checkpoint
adds everything that training needs to go on (`nu/...`, `mu/...`, `carry/...`, `env/...`, and where several processes
train together the last two again for each but the first, below `ranks/1/`).

A file may come from anybody. Everything in its header is compared with what its config asks for before a model is
allocated or a tensor is read; whatever does not fit is a UserError that names the file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import safetensors
import safetensors.torch
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from trainer.agent.actor_critic import ActorCritic
from trainer.agent.agent import Agent
from trainer.config import SIZES, Config, config_from
from trainer.errors import UserError
from trainer.hardware import choose_device, choose_dtype
from trainer.small_files import reason, size_of_file
from trainer.world_model.world_model import WorldModel

FORMAT = 1
"""Version of the format; files of a later one are refused."""
_KEY = "dream_agent"
_LARGEST_HEADER = 16 * 2**20
_MOST_AXES = 8
_LARGEST_NUMBER = 1e30
_SIZES = {"F32": 4, "BF16": 2, "F16": 2, "U8": 1, "I64": 8}
_WEIGHT_DTYPES = ("F32", "BF16", "F16")

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


@dataclass(frozen=True)
class CheckpointFile:
    """A checkpoint whose header and table were read and found sound; tensors are read on demand.

    Attributes:
        path: the file. header: what it says of itself. table: name to dtype and shape of every tensor.
    """

    path: Path
    header: Header
    table: dict[str, Entry]

    def tensors(self, prefix: str = "") -> dict[str, Tensor]:
        """The tensors whose names begin with `prefix`, on the CPU, the prefix cut off.

        Raises:
            UserError: the file cannot be read any more.
        """
        names = [name for name in self.table if name.startswith(prefix)]
        with _reading(self.path), safetensors.safe_open(self.path, framework="pt", device="cpu") as file:
            return {name[len(prefix) :]: file.get_tensor(name) for name in names}

    def weights(self) -> dict[str, Tensor]:
        """Every parameter of the agent in float32, the slow value among them (the value's copy where it is missing).

        Raises:
            UserError: the file cannot be read any more, or a weight is not finite.
        """
        weights: dict[str, Tensor] = {}
        with _reading(self.path), safetensors.safe_open(self.path, framework="pt", device="cpu") as file:
            for name in parameter_shapes(self.header.config.preset, self.header.num_actions):
                stored = name if name in self.table else _value_name(name)
                weights[name] = file.get_tensor(stored).to(torch.float32)
                if not bool(torch.isfinite(weights[name]).all()):
                    raise UserError(f"{self.path}: {stored} holds numbers that are not finite; use another checkpoint.")
        return weights


def save_checkpoint(path: Path, header: Header, tensors: Mapping[str, Tensor]) -> None:
    """Writes a checkpoint to a temporary name, flushes it to the disk and renames it: whole or not at all.

    Args:
        path: the final name. header: its description. tensors: any device and memory order; stored contiguous.

    Raises:
        UserError: the folder cannot be written or the disk is full; a file of that name is left as it was.
    """
    description = {"format": FORMAT, **dataclasses.asdict(header)}
    contiguous = {name: tensor.detach().to("cpu").contiguous() for name, tensor in tensors.items()}
    contiguous = _unshared(contiguous)
    metadata = {_KEY: json.dumps(description)}

    def write(temporary: Path) -> None:
        try:
            safetensors.torch.save_file(contiguous, temporary, metadata=metadata)
        except safetensors.SafetensorError as error:  # the library's word for a failed write
            raise OSError(str(error)) from error

    write_safely(path, write)


def write_safely(path: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` fill a temporary file beside `path`, flushes it and gives it its name.

    A link is followed: the file that it names is replaced, the link stays.

    Raises:
        UserError: the folder cannot be written or the disk is full; a file of that name is left as it was. Or there is
            something of that name which is no file, such as a device.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not a file that could be replaced; give another name.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
        _flush_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise UserError(
            f"{path}: cannot be written ({error.strerror or error}); free some space or choose another folder."
        ) from error


def open_checkpoint(path: Path) -> CheckpointFile:
    """Reads and checks a checkpoint's header, no tensor.

    Raises:
        UserError: no such file, damaged, not one of ours, or not fitting its own config.
    """
    path = Path(path)
    total = size_of_file(path, "choose another checkpoint")
    with _reading(path), open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if total < 8 or not 2 <= size <= min(_LARGEST_HEADER, total - 8):
            raise UserError(f"{path}: is no checkpoint or is cut short; choose another .safetensors file.")
        text = file.read(size)
    table, description = _parse(path, text, total - 8 - size)
    header = _header(path, description)
    _check_parameters(path, header, table)
    return CheckpointFile(path, header, table)


def read_header(path: Path) -> Header:
    """What a checkpoint says of itself, checked as :func:`open_checkpoint` does."""
    return open_checkpoint(path).header


def fingerprint(path: Path) -> str:
    """A short name for a checkpoint's content: 64 bits of BLAKE2b over its length, its header and its last MiB.

    Counters and settings stand in the header, so two checkpoints of a run differ; a copy of a file does not.

    Returns:
        16 hexadecimal digits.

    Raises:
        UserError: the file cannot be read.
    """
    with _reading(path), open(path, "rb") as file:
        total = path.stat().st_size
        length = min(int.from_bytes(file.read(8), "little"), _LARGEST_HEADER)
        digest = hashlib.blake2b(total.to_bytes(8, "little"), digest_size=8)
        digest.update(file.read(length))
        file.seek(max(0, total - 2**20))
        digest.update(file.read())
        return digest.hexdigest()


def load_agent(
    path: Path,
    device: torch.device | str = "auto",
    dtype: torch.dtype | str = "auto",
    generation: int = 0,
) -> Agent:
    """An agent with a checkpoint's weights, for looking and evaluating.

    Args:
        path: of a full or a weights checkpoint.
        device: where it lives. dtype: compute type. Both `auto`: what suits this machine.
        generation: the number of these weights.

    Raises:
        UserError: the file is missing, damaged, hostile or foreign, or there is no such device.
    """
    file = open_checkpoint(path)
    weights = file.weights()
    config = file.header.config
    where = choose_device(device) if isinstance(device, str) else device
    with _NoDraws():
        agent = Agent(
            config.size,
            file.header.num_actions,
            dtype=choose_dtype(dtype, where) if isinstance(dtype, str) else dtype,
            device=where,
            generation=generation,
            horizon=config.horizon,
        )
    agent.load_state_tensors(weights)
    return agent


def export_weights(source: Path, target: Path, dtype: torch.dtype = torch.bfloat16) -> None:
    """Writes the weights of a checkpoint alone, to be shipped: no optimiser, no loop, no slow value.

    Args:
        source: any checkpoint. target: the file to write. dtype: of matrices and kernels; vectors stay float32.

    Raises:
        UserError: the source cannot be read or the target not written.
    """
    file = open_checkpoint(source)
    weights = {
        name: tensor.to(dtype) if tensor.dim() > 1 else tensor
        for name, tensor in file.weights().items()
        if not name.startswith(_SLOW)
    }
    save_checkpoint(target, dataclasses.replace(file.header, kind="weights", state={}), weights)


@functools.lru_cache(maxsize=8)
def parameter_shapes(preset: str, num_actions: int) -> Mapping[str, tuple[int, ...]]:
    """Name to shape of every parameter of an agent, the slow value among them, without allocating one."""
    with torch.device("meta"), _NoDraws():
        generator = torch.Generator("cpu")
        world_model = WorldModel(SIZES[preset], num_actions, generator, horizon=2)
        actor_critic = ActorCritic(SIZES[preset], num_actions, generator)
    parameters = [*world_model.named_parameters(), *actor_critic.named_parameters()]
    shapes = {name.replace(".", "/"): tuple(parameter.shape) for name, parameter in parameters}
    return shapes | {_SLOW + name[len(_VALUE) :]: shape for name, shape in shapes.items() if name.startswith(_VALUE)}


class _NoDraws(TorchFunctionMode):
    """Leaves out the initialisers' draws: they cost a second, and what they draw is not looked at."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") in ("uniform_", "erfinv_"):
            return args[0]
        return func(*args, **(kwargs or {}))


_SLOW = "slowval/"
_VALUE = "val/"


def _value_name(name: str) -> str:
    return _VALUE + name[len(_SLOW) :] if name.startswith(_SLOW) else name


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, none a view of another's memory: safetensors refuses those."""
    return {
        name: tensor if tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes() else tensor.clone()
        for name, tensor in tensors.items()
    }


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open folders; the rename is journalled there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _reading(path: Path) -> Any:
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; check the name.") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"{path}: cannot be read ({reason(error)}); choose another checkpoint.") from error


def _parse(path: Path, text: bytes, data_size: int) -> tuple[dict[str, Entry], dict[str, Any]]:
    damaged = UserError(f"{path}: is damaged or no checkpoint; choose another .safetensors file.")
    try:
        listing = json.loads(text.decode("utf-8"))
        metadata = listing.pop("__metadata__", {})
    except (ValueError, RecursionError, AttributeError, TypeError) as error:
        raise damaged from error
    if not isinstance(metadata, dict) or not isinstance(metadata.get(_KEY), str):
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
            or dtype not in _SIZES
            or not _whole_numbers(shape)
            or not _whole_numbers(span)
            or len(span) != 2
        ):
            raise damaged
        if span[1] - span[0] != math.prod(shape) * _SIZES[dtype]:
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
        description = json.loads(metadata[_KEY])
    except (ValueError, RecursionError) as error:
        raise damaged from error
    if not isinstance(description, dict):
        raise damaged
    return table, description


def _whole_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_AXES and all(map(_is_count, value))


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _header(path: Path, description: dict[str, Any]) -> Header:
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

    def number(value: Any) -> bool:
        return type(value) in (int, float) and abs(value) < _LARGEST_NUMBER

    def pair(value: Any) -> bool:
        return isinstance(value, list) and len(value) == 2 and all(map(number, value))

    def mapping(value: Any) -> bool:
        return isinstance(value, dict)

    low, high = part("normaliser", pair)
    config = config_from(part("config", mapping), str(path))
    if config.preset not in SIZES:
        raise UserError(f"{path}: is damaged, it leaves its preset open; choose another checkpoint.")
    return Header(
        kind=part("kind", lambda value: value in ("full", "weights")),
        config=config,
        num_actions=part("num_actions", lambda value: _is_count(value) and 1 <= value <= 255),
        env_steps=part("env_steps", _is_count),
        updates=part("updates", _is_count),
        skipped=part("skipped", _is_count),
        elapsed=float(part("elapsed", lambda value: number(value) and value >= 0)),
        normaliser=(float(low), float(high)),
        provenance=part("provenance", mapping),
        state=part("state", mapping),
    )


def _check_parameters(path: Path, header: Header, table: Mapping[str, Entry]) -> None:
    shapes = parameter_shapes(header.config.preset, header.num_actions)
    full = header.kind == "full"
    for name, shape in shapes.items():
        wanted = [name] if full or not name.startswith(_SLOW) else []
        if full and not name.startswith(_SLOW):
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
    extra = [
        name for name in table if name not in known and not (full and name.startswith(("carry/", "env/", "ranks/")))
    ]
    if extra:
        raise UserError(f"{path}: holds {extra[0][:60]!r}, which no such model has; choose another checkpoint.")
