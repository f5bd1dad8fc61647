"""Where this person's system keeps what can be made again."""

from __future__ import annotations

from pathlib import Path

import appdirs


def cache_dir() -> Path:
    """The project's folder there, which may not exist yet."""
    return Path(appdirs.user_cache_dir("dream-agent", appauthor=False))
