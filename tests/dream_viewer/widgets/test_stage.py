"""Pictures of one size, by whole factors, and room for what is below them."""

import pytest
from PyQt6.QtCore import QRect, QSize
from PyQt6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.widgets.stage import LEAST_BELOW, NARROW_SIDE, UNIT, Film, Stage, arrange

CHROME, NARROW, BAR = QSize(6, 62), QSize(6, 120), 44
FILM = Film(108, 150, 168)


@pytest.mark.parametrize("panes", [1, 2, 3])
@pytest.mark.parametrize("film", [None, FILM])
@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
@pytest.mark.parametrize("size", [(700, 560), (790, 650), (1046, 760), (1676, 1040), (2500, 1400)])
def test_places(size: tuple[int, int], ratio: float, film: Film | None, panes: int) -> None:
    places = arrange(QSize(*size), CHROME, BAR, ratio, panes, film)
    whole = QRect(0, 0, *size)
    assert (places.side * ratio) % UNIT == pytest.approx(0, abs=1e-6)
    assert len({(pane.width(), pane.height()) for pane in places.panes}) == 1
    assert places.panes[0].width() >= places.side + CHROME.width()
    parts = [*places.panes, *(part for part in (places.film, places.below) if part is not None), places.bar]
    assert all(whole.contains(part) for part in parts)
    assert not any(a.intersects(b) for i, a in enumerate(parts) for b in parts[i + 1 :])
    if panes == 1:
        assert places.film is None and places.below is None, "it has the stage to itself"
    else:
        assert places.below is not None and places.below.height() >= LEAST_BELOW
        assert (places.film is not None) == (film is not None)
        assert places.film is None or FILM.least <= places.film.height() <= FILM.most


@pytest.mark.parametrize(
    ("size", "panes", "film", "side"),
    [
        ((1046, 760), 2, None, 512),
        ((790, 640), 2, None, 384),
        ((674, 640), 2, None, 320),
        ((1046, 760), 2, FILM, 384),
        ((790, 640), 2, FILM, 320),
        ((1046, 760), 3, FILM, 320),
        ((1046, 760), 1, FILM, 640),
        ((1676, 1000), 2, None, 704),
        ((1676, 1000), 2, FILM, 576),
    ],
)
def test_pictures_are_as_large_as_they_can_be(size: tuple[int, int], panes: int, film: Film | None, side: int) -> None:
    assert arrange(QSize(*size), CHROME, BAR, 1.0, panes, film).side == side


def test_where_not_all_fits_panes_become_narrow_then_the_strip_gives_way_and_then_the_first_pane(qtbot: QtBot) -> None:
    panes, film, below, bar = [QWidget() for _ in range(3)], QWidget(), QWidget(), QWidget()
    bar.setFixedHeight(BAR)
    stage = Stage(panes, film, below, bar, lambda narrow: NARROW if narrow else CHROME, lambda width: FILM)
    qtbot.addWidget(stage)
    stage.show()
    told: list[bool] = []
    stage.narrowed.connect(told.append)
    for size, narrow, strip, shown in (
        ((1046, 640), False, True, 3),
        ((790, 640), True, True, 3),
        ((790, 500), True, False, 3),
        ((500, 640), True, True, 2),
        ((1046, 640), False, True, 3),
    ):
        stage.resize(*size)
        assert [pane.isVisible() for pane in panes] == [place >= 3 - shown for place in range(3)]
        assert film.isVisible() == strip and below.isVisible() and below.height() >= LEAST_BELOW
        assert (told[-1] if told else False) == narrow
        assert all(pane.width() >= NARROW_SIDE for pane in panes if pane.isVisible())
    assert told == [False, True, False], "and nothing is told twice"


def test_a_pane_can_have_the_stage_to_itself_and_give_it_back(qtbot: QtBot) -> None:
    panes, film, below, bar = [QWidget() for _ in range(3)], QWidget(), QWidget(), QWidget()
    bar.setFixedHeight(BAR)
    stage = Stage(panes, film, below, bar, lambda narrow: CHROME, lambda width: FILM)
    qtbot.addWidget(stage)
    stage.resize(1046, 760)
    stage.show()
    stage.show_panes(panes[:2])
    before = [part.geometry() for part in (*panes[:2], film, below, bar)]
    assert not panes[2].isVisible()
    stage.enlarge(panes[1])
    assert [part.isVisible() for part in (*panes, film, below, bar)] == [False, True, False, False, False, True]
    assert panes[1].width() > before[1].width()
    stage.enlarge(panes[1])
    assert [part.geometry() for part in (*panes[:2], film, below, bar)] == before and film.isVisible()
    stage.show_panes(panes)
    stage.enlarge(panes[2])
    stage.show_panes(panes[:2])
    assert stage.enlarged is None, "a pane that goes does not take the others with it"
    stage.show_film(False)
    assert not film.isVisible() and below.isVisible()
