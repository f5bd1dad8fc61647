"""Compiling the kernels: once, said, kept apart by processor; and what is told where it cannot be done."""

from __future__ import annotations

import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.kernels_support import compiled_only
from trainer.config import Config
from trainer.errors import UserError
from trainer.nn import compiling, native
from trainer.nn.compiling import CannotCompile, compiled
from trainer.settle import settle, use_kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are compiled on Linux only")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder without kernels, a loader that has none yet, and a compiler that takes no pains."""
    monkeypatch.setattr(compiling, "_OPTIONS", tuple("-O0" if each == "-O3" else each for each in compiling._OPTIONS))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    native.load.cache_clear()
    yield tmp_path / "dream-agent" / "kernels"
    native.load.cache_clear()


def _compiler(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program in the compiler's place."""
    gcc = folder / "bin" / "gcc"
    gcc.parent.mkdir()
    gcc.write_text(f"#!/bin/sh\n{script}\n")
    gcc.chmod(gcc.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{gcc.parent}:/usr/bin:/bin")


@compiled_only
def test_they_are_compiled_once_and_that_is_said(cache: Path) -> None:
    said: list[str] = []
    assert not native.loads_at_once() and not cache.exists(), "asking compiles nothing"
    made = compiled(said.append)
    assert [line.split()[0] for line in said] == ["Compiling", "Compiled"]
    assert compiled(said.append) == made and len(said) == 2
    assert list(cache.iterdir()) == [made], "nothing else is left there"
    assert native.loads_at_once()


@compiled_only
def test_several_at_once_get_the_same_kernels(cache: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        assert len(set(pool.map(lambda _: compiled(), range(2)))) == 1
    assert len(list(cache.iterdir())) == 1


def test_another_processor_has_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    here = compiling.place()
    monkeypatch.setattr(compiling, "_processor", lambda: "another one")
    assert compiling.place() != here


def test_without_a_compiler_training_takes_torchs_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(cache))
    with pytest.raises(CannotCompile):
        compiled(pytest.fail)
    assert settle(Config(preset="debug", device="cpu", dtype="float32", threads=1)).kernels == "torch"
    with pytest.raises(UserError, match=r"kernels is compiled, but there is no gcc or cc .*; mend that, or take torch"):
        settle(Config(preset="debug", kernels="compiled", device="cpu", dtype="float32", threads=1))
    with pytest.raises(UserError, match="kernels is compiled, but"):  # settled by another machine
        use_kernels("compiled")


def test_a_compiler_that_cannot_do_it_says_why_and_is_not_asked_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first error counts, in whatever letters; hints and what the linker says after it do not."""
    asked = tmp_path / "asked"
    message = r"printf 'kernels.c: In function x\n\351: error: no OpenMP\nnote: a hint\nld returned 1\n' >&2"
    _compiler(tmp_path, monkeypatch, f"echo once >> {asked}; {message}; exit 1")
    for _ in range(2):
        with pytest.raises(CannotCompile, match=r"cannot compile kernels .*: error: no OpenMP\)$"):
            compiled()
    assert asked.read_text() == "once\n"
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize(
    ("script", "message"),
    [("exit 0", "cannot compile kernels .it does not say why"), ("", "cannot be started")],
)
def test_a_compiler_that_is_none_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    _compiler(tmp_path, monkeypatch, script)
    if not script:
        (tmp_path / "bin" / "gcc").write_text("neither a script nor a program")
    with pytest.raises(CannotCompile, match=message):
        compiled()


def test_a_compiler_that_never_ends_is_not_waited_for(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _compiler(tmp_path, monkeypatch, "exec sleep 600")
    monkeypatch.setattr(compiling, "_PATIENCE", 0.1)
    with pytest.raises(CannotCompile, match="took over"):
        compiled()


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dream-agent").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    _compiler(tmp_path, monkeypatch, "exit 0")
    with pytest.raises(CannotCompile, match=f"{tmp_path}.* cannot be written"):
        compiled()


@compiled_only
def test_half_a_file_is_made_anew(cache: Path) -> None:
    """As a machine that loses its power may leave it."""
    made = compiled()
    whole = made.read_bytes()
    for left in (0, 100, len(whole) // 2, len(whole) - 1):
        made.write_bytes(whole[:left])
        assert not native.loads_at_once()
    native.load()
    assert made.read_bytes() == whole and native.loads_at_once()


def test_what_is_no_library_is_named(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _compiler(tmp_path, monkeypatch, 'while [ "$1" != -o ]; do shift; done; echo hello > "$2"')
    with pytest.raises(CannotCompile, match=f"{compiling.place()} cannot be loaded"):
        native.load()


@compiled_only
def test_they_are_found_without_torch() -> None:
    """The driver of several processes compiles for them, and starts before torch is there."""
    script = "import sys; from trainer.nn.compiling import is_compiled; print(is_compiled(), 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
