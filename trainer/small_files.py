"""Files that come from anybody, looked at before they are read: a pipe would be waited for, a device read for ever."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from trainer.errors import UserError


def size_of_file(path: Path, remedy: str) -> int:
    """Bytes of a file.

    Args:
        path: of the file. remedy: what to do where it is none, as the end of a sentence.

    Raises:
        UserError: there is nothing of that name, nobody may look, or it is no file but a folder, pipe or device.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError as error:
        raise UserError(f"{path}: there is no such file; check the name.") from error
    except (OSError, ValueError) as error:  # a name that no file can have, too
        raise UserError(f"{path}: cannot be read ({reason(error)}); {remedy}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise UserError(f"{path}: is no file; {remedy}.")
    return status.st_size


def read_small_file(path: Path, most: int, remedy: str) -> bytes:
    """The whole of a file that is known to be small.

    Args:
        path: of the file. most: bytes that it may have. remedy: as for `size_of_file`.

    Raises:
        UserError: as `size_of_file`; or it is larger, or cannot be read.
    """
    size_of_file(path, remedy)
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({reason(error)}); {remedy}.") from error
    if len(data) > most:
        raise UserError(f"{path}: is too large; {remedy}.")
    return data


def reason(error: Exception) -> str:
    """What the system said, in one line and without the path."""
    return (error.strerror if isinstance(error, OSError) else None) or " ".join(str(error).split())
