"""For every test: no display is needed, and nobody's own settings, runs or keys are touched."""

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

if "PYTEST_XDIST_WORKER" in os.environ:  # another one is beside it: a core each, and no waiting threads that spin
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture(scope="session", autouse=True)
def folders_of_nobody() -> Iterator[None]:
    """Where a person's data, settings and caches go, for this process and those it starts."""
    with tempfile.TemporaryDirectory(prefix="dream-agent-tests-") as folder, pytest.MonkeyPatch.context() as patch:
        for name in ("DATA", "CONFIG", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(Path(folder) / name.lower()))
        if sys.platform == "darwin":
            patch.setenv("HOME", folder)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_kernels(folders_of_nobody: None) -> None:
    """Compiled kernels wherever there is a compiler, from the first test on."""
    from trainer.nn.compiling import CannotCompile
    from trainer.nn.fused import use_compiled

    try:
        use_compiled(True)
    except CannotCompile:
        use_compiled(False)
