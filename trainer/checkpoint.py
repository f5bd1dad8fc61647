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
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.checkpoint_header import FORMAT, KEY, Entry, Header, check_parameters, header_of, parse_table
from trainer.errors import UserError
from trainer.hardware import choose_device, choose_dtype
from trainer.parameter_shapes import SLOW, NoDraws, parameter_shapes, value_name
from trainer.safe_writing import write_safely
from trainer.small_files import reason, size_of_file

_LARGEST_HEADER = 16 * 2**20


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
                stored = name if name in self.table else value_name(name)
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
    metadata = {KEY: json.dumps(description)}

    def write(temporary: Path) -> None:
        try:
            safetensors.torch.save_file(contiguous, temporary, metadata=metadata)
        except safetensors.SafetensorError as error:  # the library's word for a failed write
            raise OSError(str(error)) from error

    write_safely(path, write)


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
    table, description = parse_table(path, text, total - 8 - size)
    header = header_of(path, description)
    check_parameters(path, header, table)
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
    with NoDraws():
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
        source: any checkpoint. target: the file to write.
        dtype: of the matrices and kernels that an agent of this type rounds; the others and all vectors stay float32.

    Raises:
        UserError: the source cannot be read or the target not written.
    """
    file = open_checkpoint(source)
    used = load_agent(source, "cpu", dtype).named_parameters()
    weights = {
        name: tensor.to(used[name].dtype) if tensor.dim() > 1 else tensor
        for name, tensor in file.weights().items()
        if not name.startswith(SLOW)
    }
    save_checkpoint(target, dataclasses.replace(file.header, kind="weights", state={}), weights)


def _unshared(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors, none a view of another's memory: safetensors refuses those."""
    return {
        name: tensor if tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes() else tensor.clone()
        for name, tensor in tensors.items()
    }


@contextlib.contextmanager
def _reading(path: Path) -> Any:
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; check the name.") from error
    except (OSError, safetensors.SafetensorError) as error:
        raise UserError(f"{path}: cannot be read ({reason(error)}); choose another checkpoint.") from error
