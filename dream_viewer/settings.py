"""What the window remembers from one day to the next: one small JSON file in the person's configuration folder."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import appdirs

from dream_viewer.look.palette import Pair
from trainer.episode import RECORDING_SUFFIX
from trainer.errors import UserError
from trainer.small_files import size_of_file

LEAST_AND_MOST_FRAMES = (2, 200)
"""Frames that a dream may go on for."""
DREAM_MODES = ("belief", "dream", "future")
REALITY_VIEWS = ("human", "agent")
MANY_DREAMS = (4, 8, 16, 32)
HEAT_MAPS = ("value", "choice")
Theme = Literal["system", "dark", "light"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices a person made; every one has a default, so a missing or damaged file loses comfort and nothing else.

    Attributes:
        speed: of playback, a multiple of the game's own pace.
        loop: playing starts again at the end of an episode.
        every_frame: playing leaves out no frame, however long it takes.
        dream_mode: what the dream pane shows, one of DREAM_MODES.
        ground_every: frames from look to look in the dream along reality.
        reality_view: one of REALITY_VIEWS.
        film_strip, difference_pane: what is shown beside the two panes. fan, horizon: what is, on the timeline.
        many_dreams: how many futures that panel shows, one of MANY_DREAMS.
        heat_map: what is laid over reality, one of HEAT_MAPS; empty: nothing.
        event_list: it stands in the place of the policy.
        theme: dark or light, or as the system says, one of Theme.
        colours: of good and bad, of observed and imagined, one of `palette.PAIRS`.
        training_panel: the panel is open.
        training: what the form of the training panel held, setting to value.
        folder: where the last checkpoint was opened.
        dismissed: folders of runs that broke off and are not to be offered again.
        recent: files and folders that were open, newest first.
        left_off: where a person left off, as `dream_viewer.desks.recent.LeftOff` keeps it.
        tour_seen: the tour was shown.
        docks: name of a dock to the numbers of its `docks.Place`.
        geometry: Qt's own description of the window's place and size, hexadecimal.
    """

    speed: float = 1.0
    loop: bool = False
    every_frame: bool = False
    dream_mode: str = "belief"
    ground_every: int = 15
    reality_view: str = "human"
    film_strip: bool = True
    difference_pane: bool = False
    fan: bool = True
    horizon: bool = False
    many_dreams: int = 16
    heat_map: str = ""
    event_list: bool = False
    theme: Theme = "system"
    colours: Pair = "green-red"
    training_panel: bool = False
    training: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    dismissed: list[str] = field(default_factory=list)
    recent: list[str] = field(default_factory=list)
    left_off: dict[str, Any] = field(default_factory=dict)
    tour_seen: bool = False
    docks: dict[str, Any] = field(default_factory=dict)
    geometry: str = ""

    def replace(self, **changes: Any) -> Settings:
        """A copy with other values."""
        return dataclasses.replace(self, **changes)


_CHOICES: dict[str, tuple[Any, ...]] = {
    "dream_mode": DREAM_MODES,
    "heat_map": ("", *HEAT_MAPS),
    "reality_view": REALITY_VIEWS,
    "many_dreams": MANY_DREAMS,
    "theme": get_args(Theme),
    "colours": get_args(Pair),
}

_LARGEST = 2**20
"""Bytes of the file that are read; what is cut off there does not parse."""
_HEXADECIMAL = set("0123456789abcdef")
_LIMITS: dict[str, tuple[float, float]] = {"speed": (0.0, 100.0), "ground_every": LEAST_AND_MOST_FRAMES}


def _fits(name: str, value: Any, default: Any) -> bool:
    """Whether a value read is of its default's type, and one that may be; a whole number may stand for a float."""
    if type(value) is not type(default) and (type(value), type(default)) != (int, float):
        return False
    if name in _LIMITS:
        least, most = _LIMITS[name]
        return least <= value <= most
    if name == "docks":
        return all(isinstance(place, list) and all(type(n) is int for n in place) for place in value.values())
    if name == "geometry":
        return set(value) <= _HEXADECIMAL
    if name in ("dismissed", "recent"):
        return all(isinstance(path, str) for path in value)
    return value in _CHOICES.get(name, (value,))


class SettingsFile:
    """Reads and writes Settings.

    Args:
        path: of the file; None for the person's configuration folder.

    Attributes:
        path: where the file is or will be.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or Path(appdirs.user_config_dir("dream-agent", appauthor=False)) / "viewer.json"

    @property
    def keepsake(self) -> Path:
        """Beside it: the recording of the episode in which a person left off."""
        return self.path.with_name(f"left-off{RECORDING_SUFFIX}")

    def load(self) -> Settings:
        """The settings on disk; whatever is missing, of another type or out of range takes its default.

        A file that holds no settings at all is set aside, its name ending in `.damaged`: the next one saved would take
        its place.
        """
        try:
            size_of_file(self.path, "settings take their defaults")
            with open(self.path, "rb") as file:
                values = json.loads(file.read(_LARGEST))
        except (UserError, OSError):
            return Settings()
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            self._set_aside()
            return Settings()
        defaults = Settings()
        good: dict[str, Any] = {}
        for item in dataclasses.fields(Settings):
            value, default = values.get(item.name), getattr(defaults, item.name)
            if _fits(item.name, value, default):
                good[item.name] = type(default)(value)
        return Settings(**good)

    def _set_aside(self) -> None:
        with contextlib.suppress(OSError):  # where nothing can be written, nothing will take its place
            self.path.replace(self.path.with_name(f"{self.path.name}.damaged"))

    def save(self, settings: Settings) -> None:
        """Write the file whole: to a temporary name, then renamed.

        Raises:
            OSError: the folder cannot be written, or the disk is full; the file is as it was.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            temporary.write_text(json.dumps(dataclasses.asdict(settings), indent=1), encoding="utf-8")
            temporary.replace(self.path)
        except OSError:
            temporary.unlink(missing_ok=True)  # on a full disk there would be half a file
            raise
