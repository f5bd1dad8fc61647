"""Whether this system has the libraries that Qt needs to open a window, found out before Qt is asked.

Qt ends the process when its platform plugin does not load, and names one library only. What the plugin really lacks,
the dynamic linker tells; this asks it first, and says what to install.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from trainer.errors import UserError

PACKAGES: dict[str, str] = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
}
"""Libraries that Qt's wheels expect from the system, and the Debian packages that hold them."""

Load = Callable[[str], object]


def check_window(environment: Mapping[str, str] = os.environ, load: Load = ctypes.CDLL) -> None:
    """Make sure that Qt will be able to open a window; only Linux needs asking.

    Args:
        environment: of the process. load: loads a shared library or raises OSError.

    Raises:
        UserError: one sentence with what is missing and the packages to install, or that there is no display.
    """
    if not sys.platform.startswith("linux"):
        return
    platform = environment.get("QT_QPA_PLATFORM", "").split(":")[0]
    x11 = platform == "xcb" or (not platform and not environment.get("WAYLAND_DISPLAY"))
    if x11 and not environment.get("DISPLAY"):
        raise UserError(
            "There is no display to open a window on: start this on a desktop, set DISPLAY, or use `train` and "
            "`evaluate`, which need none."
        )
    missing = missing_libraries(_parts("xcb" if x11 else platform or "wayland"), load)
    if missing:
        raise UserError(_sentence(missing))
    if x11:
        _connect(environment["DISPLAY"], load)


def missing_libraries(parts: list[Path], load: Load) -> list[str]:
    """Libraries that some of Qt's own parts need and this system lacks.

    Args:
        parts: shared libraries of Qt. load: loads one or raises OSError.
    """
    missing: list[str] = []
    for part in parts:
        try:
            load(str(part))
        except OSError as error:
            named = re.match(r"(lib[^\s:]+\.so[^\s:]*)", str(error))
            if named is None or "Qt6" in named[1]:
                continue  # not about the system: Qt's own message will be the better one
            missing += [named[1], *(name for name in PACKAGES if not _loads(name, load))]
    return list(dict.fromkeys(missing))


def _loads(name: str, load: Load) -> bool:
    try:
        load(name)
    except OSError:
        return False
    return True


def _sentence(missing: list[str]) -> str:
    packages = sorted({PACKAGES[name] for name in missing if name in PACKAGES})
    unknown = [name for name in missing if name not in PACKAGES]
    what = f"The window needs {', '.join(missing)}, which this system lacks"
    if not packages:
        return f"{what}: install the package that holds {', '.join(unknown)}."
    return f"{what}: install {'them' if len(missing) > 1 else 'it'} with `sudo apt install {' '.join(packages)}`."


def _parts(platform: str) -> list[Path]:
    spec = importlib.util.find_spec("PyQt6")
    if spec is None or spec.submodule_search_locations is None:
        raise UserError("PyQt6 is not installed: install this project's dependencies with `pip install -e .`.")
    for folder in spec.submodule_search_locations:
        qt = Path(folder) / "Qt6"
        parts = [qt / "lib" / "libQt6Widgets.so.6", qt / "plugins" / "platforms" / f"libq{platform}.so"]
        if all(part.exists() for part in parts):
            return parts
    return []  # a system's own PyQt6: its package brings what it needs


def _connect(display: str, load: Load) -> None:
    """Ask the X server once, as Qt ends the process where it does not answer."""
    xcb = load("libxcb.so.1")
    if not isinstance(xcb, ctypes.CDLL):
        return
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(display.encode(), None))
    refused = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if refused:
        raise UserError(f"The display {display} does not answer: check DISPLAY, or start this on a desktop.")
