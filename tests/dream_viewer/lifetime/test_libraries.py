"""A system that lacks something is told what to install, in one sentence."""

import sys

import pytest

from dream_viewer.lifetime.libraries import PACKAGES, check_window
from trainer.errors import UserError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux lets libraries be missing")
X11 = {"DISPLAY": ":7"}


class Linker:
    """Loads everything but what is missing; Qt's plugin names the first of them, as the real linker does."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        self.asked: list[str] = []

    def __call__(self, name: str) -> object:
        self.asked.append(name)
        if name in self.missing:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        if "libq" in name and self.missing:
            raise OSError(f"{self.missing[0]}: cannot open shared object file: No such file or directory")
        return object()


def test_nothing_missing_nothing_said() -> None:
    linker = Linker()
    check_window(X11, linker)
    assert any(name.endswith("libqxcb.so") for name in linker.asked)


@pytest.mark.parametrize("name", PACKAGES)
def test_each_library_has_its_package(name: str) -> None:
    with pytest.raises(UserError, match=PACKAGES[name]) as told:
        check_window(X11, Linker(name))
    assert name in str(told.value) and "\n" not in str(told.value)


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(UserError, match="sudo apt install libxcb-cursor0 libxcb-icccm4`"):
        check_window(X11, Linker("libxcb-icccm.so.4", "libxcb-cursor.so.0"))


def test_a_library_nobody_listed_is_named() -> None:
    with pytest.raises(UserError, match=r"libodd\.so\.3.*install the package that holds"):
        check_window(X11, Linker("libodd.so.3"))


def test_no_display_is_told() -> None:
    with pytest.raises(UserError, match="no display"):
        check_window({}, Linker())


def test_a_display_that_does_not_answer_is_told() -> None:
    with pytest.raises(UserError, match="does not answer"):
        check_window({"DISPLAY": ":65000"})


def test_another_platform_asks_for_its_own_plugin() -> None:
    linker = Linker("libxcb-cursor.so.0")
    linker.missing = ()
    check_window({"QT_QPA_PLATFORM": "offscreen"}, linker)
    assert any(name.endswith("libqoffscreen.so") for name in linker.asked)
    assert not any(name.endswith("libqxcb.so") for name in linker.asked)
