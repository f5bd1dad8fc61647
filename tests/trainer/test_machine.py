"""What else keeps the machine busy, on a made-up kernel's counters."""

from __future__ import annotations

import mmap
import sys
import time
from pathlib import Path

import pytest
import torch

from trainer import machine
from trainer.crew_member import CONTEXT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux's /proc/stat")


class Kernel:
    """A clock, this process's time and /proc/stat, all turned by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stat: Path) -> None:
        self._stat = stat
        self.now = self.own = 0.0
        self.turn(seconds=0, own=0, foreign=50)
        monkeypatch.setattr(machine, "_STAT", stat)
        monkeypatch.setattr(machine.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(machine.time, "process_time", lambda: self.own)
        monkeypatch.setattr(machine.os, "sysconf", lambda name: 100)

    def turn(self, seconds: float, own: float, foreign: float) -> None:
        self.now += seconds
        self.own += own
        self.foreign = getattr(self, "foreign", 0.0) + foreign
        jiffies = int(100 * (self.own + self.foreign))
        # user nice system idle iowait irq softirq steal guest guest_nice; guests are counted in user already
        self._stat.write_text(f"cpu  {jiffies - 9} 2 3 77777 888 1 1 2 5 5\ncpu0 1 2 3 4 5 6 7 8 9 10\n")


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kernel:
    return Kernel(monkeypatch, tmp_path / "stat")


def test_own_work_is_not_foreign(kernel: Kernel) -> None:
    meter = machine.LoadMeter()
    kernel.turn(seconds=10, own=19.5, foreign=0.2)
    assert meter.foreign_cores() == pytest.approx(0.02, abs=2e-3)


def test_a_busy_neighbour_is_seen(kernel: Kernel) -> None:
    meter = machine.LoadMeter()
    kernel.turn(seconds=10, own=9, foreign=10)
    foreign = meter.foreign_cores()
    assert foreign == pytest.approx(1.0, abs=2e-3)
    assert foreign is not None
    assert foreign > machine.BUSY_CORES


def test_processes_of_ours_are_not_foreign(kernel: Kernel) -> None:
    meter = machine.LoadMeter()
    kernel.turn(seconds=10, own=5, foreign=8)
    assert meter.foreign_cores(known=8.0) == pytest.approx(0.0, abs=2e-3)


def test_rounding_never_makes_the_load_negative(kernel: Kernel) -> None:
    meter = machine.LoadMeter()
    kernel.turn(seconds=1, own=1.009, foreign=0)
    assert meter.foreign_cores() == pytest.approx(0.0, abs=1e-2)


def test_the_real_counters_are_understood() -> None:
    foreign = machine.LoadMeter().foreign_cores()
    assert foreign is not None
    assert foreign >= 0


def test_rates_are_those_of_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_RATE_SECONDS", 0.0)
    monkeypatch.setattr(machine, "_fastest", lambda work, device: work() is not None and 0.5)
    monkeypatch.setattr(machine, "_COPIED", {"cpu": 1000})
    monkeypatch.setattr(machine, "_SIDES", {"cpu": 10})
    assert machine.copy_rate(torch.device("cpu")) == 2 * 1000 / 0.5
    assert machine.matrix_rate(torch.device("cpu"), torch.float32) == 2 * 10**3 / 0.5


def test_memory_held_now_grows_and_is_no_more_than_the_peak() -> None:
    before = machine.memory_bytes()
    with mmap.mmap(-1, 2**26) as held:  # not from the allocator, which may have had that much at hand
        held.write(b"x" * len(held))
        after = machine.memory_bytes()
    peak = machine.peak_memory_bytes(torch.device("cpu"))
    assert before is not None and after is not None and peak is not None
    assert after - before > 2**25
    assert after <= peak + 2**20  # the kernel counts both by batches of pages


def test_peak_memory_holds_what_was_allocated() -> None:
    block = torch.ones(64 * 2**20, dtype=torch.uint8)
    peak = machine.peak_memory_bytes(torch.device("cpu"))
    assert peak is not None
    assert block.nbytes < peak < 2**40


def held(process: int | str) -> int:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def test_processes_that_train_for_this_one_count_as_its_memory() -> None:
    child = CONTEXT.Process(target=time.sleep, args=(60,))
    child.start()
    assert child.pid is not None
    try:
        deadline = time.monotonic() + 30
        while held(child.pid) < 2**23:  # Python has begun
            assert time.monotonic() < deadline
        together = machine.memory_bytes()
        assert together is not None and together > held("self") + 2**22
    finally:
        child.kill()
        child.join()
