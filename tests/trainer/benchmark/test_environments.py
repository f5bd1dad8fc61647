"""Environments for other people's code: made once, by the real venv and pip, from a package that is at hand."""

from __future__ import annotations

import stat
import subprocess
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

from trainer.benchmark.environments import cache_dir, environment
from trainer.errors import UserError


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("appdirs.user_cache_dir", lambda name, appauthor: str(tmp_path / "cache" / name))


def wheel(folder: Path) -> Path:
    path = folder / "tiny-1.0-py3-none-any.whl"
    about = "tiny-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("tiny.py", "ANSWER = 42\n")
        file.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return path


def test_it_is_made_once(tmp_path: Path) -> None:
    said: list[str] = []
    requirements = [str(wheel(tmp_path))]
    python = environment("tiny", requirements, said.append)
    assert python.is_relative_to(cache_dir() / "peers" / "tiny")
    told = subprocess.run([python, "-c", "import tiny; print(tiny.ANSWER)"], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "42"
    assert environment("tiny", requirements, said.append) == python
    assert len(said) == 1
    assert "tiny-1.0" in said[0]


def test_what_pip_cannot_install_is_told_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def create(folder: Path, **how: Any) -> None:
        python = folder / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text("#!/bin/sh\necho 'ERROR: No matching distribution' >&2\nexit 1\n")
        python.chmod(python.stat().st_mode | stat.S_IXUSR)

    monkeypatch.setattr(venv, "create", create)
    for _ in range(2):  # the second time, too: nothing half made is taken for whole
        with pytest.raises(UserError, match=r"gone cannot be installed .*No matching distribution"):
            environment("gone", ["gone==1"], lambda line: None)
