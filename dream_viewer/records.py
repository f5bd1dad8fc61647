"""What widgets are given to show: plain records, made by the window from Moments and events. No Qt here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Origin = Literal["observed", "imagined"]
"""The border of a picture: green for what the model saw, red for what it made up."""


@dataclass(frozen=True, slots=True)
class Stat:
    """One read-out: a label, a value, and a few words about it."""

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What a pane shows.

    Attributes:
        frame: (64, 64, 3) or (512, 512, 3) uint8; None leaves the picture empty.
        origin: of the picture; None draws a neutral border without a word.
        caption: one line below the picture.
        message: laid over the picture, which is dimmed under it.
    """

    frame: NDArray[np.uint8] | None = None
    origin: Origin | None = None
    caption: str = ""
    message: str = ""
