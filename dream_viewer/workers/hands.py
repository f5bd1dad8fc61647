"""Whose hands are on the game: the agent's, or those of a person who holds some keys."""

from __future__ import annotations

from trainer.envs.actions import NO_OP


class Hands:
    """What the next Step is to be taken with; a key pressed and let go between two Steps still counts for one.

    Attributes:
        person: a person plays.
    """

    def __init__(self) -> None:
        self.person = False
        self._held = self._tapped = NO_OP

    def hold(self, action: int | None) -> None:
        """A person holds the keys of an action from now on; None: the agent plays."""
        if action is None or not self.person:
            self._tapped = NO_OP
        self.person = action is not None
        self._held = NO_OP if action is None else action
        if self._held != NO_OP:
            self._tapped = self._held

    def take(self) -> int | None:
        """The action for the Step about to be taken; None: the agent's own."""
        action = self._tapped if self._held == NO_OP else self._held
        self._tapped = NO_OP
        return action if self.person else None
