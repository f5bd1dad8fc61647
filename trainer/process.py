"""What a process that runs the model sets up before the first tensor: the allocator and the threads.

glibc gives large blocks back to the kernel when they are freed, and the kernel clears every page anew when they are
asked for again: an update frees and asks for gigabytes. `mallopt` turns that off from inside the process, so nobody
has to set an environment variable or start the program twice. Measured on updates at preset 12m, batch 16x64,
bfloat16, 2 cores, glibc 2.36 (median seconds, page faults per update, peak GiB):

    as glibc has it                                    6.25   399,000   1.7
    GLIBC_TUNABLES with mmap_max and trim_threshold    5.29         9   2.0
    the same with hugetlb=1                            5.20         9   1.9
    mallopt, as here                                   4.72        10   2.1
    in a thread, as glibc has it                       6.23   471,000   1.7
    in a thread, mallopt without M_ARENA_MAX           6.30   332,000   1.8
    in a thread, mallopt, as here                      5.20         9   2.1

The arena limit is for whoever computes in a thread, as the window's player does and a notebook may: a thread's own
arena consists of 64 MiB maps that are unmapped when they are empty, whatever the threshold says.

OpenMP keeps its default of waiting actively. `OMP_WAIT_POLICY=PASSIVE` halves the harm that a foreign busy process does
(4.2 to 2.1 s an update at preset 1m), but makes an undisturbed update 1.7 times slower (1.3 to 2.2 s), and beside a
window it gains nothing; a shorter `GOMP_SPINCOUNT` helps neither.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys

M_TRIM_THRESHOLD = -1
M_TOP_PAD = -2
M_MMAP_MAX = -4
M_ARENA_MAX = -8

_allocator_set = False


def prepare(threads: int = 0) -> None:
    """Set up this process for torch: call it first thing in a program, a script or a notebook.

    The allocator is set once; later calls only set the threads. Memory that was freed stays with the process until
    :func:`give_memory_back` is called.

    Args:
        threads: that torch may use for one operation in the calling thread; 0 = every core this process may use.
    """
    tune_allocator()
    use_threads(threads)


def cores() -> int:
    """Processor cores this process may use (a container or `taskset` may allow fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def use_threads(threads: int = 0) -> int:
    """Set how many threads torch uses for operations of the *calling* thread, and return that number.

    OpenMP keeps a team per calling thread, so a worker calls this first thing in its own run.

    Args:
        threads: wished; 0 = every core. Never more than there are cores: threads that spin at a barrier while another
            waits for its core slow each other down by an order of magnitude.
    """
    import torch  # after the allocator is set, and only by those who need it

    count = min(threads, cores()) if threads > 0 else cores()
    torch.set_num_threads(count)
    return count


def give_memory_back() -> None:
    """Return freed memory to the system; for a window that lives on after training ended. Only glibc needs it."""
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def tune_allocator() -> None:
    """Set the allocator for the whole process, once: without torch, so that a thread can be begun before its import.

    It comes before the first thread: arenas that are there already stay in use.
    """
    global _allocator_set
    if _allocator_set:
        return
    _allocator_set = True
    libc = _glibc()
    if libc is None:
        return
    libc.mallopt(M_MMAP_MAX, 0)
    libc.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    libc.mallopt(M_TOP_PAD, 64 * 2**20)
    libc.mallopt(M_ARENA_MAX, 1)


def _glibc() -> ctypes.CDLL | None:
    """The C library if it is glibc: other allocators know neither these calls nor this trouble."""
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return None
    return ctypes.CDLL(None)
