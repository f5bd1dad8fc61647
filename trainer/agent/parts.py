"""The parts of an update, and the stop that can come between them."""

from __future__ import annotations

from collections.abc import Callable

Poll = Callable[[str], bool]
"""Called with the name of a part before it; True stops the update."""

BACKWARD = ("backward decode", "backward observe", "backward encode")
"""The world model's parts of the backward pass, which comes to them in this order after the heads."""

PARTS = ("encode", "observe", "decode", "imagine", "heads", "losses", "backward", *BACKWARD, "optimise")
"""The parts of an update in order; a stop is polled before each."""

AGREED = ("imagine", "losses", "backward encode", "optimise")
"""Parts before which ranks agree on a stop: an update falls into four stretches of about equal length. All ranks come
to all of them, in this order."""

COMPUTE = "compute"
"""All parts but the last as one: a captured graph goes to the device in one piece, and nobody can stop it there."""


class UpdateStopped(Exception):
    """The update was asked to stop; nothing has changed."""


def never(part: str) -> bool:
    """The poll of an update that nobody stops."""
    return False


def proceed(poll: Poll, part: str) -> None:
    """Asks `poll` before a part of an update.

    Raises:
        UpdateStopped: it said to stop.
    """
    if poll(part):
        raise UpdateStopped(part)
