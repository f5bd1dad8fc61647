"""What was open lately, and where a person left off. No Qt here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dream_viewer.words.link import Link, parse_link
from trainer.errors import UserError

MOST_RECENT = 10
"""Files and folders that are remembered."""


@dataclass(frozen=True, slots=True)
class LeftOff:
    """Where a person left off.

    Attributes:
        path: what to open: a checkpoint, or a run's folder. link: the Moment under the cursor.
        again: its level was played again and again.
    """

    path: Path
    link: Link
    again: bool

    def remembered(self) -> dict[str, Any]:
        """As the settings keep it."""
        return {"path": str(self.path), "link": self.link.text, "again": self.again}


def left_off(values: Mapping[str, Any]) -> LeftOff | None:
    """What `LeftOff.remembered` made; None where that was nothing, or makes no sense."""
    path, link, again = (values.get(name) for name in ("path", "link", "again"))
    if not (isinstance(path, str) and isinstance(link, str) and isinstance(again, bool)):
        return None
    try:
        return LeftOff(Path(path), parse_link(link), again)
    except UserError:
        return None


def with_newest(paths: Sequence[str], path: str) -> list[str]:
    """These paths with this one first, each once, and not too many."""
    return [path, *(other for other in paths if other != path)][:MOST_RECENT]


def label(path: str) -> str:
    """A path as a menu shows it: its name, and the folder it lies in."""
    parts = Path(path)
    parent = parts.parent
    if parent.name == "checkpoints":
        parent = parent.parent
    return f"{parts.name}  \u2013  {parent.name}" if parent.name else parts.name
