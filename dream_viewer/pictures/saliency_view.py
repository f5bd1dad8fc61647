"""The saliency map as the reality pane shows it: colours over the dimmed frame, and a legend. No Qt here."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dream_viewer.records import View
from dream_viewer.words.numerals import decimal
from dream_viewer.words.wording import action_name
from trainer.episode import Moment
from trainer.saliency import Saliency, spread

Origins = Literal["value", "choice"]
"""What is asked where it comes from."""

RAISES = (84, 164, 255)
LOWERS = (255, 150, 50)
"""Colours of what raises and of what lowers it; told apart by colour-blind people too."""
FAINTEST = 0.05
"""Least effect that has the full colour, in points of value or in nats: what hardly matters is to look like it."""
UNTOLD = 0.005
"""Effects below this are none: two digits are shown."""
_DIMMED, _LEAST_GREY = 0.5, 14.0
_TITLES: dict[Origins, str] = {"value": "Value", "choice": "Choice"}
_UNITS: dict[Origins, str] = {"value": "", "choice": " nats"}


def saliency_view(moment: Moment, found: Saliency | None, origins: Origins, ago: int) -> View:
    """The reality pane with the map laid over it.

    Args:
        moment: whose frame it is. found: its map; None while it is on its way.
        origins: which of the two. ago: steps by which the cursor is ahead of it.
    """
    title = _TITLES[origins]
    if found is None:
        nothing = np.zeros(moment.step.frame.shape[:2], np.float32)
        return View(overlaid(moment.step.frame, nothing), "observed", f"{title}, by blurring: on its way", hint=_HINT)
    effects = found.value if origins == "value" else found.choice
    most, least = max(float(effects.max()), 0.0), min(float(effects.min()), 0.0)
    late = f", {ago} steps ago" if ago > 1 else ", 1 step ago" if ago else ""
    told = f"blue +{decimal(most)}, orange {decimal(least)}{_UNITS[origins]}"
    if max(most, -least) < UNTOLD:
        told = "no spot changes it"
    return View(
        overlaid(moment.step.frame, spread(effects)),
        "observed",
        f"{title}, by blurring: {told}{late}",
        hint=_told(moment, origins),
        shorter=(f"{title}{late or ', blurred'}: {told}", f"{title}: {told}"),
    )


_HINT = "Each spot of the frame is blurred in turn, to see what it does."


def _told(moment: Moment, origins: Origins) -> str:
    chosen = "" if moment.step.action is None else action_name(moment.step.action)
    what = "value" if origins == "value" else f"probability of {chosen}"
    return f"{_HINT} Blue: what is there raises the {what}. Orange: it lowers it. The numbers: the strongest spots."


def overlaid(frame: NDArray[np.uint8], effects: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Effects as RAISES and LOWERS over a frame that is grey and dimmed; full at the strongest one.

    Args:
        frame: (H, W, 3) uint8. effects: (H, W) signed.

    Returns:
        (H, W, 3) uint8, read-only.
    """
    ground = np.repeat(frame.mean(-1, keepdims=True) * _DIMMED + _LEAST_GREY, 3, -1)
    strength = (np.abs(effects) / max(float(np.abs(effects).max()), FAINTEST))[..., None]
    colour = np.where(effects[..., None] > 0, np.array(RAISES), np.array(LOWERS))
    picture = np.rint(ground + strength * (colour - ground)).astype(np.uint8)
    picture.setflags(write=False)
    return picture
