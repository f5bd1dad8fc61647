"""`main.py benchmark`: how fast this machine trains, plays and dreams, and how that grows and compares.

What is timed is a real training run: the loop that `train` drives, on real games, in a temporary folder. So an update
here is an update there, its sampling and the write-back of latents included, and after the same number of updates the
parameters are the same to the bit: `hash_after_5_updates` can be held against any run of that seed.
"""

from trainer.benchmark.fingerprint import checkpoint_hash
from trainer.benchmark.suite import run_benchmark
from trainer.benchmark.updates import HASHED_UPDATES
from trainer.benchmark.words import report_lines

__all__ = ["HASHED_UPDATES", "checkpoint_hash", "report_lines", "run_benchmark"]
