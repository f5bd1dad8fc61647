"""Dark or light, by choice or as the system says, and all of the window at once."""

from collections.abc import Iterator

import pytest
from PyQt6.QtCore import QEvent, QRect, QSize, Qt
from PyQt6.QtGui import QColor, QIcon, QImage
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.look.palette import SCHEMES, Scheme
from dream_viewer.settings import Settings
from tests.dream_viewer.window import Desk, Make


@pytest.fixture
def desk(made: Make) -> Iterator[Desk]:
    desk = made(Settings(event_list=True))
    desk.window.show()
    desk.live(30)
    desk.window.actions_by_id["bookmark"].trigger()
    yield desk
    theme.dress(QApplication.instance(), theme.Look())  # type: ignore[arg-type]


def colour_of(part: QWidget, at: tuple[int, int]) -> str:
    return part.grab().toImage().pixelColor(*at).name()


def worn(desk: Desk) -> Scheme:
    """The scheme that every kind of part shows: styled, plotted, painted, drawn from an icon; they must agree."""
    window = desk.window
    seen = {
        "window": colour_of(window.transport, (1, 1)),
        "panel": colour_of(window.timeline, (4, window.timeline.height() - 3)),
    }
    assert seen["panel"] == colour_of(window.lane, (window.lane.width() - 2, 1))
    assert colour_of(window.reality, (1, 100)) == theme.COLOURS["observed"]
    played = window.actions_by_id["last"].icon().pixmap(QSize(20, 20)).toImage()
    assert brightest_or_darkest(played) == QColor(theme.COLOURS["text"]).name()
    return next(
        scheme for scheme, colours in SCHEMES.items() if all(colours[word] == hue for word, hue in seen.items())
    )


def brightest_or_darkest(image: QImage) -> str:
    """The colour of what is drawn whole."""
    inside = QRect(image.rect())
    pixels = (image.pixelColor(x, y) for x in range(inside.width()) for y in range(inside.height()))
    return next(pixel.name() for pixel in pixels if pixel.alpha() == 255)


def system_says(scheme: Qt.ColorScheme) -> None:
    hints = QApplication.styleHints()
    assert hints is not None
    hints.colorSchemeChanged.emit(scheme)


def test_the_system_is_followed_as_it_changes(desk: Desk) -> None:
    assert worn(desk) == "dark", "where the system says nothing"
    system_says(Qt.ColorScheme.Light)
    assert worn(desk) == "light"
    system_says(Qt.ColorScheme.Dark)
    assert worn(desk) == "dark"


def test_a_choice_holds_against_the_system_and_is_remembered(desk: Desk) -> None:
    desk.window.actions_by_id["theme_light"].trigger()
    assert worn(desk) == "light"
    system_says(Qt.ColorScheme.Dark)
    assert worn(desk) == "light" and desk.window.settings_now().theme == "light"
    desk.window.actions_by_id["theme_dark"].trigger()
    system_says(Qt.ColorScheme.Light)
    assert worn(desk) == "dark"
    desk.window.actions_by_id["theme_system"].trigger()
    assert desk.window.settings_now().theme == "system"


def test_remembered_colours_are_worn_at_once(desk: Desk, made: Make) -> None:
    other = made(Settings(theme="light", colours="blue-orange"))
    assert theme.worn() == theme.Look("light", "blue-orange")
    assert other.window.settings_now().colours == "blue-orange"


def test_pictures_that_were_drawn_before_are_drawn_anew(desk: Desk) -> None:
    def edge() -> str:
        icon = desk.window.events._list.item(0).icon()  # type: ignore[union-attr]
        return icon.pixmap(44, 44).toImage().pixelColor(0, 0).name()

    assert edge() == SCHEMES["dark"]["accent"]
    desk.window.actions_by_id["theme_light"].trigger()
    assert edge() == SCHEMES["light"]["accent"]


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
def test_icons_are_drawn_for_the_screen(qtbot: QtBot, ratio: float) -> None:
    drawn = theme.icon("play").pixmap(QSize(20, 20), ratio, QIcon.Mode.Normal, QIcon.State.Off)
    assert (drawn.width(), drawn.devicePixelRatio()) == (20 * ratio, ratio)


def test_lines_of_plots_are_as_wide_on_a_finer_screen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    cursor = desk.window.timeline._cursor
    monkeypatch.setattr(desk.window, "devicePixelRatioF", lambda: 2.0)
    QApplication.sendEvent(desk.window, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert cursor.pen.widthF() == 2.0 and cursor.pen.isCosmetic(), "Qt counts it in device pixels"


def test_enlarged_letters_get_their_room(desk: Desk) -> None:
    before = desk.window.reality.chrome().height(), desk.window.timeline.height()
    desk.window.look.set_large(True)
    assert desk.window.reality.chrome().height() > before[0]
    assert desk.window.font().pixelSize() > theme.TEXT_PIXELS
    desk.window.look.set_large(False)
    assert (desk.window.reality.chrome().height(), desk.window.timeline.height()) == before
