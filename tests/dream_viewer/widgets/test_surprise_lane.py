"""The lane stands on the timeline's scale, and its peaks can be clicked."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, QPointF, QRect, Qt
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.desks.look_desk import LARGE
from dream_viewer.look import theme
from dream_viewer.records import Course
from dream_viewer.widgets.surprise_lane import HEIGHT, SurpriseLane
from dream_viewer.widgets.timeline import SIDES, Timeline


def course(length: int, peaks: dict[int, float]) -> Course:
    surprises = np.full(length, 1.0, np.float32)
    surprises[0] = np.nan
    for index, nats in peaks.items():
        surprises[index] = nats
    nothing = np.full(length, np.nan, np.float32)
    return Course(
        np.full(length, 5.0, np.float32), np.zeros(length, np.float32), nothing, surprises, None, tuple(peaks)
    )


@pytest.fixture
def lane(qtbot: QtBot) -> SurpriseLane:
    lane = SurpriseLane(*SIDES)
    qtbot.addWidget(lane)
    lane.resize(1000, HEIGHT)
    lane.show()
    return lane


def test_it_stands_on_the_timeline_s_scale(lane: SurpriseLane, qtbot: QtBot) -> None:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(1000, 140)
    timeline.show()
    timeline.ranged.connect(lane.show_span)
    for length in (50, 700):
        timeline.show_course(course(length, {}))
        lane.show_course(course(length, {}))
        timeline.grab()
        view = timeline.getPlotItem().getViewBox()
        for step in (0, length // 2):
            assert lane.place_of(step) == pytest.approx(view.mapViewToScene(QPointF(step, 1)).x(), abs=0.1)


def test_a_click_near_a_peak_asks_for_it(lane: SurpriseLane, qtbot: QtBot) -> None:
    lane.show_course(course(80, {40: 9.0}))
    peak = QPoint(round(lane.place_of(40)) + 6, 3)
    elsewhere = QPoint(round(lane.place_of(20)), 12)
    for point, step in ((peak, 40), (elsewhere, 20)):
        with qtbot.waitSignal(lane.scrubbed) as asked:
            qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=point)
        assert asked.args == [step]


@pytest.mark.parametrize("length", [80, 4000])
def test_the_greatest_surprise_is_the_tallest_bar(lane: SurpriseLane, length: int) -> None:
    lane.show_span(-0.5, length + 0.5)
    lane.show_course(course(length, {length // 2: 30.0}))
    lane.show_cursor(length - 1)
    image = lane.grab().toImage()

    def height(step: float) -> int:
        x = round(lane.place_of(step))
        ground = theme.colour("panel").rgb()
        return max(sum(image.pixelColor(x + dx, y).rgb() != ground for y in range(8, HEIGHT - 5)) for dx in (-1, 0, 1))

    assert height(length // 2) > 10 > 3 >= height(length * 0.8)


@pytest.mark.parametrize("enlarged", [1.0, LARGE])
def test_nothing_crosses_its_words_and_none_is_cut(lane: SurpriseLane, enlarged: float) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.dress(app, theme.Look(enlarged=enlarged))
    try:
        lane.resize(1000, lane.height())
        empty, nothing = np.empty(0, np.float32), np.full(101, np.nan, np.float32)
        lane.show_course(Course(empty, empty, empty, empty))
        lane.show_cursor(50)
        plain = lane.grab().toImage()
        ground = plain.copy()
        ground.fill(theme.colour("panel"))
        name = _where_they_differ(plain, ground, QRect(0, 0, 200, lane.height() - 6))
        assert name.left() > 0 and name.width() > 0.8 * lane.fontMetrics().horizontalAdvance("Surprise")
        lane.show_companion(nothing, "mine", "other")
        before = lane.grab().toImage()
        names = _where_they_differ(before, plain, plain.rect())
        lane.show_course(course(101, dict.fromkeys((0, 2, 5, 98, 100), 30.0)))
        for step in (0, 2, 5, 97, 98, 99, 100):
            lane.show_cursor(step)
            now = lane.grab().toImage()
            for words in (name, names):
                assert now.copy(words) == before.copy(words), step
    finally:
        theme.dress(app, theme.Look())


def _where_they_differ(image: QImage, other: QImage, inside: QRect) -> QRect:
    columns, rows = range(inside.left(), inside.right() + 1), range(inside.top(), inside.bottom() + 1)
    found = [(x, y) for x in columns for y in rows if image.pixel(x, y) != other.pixel(x, y)]
    (left, right), (top, bottom) = ((min(places), max(places)) for places in zip(*found, strict=True))
    return QRect(QPoint(left, top), QPoint(right, bottom))


def test_without_surprises_there_is_only_a_line(lane: SurpriseLane) -> None:
    lane.show_course(Course(*(np.empty(0, np.float32) for _ in range(4))))
    lane.grab()
    assert lane.peak_at(QPoint(200, 3)) is None
