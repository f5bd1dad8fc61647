"""What holds for the project as a whole: its layers, what is installed, and what an import brings along."""

import os
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import dream_viewer
import trainer

ROOT = Path(__file__).parent.parent
PACKAGES = ("trainer", "dream_viewer", "resources")


def loaded_after(statement: str) -> set[str]:
    """Top-level names of the modules that a fresh interpreter holds after a statement."""
    code = f"import sys; {statement}; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def modules_of(package: object) -> list[str]:
    path, name = package.__path__, package.__name__  # type: ignore[attr-defined]
    return [name, *(module.name for module in pkgutil.walk_packages(path, f"{name}."))]


def test_the_arrows_run_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert lint_imports(config_filename="setup.cfg", no_cache=True) == 0


def test_importing_the_trainer_loads_no_qt() -> None:
    loaded = loaded_after(f"import {', '.join(modules_of(trainer))}")
    assert "torch" in loaded
    assert not loaded & {"PyQt6", "pyqtgraph", "dream_viewer"}


def test_the_command_line_loads_neither_qt_nor_torch() -> None:
    assert not loaded_after("import dream_viewer.cli") & {"PyQt6", "pyqtgraph", "torch", "procgen"}


def test_opencv_leaves_qt_its_own_plugins() -> None:
    code = f"import os; before = dict(os.environ); import {', '.join(modules_of(dream_viewer))}; print([k for k in os.environ if 'QT_QPA' in k and os.environ[k] != before.get(k)])"  # noqa: E501
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The names in a wheel built from a copy of the checkout."""
    source = tmp_path_factory.mktemp("source")
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests", source / "tests", ignore=shutil.ignore_patterns("__pycache__", "goldens"))
    for name in ("main.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    build = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    target = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-c", build, str(target)], cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next(target.glob("*.whl"))) as file:
        return file.namelist()


def test_only_our_packages_are_installed(wheel: list[str]) -> None:
    top = {name.split("/")[0] for name in wheel}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_everything_that_ships_is_installed(wheel: list[str]) -> None:
    for folder in PACKAGES:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert str(path.relative_to(ROOT)).replace(os.sep, "/") in wheel


def test_the_command_is_installed(wheel: list[str]) -> None:
    assert any(name.endswith("entry_points.txt") for name in wheel)
