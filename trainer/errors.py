"""The one error a person is meant to read."""

from __future__ import annotations


class UserError(Exception):
    """Something a person can mend: the message is one sentence that names the thing and the remedy."""
