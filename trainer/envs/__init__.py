"""Environments behind one small protocol: Procgen's games, and a tiny world for tests.

Importing this package imports gym, which Procgen would do anyway, and keeps two of its side effects from the person:

- gym 0.26 prints four lines to stderr at every start about its own end of life. They concern the authors of this
  project. Only that text is removed, before it is printed; whatever else gym has to say is heard.
- gym imports cv2 where it is installed, and cv2 points Qt's variables at plugins of its own, with which no PyQt6 window
  opens. They are put back.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import os

_ABOUT_ITS_END = "Gym has been unmaintained since 2022"


def _withdraw_gym_notice() -> None:
    """Remove the notice for the installed gym from the table that gym prints from; harmless where there is none."""
    try:
        notices = importlib.import_module("gym_notices.notices").notices
    except ImportError:  # gym then prints nothing either
        return
    version = importlib.metadata.version("gym")
    if notices.get(version, "").startswith(_ABOUT_ITS_END):
        del notices[version]


def _qt_variables() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("QT_")}


def _import_gym() -> None:
    """Import gym without the side effects named above; if it is imported already, they have happened."""
    _withdraw_gym_notice()
    before = _qt_variables()
    importlib.import_module("gym")
    for name in _qt_variables().keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


_import_gym()
