"""What a process that runs the model sets up before the first tensor: the allocator and the threads.

glibc gives large blocks back to the kernel when they are freed, and the kernel clears every page anew when they are
asked for again: an update frees and asks for gigabytes. `mallopt` turns that off from inside the process, so nobody
has to set an environment variable or start the program twice.
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
    _tune_allocator()
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


def _tune_allocator() -> None:
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
