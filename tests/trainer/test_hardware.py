"""What is given is taken; what is left open is measured, and needs a clear lead to be other than expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch

from trainer import hardware
from trainer.errors import UserError
from trainer.hardware import MARGIN, Choice, choose, memory_bytes, rates


@pytest.fixture
def measuring() -> list[Choice]:
    """What was measured, in order."""
    return []


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, measuring: list[Choice]) -> Iterator[dict[Choice, float]]:
    """Eight cores that multiply bfloat16; seconds of each option are made up by the test, others take one."""
    seconds: dict[Choice, float] = {}

    def probe(choice: Choice) -> Callable[[], object]:
        return lambda: measuring.append(choice)

    def timed(work: Callable[[], object], device: torch.device) -> float:
        work()
        return seconds.get(measuring[-1], 1.0)

    monkeypatch.setattr(hardware, "_probe", probe)
    monkeypatch.setattr(hardware, "_timed", timed)
    monkeypatch.setattr(hardware, "cores", lambda: 8)
    monkeypatch.setattr(hardware, "use_threads", lambda threads: threads)
    monkeypatch.setattr(hardware, "multiplies_bfloat16", lambda device: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    choose.cache_clear()
    yield seconds
    choose.cache_clear()


EXPECTED = Choice("cpu", "bfloat16", 8)


def test_the_expected_is_taken_where_nothing_is_clearly_faster(machine: dict[Choice, float]) -> None:
    machine[Choice("cpu", "float32", 8)] = 1 / MARGIN + 0.01
    machine[Choice("cpu", "bfloat16", 4)] = 0.9
    assert choose("auto", "auto", 0) == EXPECTED


@pytest.mark.parametrize("faster", [Choice("cpu", "float32", 8), Choice("cpu", "bfloat16", 4)])
def test_what_is_clearly_faster_is_taken(machine: dict[Choice, float], faster: Choice) -> None:
    machine[faster] = 0.5
    assert choose("auto", "auto", 0) == faster


def test_who_is_far_behind_is_measured_once(machine: dict[Choice, float], measuring: list[Choice]) -> None:
    far = Choice("cpu", "float32", 8)
    machine |= {far: MARGIN + 0.01, Choice("cpu", "float32", 4): 3.0}
    choose("auto", "auto", 0)
    assert measuring.count(far) == 1
    assert measuring.count(Choice("cpu", "bfloat16", 4)) == measuring.count(EXPECTED) > 1


def test_what_is_given_is_taken_however_slow(machine: dict[Choice, float]) -> None:
    machine[Choice("cpu", "bfloat16", 2)] = 0.1
    assert choose("cpu", "float32", 3) == Choice("cpu", "float32", 3)
    assert choose("auto", "auto", 2) == Choice("cpu", "bfloat16", 2)
    assert choose("cpu", "float32", 64).threads == 8, "never more than there are cores"


def test_a_gpu_is_taken_unless_the_processor_is_faster(
    machine: dict[Choice, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose("auto", "auto", 0) == Choice("cuda", "bfloat16", 8)
    choose.cache_clear()
    machine[EXPECTED] = 0.2
    assert choose("auto", "auto", 0) == EXPECTED


def test_a_real_machine_is_measured_once() -> None:
    choose.cache_clear()
    chosen = choose("cpu", "auto", 1)
    assert chosen in (Choice("cpu", "float32", 1), Choice("cpu", "bfloat16", 1))
    assert choose("cpu", "auto", 1) is chosen
    measured = rates(chosen)
    assert measured.flops > 1e6
    assert 1e-8 < measured.call < 1e-2


def test_names_are_checked() -> None:
    with pytest.raises(UserError, match="tpu"):
        choose("tpu", "auto", 0)
    with pytest.raises(UserError, match="float16"):
        choose("cpu", "float16", 0)


def test_memory_is_that_of_the_machine_or_of_its_container(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("cgroup")
    unlimited, limited = folder / "unlimited", folder / "limited"
    unlimited.write_text("max\n")
    limited.write_text(f"{2**28}\n")
    monkeypatch.setattr(hardware, "_CGROUP_LIMITS", (unlimited, folder / "missing"))
    whole = memory_bytes("cpu")
    assert whole > 2**29
    monkeypatch.setattr(hardware, "_CGROUP_LIMITS", (unlimited, limited))
    assert memory_bytes("cpu") == 2**28
