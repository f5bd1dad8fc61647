"""Compiling kernels.c for this very processor, once, where there is a C compiler with OpenMP; without importing torch.

What was compiled is kept in the person's cache folder, under a name that tells source, options and processor apart, and
with its own hash at its end: loading half a library ends the process.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

from trainer.cache_folder import cache_dir

_OPTIONS = (
    "-std=gnu11",
    "-O3",
    "-march=native",
    "-fopenmp",
    "-fno-math-errno",  # roots and roundings are instructions
    "-fno-trapping-math",  # both sides of a choice may be computed
    "-shared",
    "-fPIC",
)
_COMPILERS = ("gcc", "cc")
_HASH = 32  # bytes
_PATIENCE = 120.0  # seconds; it takes three

_failures: dict[Path, str] = {}
"""Why a file could not be made: tried once in a process, since a compiler may take its time to fail."""


class CannotCompile(Exception):
    """There are no compiled kernels here; the message says why, as part of a sentence."""


def place() -> Path:
    """The file of the kernels compiled from this source for this processor and torch, whether it is there or not."""
    facts = "\n".join([*_OPTIONS, _processor(), *map(str, _openmp_of_torch())]).encode()
    return cache_dir() / "kernels" / f"{hashlib.sha256(_source() + facts).hexdigest()[:32]}.so"


def is_compiled() -> bool:
    """Whether the file of the compiled kernels is there, whole."""
    try:
        content = place().read_bytes()
    except OSError:
        return False
    return hashlib.sha256(content[:-_HASH]).digest() == content[-_HASH:]


def compiled(say: Callable[[str], None] | None = None) -> Path:
    """The file of the compiled kernels, made now if it is not there.

    Args:
        say: hears that it takes a moment, and then how long it took.

    Raises:
        CannotCompile: there is no compiler, or it cannot do this, or the cache folder cannot be written.
    """
    made = place()
    if is_compiled():
        return made
    if sys.platform != "linux":
        raise CannotCompile("compiled kernels are written for Linux")
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        raise CannotCompile(f"there is no {' or '.join(_COMPILERS)} to compile kernels")
    if say is not None:
        say("Compiling kernels for this processor, which is done once and takes some seconds.")
    start = time.perf_counter()
    if failure := _failures.get(made) or _compile(compiler, made):
        _failures[made] = failure
        raise CannotCompile(failure)
    if say is not None:
        say(f"Compiled in {time.perf_counter() - start:.1f} s.")
    return made


def _compile(compiler: str, made: Path) -> str:
    """Makes the file; why that failed, or nothing."""
    try:
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent) as folder:  # several processes may be at it
            source, out = Path(folder, "kernels.c"), Path(folder, "kernels.so")
            source.write_bytes(_source())
            openmp = map(str, _openmp_of_torch())
            failure = _run([compiler, *_OPTIONS, str(source), "-Wl,--as-needed", *openmp, "-lm", "-o", str(out)])
            if failure:
                return failure
            content = out.read_bytes()
            out.write_bytes(content + hashlib.sha256(content).digest())
            os.replace(out, made)
    except OSError as error:
        return f"{made.parent} cannot be written ({error.strerror or error})"
    return ""


def _run(command: Sequence[str]) -> str:
    """Why the compiler made nothing; nothing if it did."""
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"{command[0]} took over {_PATIENCE:.0f} seconds to compile kernels"
    except OSError as error:
        return f"{command[0]} cannot be started ({error.strerror or error})"
    if done.returncode == 0 and Path(command[-1]).is_file():
        return ""
    lines = done.stderr.strip().splitlines() or ["it does not say why"]
    why = next((line for line in lines if "error" in line), lines[-1])
    return f"{command[0]} cannot compile kernels ({why.strip()})"


@cache
def _source() -> bytes:
    return resources.files("trainer.nn").joinpath("kernels.c").read_bytes()


@cache
def _processor() -> str:
    """What the processor can do, as far as the system tells: a home folder may be shared by several machines."""
    facts = [platform.machine(), *platform.libc_ver()]
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
        facts.append(next((line for line in lines if line.startswith(("flags", "Features"))), ""))
    return "\n".join(facts)


@cache
def _openmp_of_torch() -> list[Path]:
    """torch's own OpenMP, whose threads the kernels share: those of a second one would be in the way of the first's."""
    torch = importlib.util.find_spec("torch")
    assert torch is not None and torch.origin is not None
    return sorted((Path(torch.origin).parent / "lib").glob("libgomp*"))
