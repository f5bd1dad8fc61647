"""Virtual environments for other people's code, kept in this person's cache folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import venv
from collections.abc import Callable, Sequence
from pathlib import Path

from trainer.cache_folder import cache_dir
from trainer.errors import UserError


def environment(name: str, requirements: Sequence[str], say: Callable[[str], None]) -> Path:
    """An environment with just these packages, made on first use.

    Args:
        name: of its folder below the cache's `peers`. requirements: for pip. say: hears that it takes a while.

    Returns:
        its Python.

    Raises:
        UserError: the folder cannot be written, or pip cannot install the packages.
    """
    folder = cache_dir() / "peers" / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp, wanted = folder / "installed.txt", "\n".join(requirements)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return python
    say(f"Installing {', '.join(requirements)} into {folder}; this is done once.")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise UserError(
            f"{folder}: no environment can be made there ({error}); make room or leave --peers out."
        ) from error
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    done = subprocess.run(pip, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["pip does not say why"])[-1]
        raise UserError(f"{name} cannot be installed ({why}); look to the network, or leave --peers out.")
    stamp.write_text(wanted, encoding="utf-8")
    return python
