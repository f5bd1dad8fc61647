import os
import platform
import subprocess
import sys

import pytest
import torch

from tests.trainer.page_faults import PASSES
from trainer.process import cores, prepare, use_threads

ALLOCATIONS = (
    PASSES
    + """
import sys, threading
from trainer.process import give_memory_back, prepare

def resident() -> int:
    return int(open("/proc/self/statm").read().split()[1])

if sys.argv[1] == "prepared":
    prepare(1)
passes()
thread = threading.Thread(target=passes)
thread.start()
thread.join()
held = resident()
give_memory_back()
print((held - resident()) * resource.getpagesize())
"""
)


def allocations(how: str) -> list[int]:
    """Page faults of four passes over 158 MiB in the main thread and in another one, and the bytes given back."""
    done = subprocess.run([sys.executable, "-c", ALLOCATIONS, how], check=True, capture_output=True, text=True)
    return [int(line) for line in done.stdout.split()]


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator in question is glibc's")
def test_memory_stays_with_a_prepared_process_until_it_is_given_back() -> None:
    main, thread, given_back = allocations("prepared")
    plain_main, plain_thread, _ = allocations("plain")
    assert main < plain_main / 100
    assert thread < plain_thread / 100
    assert given_back > 100 * 2**20


def test_no_more_threads_than_cores() -> None:
    before = torch.get_num_threads()
    try:
        assert use_threads(1000) == cores() == torch.get_num_threads()
        assert use_threads(1) == 1 == torch.get_num_threads()
        assert use_threads(0) == cores()
        prepare(1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to cores")
def test_cores_are_those_this_process_may_use() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
