"""The configurations that ship with the project, found by name: one for a game, one for tests."""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path

from trainer.config import GAMES, Config, check, read_config
from trainer.errors import UserError


def shipped_configs() -> list[str]:
    """Names that `--config` finds without a path."""
    folder = resources.files("resources") / "configs"
    return sorted(entry.name[: -len(".yaml")] for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def named_config(name: str) -> Config:
    """A shipped configuration by its name, or one from a file by its path.

    Raises:
        UserError: neither a shipped name nor a readable file, or a bad setting in it.
    """
    if name in shipped_configs():
        with resources.as_file(resources.files("resources") / "configs" / f"{name}.yaml") as path:
            return read_config(path)
    path = Path(name).expanduser()
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return read_config(path)
    near = difflib.get_close_matches(name, shipped_configs(), n=1)
    instead = f" (did you mean {near[0]!r}?)" if near else ""
    raise UserError(
        f"--config: there is no config {name!r}{instead}; choose one of {', '.join(shipped_configs())} or give a file."
    )


def game_config(game: str) -> Config:
    """The shipped configuration of a game, or the defaults with that game where none is shipped.

    Raises:
        UserError: there is no such game.
    """
    if game in GAMES and game in shipped_configs():
        return named_config(game)
    return check(Config(game=game), "--game")
