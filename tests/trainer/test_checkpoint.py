from __future__ import annotations

import dataclasses
import json
import resource
import signal
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.agent.learner import Learner
from trainer.checkpoint import export_weights, fingerprint, load_agent, open_checkpoint, read_header, save_checkpoint
from trainer.checkpoint_header import FORMAT, Header
from trainer.config import SIZES, Config
from trainer.errors import UserError
from trainer.parameter_shapes import parameter_shapes
from trainer.randomness import torch_generator

CONFIG = Config(preset="debug", lr=1.0 / 3.0)
HEADER = Header(
    kind="full",
    config=CONFIG,
    num_actions=15,
    env_steps=12_345,
    updates=678,
    skipped=9,
    elapsed=1.0 / 7.0,
    normaliser=(-0.1, 2.0 / 3.0),
    provenance={"torch": torch.__version__},
    state={"owed": "7/3", "values": [0.1, 1e-300]},
)


def learner_tensors() -> dict[str, Tensor]:
    """A learner's state with noise everywhere, convolutions in their own memory order."""
    with torch.no_grad():
        learner = Learner(Agent(CONFIG.size), CONFIG)
        tensors = learner.state_tensors()
        for index, tensor in enumerate(tensors.values()):
            tensor.copy_(torch.randn(tensor.shape, generator=torch_generator(0, "test", index)))
    return {name: tensor for name, tensor in tensors.items() if not name.startswith("normaliser/")}


@pytest.fixture(scope="module")
def tensors() -> dict[str, Tensor]:
    extra = {"carry/deter": torch.randn(3, 8).bfloat16(), "env/0000": torch.arange(200, dtype=torch.uint8)}
    return learner_tensors() | extra


@pytest.fixture
def full(tensors: dict[str, Tensor], tmp_path: Path) -> Path:
    path = tmp_path / "full.safetensors"
    save_checkpoint(path, HEADER, tensors)
    return path


def test_what_is_saved_comes_back_to_the_bit(full: Path, tensors: dict[str, Tensor]) -> None:
    file = open_checkpoint(full)
    assert file.header == HEADER
    loaded = file.tensors()
    assert loaded.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert loaded[name].dtype == tensor.dtype
        assert loaded[name].equal(tensor), name
    assert file.tensors("env/").keys() == {"0000"}
    assert sorted(path.name for path in full.parent.iterdir()) == [full.name]


def test_the_same_state_makes_the_same_file(full: Path, tensors: dict[str, Tensor]) -> None:
    again = full.with_name("again.safetensors")
    save_checkpoint(again, HEADER, tensors)
    assert again.read_bytes() == full.read_bytes()


@pytest.mark.parametrize("preset", ["debug", "1m", "12m"])
def test_shapes_are_known_without_a_model(preset: str) -> None:
    agent = Agent(SIZES[preset])
    shapes = parameter_shapes(preset, 15)
    ours = {name: shape for name, shape in shapes.items() if not name.startswith("slowval/")}
    assert ours == {name: tuple(tensor.shape) for name, tensor in agent.named_parameters().items()}
    slow = {name.removeprefix("slowval/"): shape for name, shape in shapes.items() if name.startswith("slowval/")}
    assert slow == {name.removeprefix("val/"): shape for name, shape in ours.items() if name.startswith("val/")}


def test_an_agent_loads_with_nothing_beside_the_file(full: Path, tensors: dict[str, Tensor]) -> None:
    agent = load_agent(full, "cpu", torch.float32, generation=4)
    assert (agent.generation, agent.horizon, agent.size) == (4, CONFIG.horizon, CONFIG.size)
    for name, weight in agent.state_tensors().items():
        assert weight.equal(tensors[name]), name
    half = load_agent(full, "cpu", "bfloat16")
    assert half.dtype == torch.bfloat16
    assert half.state_tensors()["enc/cnn0/kernel"].equal(tensors["enc/cnn0/kernel"].bfloat16().float())


def test_exported_weights_are_small_and_load_as_well(full: Path, tensors: dict[str, Tensor]) -> None:
    target = full.with_name("weights.safetensors")
    export_weights(full, target)
    header = read_header(target)
    assert (header.kind, header.state, header.config, header.updates) == ("weights", {}, CONFIG, HEADER.updates)
    assert target.stat().st_size < full.stat().st_size / 4
    agent = load_agent(target, "cpu", torch.bfloat16)
    original = load_agent(full, "cpu", torch.bfloat16)
    for name, weight in agent.state_tensors().items():
        assert weight.equal(original.state_tensors()[name]), name
    weights = open_checkpoint(target).weights()
    assert weights["slowval/head/logits/bias"].equal(tensors["val/head/logits/bias"])


# What is not a checkpoint of ours


def parts(path: Path) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Table, description and data of a checkpoint."""
    content = path.read_bytes()
    (size,) = struct.unpack("<Q", content[:8])
    table = json.loads(content[8 : 8 + size])
    description = json.loads(table.pop("__metadata__")["dream_agent"])
    return table, description, content[8 + size :]


def write(path: Path, table: dict[str, Any], description: Any, data: bytes) -> None:
    text = json.dumps({"__metadata__": {"dream_agent": json.dumps(description)}, **table}).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def refused(path: Path, message: str) -> None:
    for read in (read_header, load_agent):
        with pytest.raises(UserError, match=message) as caught:
            read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_parts_and_write_make_the_same_checkpoint(full: Path) -> None:
    write(full, *parts(full))
    assert open_checkpoint(full).header == HEADER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\x80\x04\x95 a pickle, perhaps.",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 5) + b"\xff\xff\xff\xff\xff",
        struct.pack("<Q", 100_000) + b"[" * 100_000,
        struct.pack("<Q", 20) + b'{"__metadata__":null}',
    ],
)
def test_files_that_are_no_checkpoint_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(content)
    refused(path, r"no checkpoint|damaged|not made by Dream Agent")


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(tmp_path / "nowhere.safetensors", "there is no such file")
    refused(tmp_path, "is no file")


def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    import safetensors.torch

    path = tmp_path / "foreign.safetensors"
    safetensors.torch.save_file({"weight": torch.zeros(3)}, path, metadata={"format": "pt"})
    refused(path, "not made by Dream Agent")


def test_a_file_that_is_cut_short_or_too_long_is_refused(full: Path) -> None:
    content = full.read_bytes()
    for damaged in (content[:-1], content[: len(content) // 2], content + b"\0", content[:2000]):
        full.write_bytes(damaged)
        refused(full, r"cut short|foreign data")


Table = dict[str, Any]
NAME = "dyn/dyngru/kernel"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, d: d.update(format=FORMAT + 1), "update Dream Agent"),
        (lambda t, d: d.pop("format"), "format"),
        (lambda t, d: d.update(kind="pickle"), "its kind makes no sense"),
        (lambda t, d: d.update(updates=-1), "its updates makes no sense"),
        (lambda t, d: d.update(env_steps=True), "its env_steps makes no sense"),
        (lambda t, d: d.update(normaliser=[0.0, float("nan")]), "its normaliser makes no sense"),
        (lambda t, d: d.update(num_actions=10**9), "its num_actions makes no sense"),
        (lambda t, d: d["config"].update(game="pong"), "game is 'pong'"),
        (lambda t, d: d["config"].update(learning_rate=1.0), "no setting 'learning_rate'"),
        (lambda t, d: d["config"].update(preset="400m"), "preset 400m has"),
        (lambda t, d: d["config"].update(preset="1m"), "preset 1m has"),
        (lambda t, d: d["config"].update(preset=["1m"]), "preset is"),
        (lambda t, d: t.pop("val/head/logits/bias"), "cut short|foreign data|damaged"),
        (lambda t, d: t.update({"evil": t.pop(NAME)}), f"lacks {NAME}"),
        (lambda t, d: t.update({"enc/extra": t.pop("env/0000")}), "holds 'enc/extra'"),
        (lambda t, d: t[NAME].update(shape=t[NAME]["shape"][::-1]), f"{NAME} is F32"),
        (lambda t, d: t[NAME].update(shape=[2**62, 2**62]), "damaged"),
        (lambda t, d: t[NAME].update(shape=[-1]), "damaged"),
        (lambda t, d: t[NAME].update(shape="wide"), "damaged"),
        (lambda t, d: t[NAME].update(dtype="F64"), "damaged"),
        (lambda t, d: t[NAME].update(dtype=["F32"]), "damaged"),
        (lambda t, d: t[NAME].update(data_offsets=t["enc/cnn0/kernel"]["data_offsets"]), "damaged"),
        (lambda t, d: t[NAME].update(data_offsets=[0, 2**62]), "damaged"),
        (lambda t, d: t.update({NAME: None}), "damaged"),
    ],
)
def test_hostile_headers_are_refused_before_anything_is_allocated(
    full: Path, change: Callable[[Table, Table], Any], message: str
) -> None:
    table, description, data = parts(full)
    change(table, description)
    write(full, table, description, data)
    refused(full, message)


def test_a_description_that_is_no_mapping_is_refused(full: Path) -> None:
    table, _, data = parts(full)
    write(full, table, ["format", 1], data)
    refused(full, "damaged")


def test_weights_that_are_not_finite_are_refused(full: Path, tensors: dict[str, Tensor]) -> None:
    bad = tensors[NAME].clone()
    bad.view(-1)[7] = float("nan")
    save_checkpoint(full, HEADER, {**tensors, NAME: bad})
    with pytest.raises(UserError, match=f"{NAME} holds numbers that are not finite"):
        load_agent(full)


# What cannot be written


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(full: Path, tensors: dict[str, Tensor]) -> None:
    """The system's limit on the size of files stands for the disk's end: the write fails in the middle."""
    content = full.read_bytes()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
    try:
        with pytest.raises(UserError, match=r"full.safetensors: cannot be written .*free some space"):
            save_checkpoint(full, dataclasses.replace(HEADER, updates=999), tensors)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert full.read_bytes() == content
    assert [path.name for path in full.parent.iterdir()] == [full.name]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, tensors: dict[str, Tensor]) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match=r"file/x.safetensors: cannot be written"):
        save_checkpoint(tmp_path / "file" / "x.safetensors", HEADER, tensors)


def test_a_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    file, copy, other = (tmp_path / name for name in ("a.safetensors", "b.safetensors", "c.safetensors"))
    content = (16).to_bytes(8, "little") + bytes(16) + bytes(3 * 2**20)
    file.write_bytes(content)
    copy.write_bytes(content)
    assert fingerprint(file) == fingerprint(copy) and len(fingerprint(file)) == 16
    for changed in (content[:10] + b"x" + content[11:], content[:-1] + b"x", content + b"\0"):
        other.write_bytes(changed)
        assert fingerprint(other) != fingerprint(file)
    with pytest.raises(UserError, match="no such file"):
        fingerprint(tmp_path / "missing.safetensors")
