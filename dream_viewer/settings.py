"""What the window remembers from one day to the next: one small JSON file in the person's configuration folder."""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import appdirs

DREAM_MODES = ("belief", "dream", "future")
REALITY_VIEWS = ("human", "agent")


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices a person made; every one has a default, so a missing or damaged file loses comfort and nothing else.

    Attributes:
        speed: of playback, a multiple of the game's own pace.
        loop: playing starts again at the end of an episode.
        dream_mode: what the dream pane shows, one of DREAM_MODES.
        ground_every: frames from look to look in the dream along reality.
        reality_view: one of REALITY_VIEWS.
        film_strip, difference_pane: what is shown beside the two panes.
        training_panel: the panel is open.
        training: what the form of the training panel held, setting to value.
        folder: where the last checkpoint was opened.
        geometry: Qt's own description of the window's place and size, hexadecimal.
    """

    speed: float = 1.0
    loop: bool = False
    dream_mode: str = "belief"
    ground_every: int = 15
    reality_view: str = "human"
    film_strip: bool = True
    difference_pane: bool = False
    training_panel: bool = False
    training: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    geometry: str = ""

    def replace(self, **changes: Any) -> Settings:
        """A copy with other values."""
        return dataclasses.replace(self, **changes)


_CHOICES: dict[str, tuple[Any, ...]] = {"dream_mode": DREAM_MODES, "reality_view": REALITY_VIEWS}


class SettingsFile:
    """Reads and writes Settings.

    Args:
        path: of the file; None for the person's configuration folder.

    Attributes:
        path: where the file is or will be.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(appdirs.user_config_dir("dream-agent", appauthor=False)) / "viewer.json"

    def load(self) -> Settings:
        """The settings on disk; whatever is missing, damaged or of another type takes its default."""
        try:
            values = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Settings()
        if not isinstance(values, dict):
            return Settings()
        defaults = Settings()
        good: dict[str, Any] = {}
        for item in dataclasses.fields(Settings):
            value = values.get(item.name)
            if type(value) is int and isinstance(getattr(defaults, item.name), float):
                value = float(value)
            if type(value) is type(getattr(defaults, item.name)) and value in _CHOICES.get(item.name, (value,)):
                good[item.name] = value
        return Settings(**good)

    def save(self, settings: Settings) -> None:
        """Write the file whole: to a temporary name, then renamed.

        Raises:
            OSError: the folder cannot be written.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(dataclasses.asdict(settings), indent=1), encoding="utf-8")
        temporary.replace(self.path)
