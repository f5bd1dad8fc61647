"""Environments behind one small protocol: Procgen's games, and a tiny world for tests.

Importing this package takes gym's notice about its own end of life out of gym's mouth. Procgen imports gym, and gym
0.26 prints four lines to stderr at every start that concern the authors of this project, not the people who use it.
Only that text is removed, before it is printed; whatever else gym has to say is heard.
"""

from __future__ import annotations

import importlib
import importlib.metadata

_ABOUT_ITS_END = "Gym has been unmaintained since 2022"


def _withdraw_gym_notice() -> None:
    """Remove the notice for the installed gym from the table that gym prints from; harmless where there is none."""
    try:
        notices = importlib.import_module("gym_notices.notices").notices
        version = importlib.metadata.version("gym")
    except ImportError:  # no such table, or no gym: nothing would be printed
        return
    if notices.get(version, "").startswith(_ABOUT_ITS_END):
        del notices[version]


_withdraw_gym_notice()
