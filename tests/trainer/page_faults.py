"""For the text of a program: it prints how many page faults it takes to fill and free the same memory again."""

PASSES = """
import resource
import numpy as np

def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def passes() -> None:
    for i in range(6):
        if i == 2:
            before = faults()
        blocks = [np.ones(2**20 * size, np.uint8) for size in (20, 48, 90)]
        del blocks
    print(faults() - before)
"""
"""Defines `passes()`: four passes over 158 MiB, after two that are not counted."""
