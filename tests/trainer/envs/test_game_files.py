"""The files of the games are read beside an import, by a thread that leaves the allocator as it should be."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

from tests.trainer.page_faults import PASSES

AS_AT_THE_START = (
    PASSES
    + """
import sys, threading
from trainer.envs.game_files import begin_loading

loading = begin_loading()
assert "torch" not in sys.modules, "it would have to be waited for"
loading.join()

for _ in range(2):
    thread = threading.Thread(target=passes)
    thread.start()
    thread.join()
"""
)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the allocator in question is glibc's")
def test_later_threads_inherit_no_arena_from_it() -> None:
    done = subprocess.run([sys.executable, "-c", AS_AT_THE_START], check=True, capture_output=True, text=True)
    assert max(map(int, done.stdout.split())) < 100
