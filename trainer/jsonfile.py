"""Results as JSON files: checked before the work that fills them, written whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.errors import UserError
from trainer.safe_writing import write_safely


def check_target(path: Path) -> None:
    """Refuse a file that could not be written later, before minutes are spent on its content.

    Raises:
        UserError: the folder is missing or not writable, or the name is a folder's or a device's.
    """
    folder = path.parent
    if path.exists() and not path.is_file():
        raise UserError(f"{path}: is not a file that could be replaced; give another name.")
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UserError(f"{folder}: cannot be written to; create the folder or choose another one.")


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write plain values to `path`, whole or not at all.

    Raises:
        UserError: the disk refuses.
        ValueError: a number that is not finite; JSON has none.
    """
    text = json.dumps(values, indent=2, allow_nan=False) + "\n"
    write_safely(path, lambda temporary: _write(temporary, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
