"""A secret of this user on this machine, so that stored game states are only taken back where they were written.

Procgen reads sizes from a game state unchecked: bytes of another's making could do anything to the process. A run's
snapshots are therefore signed with a key that never leaves this machine.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import appdirs

from trainer.errors import UserError

_KEY_BYTES = 32


def machine_key() -> bytes:
    """The key, 32 bytes; made at the first call and kept in the person's data folder, readable by them alone.

    Raises:
        UserError: the folder cannot be written, or the key in it is damaged.
    """
    path = Path(appdirs.user_data_dir("dream-agent", appauthor=False)) / "machine.key"
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"The key for stored game states cannot be kept at {path} ({error.strerror}); "
            "make that folder writable or set XDG_DATA_HOME to one that is."
        ) from error
    if len(key) != _KEY_BYTES:
        raise UserError(f"The key for stored game states at {path} is damaged; delete it, a new one will be made.")
    return key


def _create(path: Path) -> None:
    """Write a new key whole or not at all; of two processes that try, one wins and both read its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(draft, path)
    finally:
        draft.unlink()
