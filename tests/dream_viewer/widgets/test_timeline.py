"""The value timeline: colours by height, a steady scale, marks, and scrubbing."""

from typing import Any

import numpy as np
import pyqtgraph as pg
import pytest
from PyQt6.QtCore import QPoint, QPointF, Qt
from PyQt6.QtGui import QColor, QImage, QWheelEvent
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dream_viewer.curves.growing_curve import FRESH
from dream_viewer.curves.span import LEAST_SPAN
from dream_viewer.look import theme
from dream_viewer.records import Course
from dream_viewer.widgets.timeline import Timeline


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(1000, 140)
    timeline.show()
    return timeline


def course(values: list[float], rewards: dict[int, float] | None = None, **others: Any) -> Course:
    line = np.array(values, np.float32)
    given = np.zeros(len(values), np.float32)
    for index, reward in (rewards or {}).items():
        given[index] = reward
    nothing = np.full(len(values), np.nan, np.float32)
    return Course(**{"values": line, "rewards": given, "realised": nothing, "surprises": nothing} | others)


def show(timeline: Timeline, values: list[float], rewards: dict[int, float] | None = None, **others: Any) -> None:
    timeline.show_course(course(values, rewards, **others))


def place(timeline: Timeline, step: float, value: float) -> QPoint:
    """Where a point of the plot is on the widget."""
    view = timeline.getPlotItem().getViewBox()
    return timeline.mapFromScene(view.mapViewToScene(view.mapToView(view.mapFromView(_point(step, value)))))


def _point(step: float, value: float):
    from PyQt6.QtCore import QPointF

    return QPointF(step, value)


def hue_at(timeline: Timeline, step: float, value: float) -> QColor:
    """The most colourful pixel around a point of the plot."""
    centre, image = place(timeline, step, value), timeline.grab().toImage()
    around = [image.pixelColor(centre.x() + x, centre.y() + y) for x in range(-3, 4) for y in range(-3, 4)]
    return max(around, key=lambda colour: colour.saturation())


def test_high_is_green_and_low_is_red(timeline: Timeline) -> None:
    show(timeline, [10.0] * 30 + [0.5] * 30)
    high, low = hue_at(timeline, 10, 10.0), hue_at(timeline, 45, 0.5)
    assert high.green() > 1.5 * high.red()
    assert low.red() > 1.5 * low.green()


def pixels(timeline: Timeline) -> np.ndarray:
    image = timeline.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    return np.array(bits).reshape(image.height(), image.width(), 4).astype(int)


def test_what_was_drawn_of_a_long_line_is_kept_while_it_grows(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = (5 + 3 * np.sin(np.arange(2100) / 9)).tolist()
    lengths: list[int] = []
    paint = pg.PlotCurveItem.paint

    def note(curve: pg.PlotCurveItem, *rest: Any) -> None:
        steps, _ = curve.getData()
        lengths.append(0 if steps is None else len(steps))
        paint(curve, *rest)

    monkeypatch.setattr(pg.PlotCurveItem, "paint", note)
    show(timeline, wave[:2000])
    timeline.grab()
    assert max(lengths) == 2000
    lengths.clear()
    for length in range(2001, 2020):
        show(timeline, wave[:length])
        timeline.show_cursor(length - 1)
        timeline.grab()
    assert lengths and max(lengths) <= FRESH
    grown = pixels(timeline)
    show(timeline, wave[5:2024])
    show(timeline, wave[:2019])
    anew = pixels(timeline)
    assert max(lengths) == 2019, "another line is drawn from its first step on"
    assert (np.abs(grown - anew).max(-1) > 32).sum() < 8, "the seam is not to be seen"


def test_the_scale_does_not_jump(timeline: Timeline) -> None:
    show(timeline, [8.0])
    before = place(timeline, 0, 8.0)
    for length in range(2, 100):
        show(timeline, [8.0, *np.linspace(0.1, 9.9, length - 1).tolist()])
    assert place(timeline, 0, 8.0) == before
    show(timeline, [1.0, 0.2])
    assert place(timeline, 0, 8.0) == before


def test_another_agent_gets_a_scale_of_its_own(timeline: Timeline) -> None:
    show(timeline, [80.0])
    timeline.forget_scale()
    show(timeline, [0.5])
    assert timeline.scale_of_values.high == 1


def test_rewards_are_marked_on_the_line_and_beyond_its_end(timeline: Timeline) -> None:
    show(timeline, [5.0, 6.0, 7.0, np.nan], {1: 1.0, 3: 10.0}, outcome="won")
    steps, heights = timeline._rewards.getData()
    assert steps.tolist() == [1, 3] and heights.tolist() == [6, 7]


@pytest.mark.parametrize(("outcome", "word"), [("won", "won"), ("lost", "lost"), ("timeout", "time-out")])
def test_the_end_is_marked_with_its_word(timeline: Timeline, outcome, word: str) -> None:
    show(timeline, [5.0, 6.0, np.nan], outcome=outcome)
    assert timeline._end.step == 2
    assert timeline._end.word == word
    show(timeline, [5.0, 6.0])
    assert timeline._end.step is None and not timeline._end.word


@pytest.mark.parametrize("step", [0, 17, 40])
def test_a_click_scrubs_to_its_step(timeline: Timeline, qtbot: QtBot, step: int) -> None:
    show(timeline, [5.0] * 50)
    with qtbot.waitSignal(timeline.scrubbed) as asked:
        qtbot.mouseClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place(timeline, step, 5.0))
    assert asked.args == [step]


def test_a_drag_scrubs_along(timeline: Timeline, qtbot: QtBot) -> None:
    show(timeline, [5.0] * 50)
    asked: list[int] = []
    timeline.scrubbed.connect(asked.append)
    qtbot.mousePress(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place(timeline, 10, 5.0))
    for step in (15, 20, 30):
        qtbot.mouseMove(timeline.viewport(), pos=place(timeline, step, 5.0))
    qtbot.mouseRelease(timeline.viewport(), Qt.MouseButton.LeftButton, pos=place(timeline, 30, 5.0))
    assert asked[0] == 10 and asked[-1] == 30


def turn(timeline: Timeline, at: QPoint, notches: int, sideways: bool = False) -> None:
    delta = QPoint(120 * notches, 0) if sideways else QPoint(0, 120 * notches)
    none = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)
    timeline.wheelEvent(QWheelEvent(QPointF(at), QPointF(timeline.mapToGlobal(at)), QPoint(), delta, *none))


def test_the_wheel_zooms_around_the_mouse_and_a_double_click_fits(timeline: Timeline, qtbot: QtBot) -> None:
    show(timeline, [5.0] * 90)
    whole, at = timeline.span, place(timeline, 30, 5.0)
    with qtbot.waitSignal(timeline.ranged):
        turn(timeline, at, 3)
    first, last = timeline.span
    assert last - first < 60 and first < 30 < last
    assert abs(place(timeline, 30, 5.0).x() - at.x()) <= 1, "what is under the mouse stays there"
    turn(timeline, at, 50)
    assert timeline.span[1] - timeline.span[0] == pytest.approx(LEAST_SPAN)
    qtbot.mouseDClick(timeline.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert timeline.span == whole
    turn(timeline, at, 2)
    turn(timeline, at, -9)
    assert timeline.span == whole


def drag(timeline: Timeline, qtbot: QtBot, first: float, last: float) -> None:
    """With Shift, from step to step."""
    button, shift = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier
    start, end = place(timeline, first, 5.0), place(timeline, last, 5.0)
    qtbot.mousePress(timeline.viewport(), button, shift, pos=start)
    qtbot.mouseMove(timeline.viewport(), pos=end)
    qtbot.mouseRelease(timeline.viewport(), button, shift, pos=end)


def test_a_drag_with_shift_marks_a_stretch(timeline: Timeline, qtbot: QtBot) -> None:
    show(timeline, [5.0] * 60)
    with qtbot.assertNotEmitted(timeline.scrubbed):
        for first, last, marked in ((10, 30, (10, 30)), (40, 20, (20, 40)), (50, 95, (50, 59)), (15, 15, None)):
            with qtbot.waitSignal(timeline.stretched) as asked:
                drag(timeline, qtbot, first, last)
            assert asked.args == [marked]


def test_a_stretch_is_seen_more_clearly_while_it_is_looped(timeline: Timeline) -> None:
    show(timeline, [5.0] * 60)
    seen = []
    for stretch, looped in ((None, False), ((10, 30), False), ((10, 30), True)):
        timeline.show_stretch(stretch, looped)
        image = timeline.grab().toImage()
        tints = [image.pixelColor(place(timeline, step, 2.0)).blue() for step in (20, 40)]
        seen.append(abs(tints[0] - tints[1]))
    assert seen[0] == 0 < seen[1] < seen[2]


@pytest.mark.parametrize("button", [Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton])
def test_other_drags_pan_and_do_not_scrub(timeline: Timeline, qtbot: QtBot, button: Qt.MouseButton) -> None:
    show(timeline, [5.0] * 90)
    turn(timeline, place(timeline, 30, 5.0), 4)
    first, last = timeline.span
    start, end = place(timeline, 30, 5.0), place(timeline, 25, 5.0)
    with qtbot.assertNotEmitted(timeline.scrubbed):
        qtbot.mousePress(timeline.viewport(), button, pos=start)
        qtbot.mouseMove(timeline.viewport(), pos=end)
        qtbot.mouseRelease(timeline.viewport(), button, pos=end)
    assert timeline.span == pytest.approx((first + 5, last + 5), abs=0.3)
    turn(timeline, end, 1000, sideways=True)
    assert timeline.span[0] == -0.5, "never beyond the episode"


def test_zoomed_in_the_cursor_is_not_lost(timeline: Timeline) -> None:
    show(timeline, [5.0] * 90)
    turn(timeline, place(timeline, 10, 5.0), 6)
    for index in (11, 40, 89, 3):
        timeline.show_cursor(index)
        assert timeline.span[0] <= index <= timeline.span[1]


def test_what_really_came_is_drawn_once_it_is_known(timeline: Timeline) -> None:
    show(timeline, [5.0, 6.0, np.nan])
    assert "really came" not in timeline.title
    show(timeline, [5.0, 6.0, np.nan], realised=np.array([9.9, 10, np.nan], np.float32), outcome="won")
    assert "what really came" in timeline.title and timeline._end.bootstrap is None
    assert timeline.scale_of_values.high == 10


def test_a_time_out_ends_in_the_critic_s_value_and_says_so(timeline: Timeline) -> None:
    show(timeline, [5.0, 6.0, np.nan], realised=np.array([5.9, 6, np.nan], np.float32), outcome="timeout")
    assert timeline._end.bootstrap == 1 and "the value it ends in" in timeline.title


def test_a_fan_is_a_band_around_its_median(timeline: Timeline) -> None:
    show(timeline, [5.0] * 30)
    band = np.stack([np.full(16, height, np.float32) for height in (2, 3, 4)])
    timeline.show_fan(10, band)
    steps, heights = timeline._fan._median.getData()
    assert steps[0] == 10 and steps[-1] == 25 and set(heights) == {3}
    assert timeline._fan._between.isVisible() and "imagined futures" in timeline.title
    assert hue_at(timeline, 15, 2.5) != theme.colour("panel")
    timeline.show_fan(0, None)
    assert not timeline._fan._between.isVisible() and "imagined" not in timeline.title
    timeline.grab()


def test_stretches_that_a_person_played_are_underlined(timeline: Timeline) -> None:
    show(timeline, [5.0] * 60, played=((10, 24), (40, 40)))
    foot = timeline._limits()[0]
    played = theme.colour("played").hue()
    hues = {step: hue_at(timeline, step, foot).hue() for step in (15, 40.5, 5, 30)}
    assert [abs(hue - played) < 12 for hue in hues.values()] == [True, True, False, False], hues


def test_under_the_mouse_every_curve_tells_its_number(timeline: Timeline, qtbot: QtBot) -> None:
    surprises = np.full(30, 2.5, np.float32)
    show(timeline, [5.0] * 29 + [np.nan], {12: 1.0}, surprises=surprises, realised=np.full(30, 4.0, np.float32))
    timeline.show_fan(10, np.stack([np.full(26, height, np.float32) for height in (2, 3, 4)]))
    timeline.show_future(10, np.full(20, 6.0, np.float32))
    with qtbot.waitSignal(timeline.hovered) as hovered:
        qtbot.mouseMove(timeline.viewport(), pos=place(timeline, 12, 5.0))
    assert hovered.args == [12] and timeline._ghost.isVisible()
    imagined = ["imagined 3.00 (2.00 to 4.00)", "future on show 6.00"]
    lived = ["step 12", "value 5.00", "really came 4.00", "reward 1", "2.5 nats"]
    assert not [part for part in (*lived, *imagined) if part not in timeline.title]
    timeline.resize(600, 140)
    assert not [part for part in (*lived, *imagined) if part not in timeline.title], "none for want of room"
    assert timeline._title.geometry().right() <= timeline.width()
    timeline.resize(1000, 140)
    qtbot.mouseMove(timeline.viewport(), pos=place(timeline, 30, 5.0))  # where only dreams go on
    assert not [part for part in ("step 30", *imagined) if part not in timeline.title]
    assert "value" not in timeline.title and "nats" not in timeline.title
    qtbot.mouseMove(timeline.viewport(), pos=place(timeline, 60, 5.0))
    assert "step" not in timeline.title and not timeline._ghost.isVisible()


def test_what_is_under_the_mouse_is_told_as_long_as_it_is_there(timeline: Timeline, qtbot: QtBot) -> None:
    show(timeline, [5.0] * 30)
    qtbot.mouseMove(timeline.viewport(), pos=place(timeline, 12, 5.0))
    show(timeline, [6.0] * 31)
    timeline.show_fan(10, None)
    assert "step 12" in timeline.title and "value 6.00" in timeline.title
    show(timeline, [5.0] * 5)
    assert "step" not in timeline.title and not timeline._ghost.isVisible()


def test_other_colours_are_taken_at_once(timeline: Timeline, qtbot: QtBot) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app)
    show(timeline, [10.0] * 30 + [0.5] * 30)
    try:
        theme.dress(app, theme.Look(pair="blue-orange"))
        high, low = hue_at(timeline, 10, 10.0), hue_at(timeline, 45, 0.5)
    finally:
        theme.dress(app, theme.Look())
    assert high.blue() > 1.5 * high.red() and low.red() > 1.5 * low.blue()


def test_the_end_s_word_is_never_cut(timeline: Timeline) -> None:
    show(timeline, [5.0] * 90, outcome="timeout")
    turn(timeline, place(timeline, 10, 5.0), 6)
    assert not timeline._end.word
    timeline.show_cursor(89)
    assert timeline._end.word


def test_an_imagined_future_goes_on_from_its_moment(timeline: Timeline) -> None:
    show(timeline, [5.0] * 20)
    timeline.show_future(12, np.array([6.0, 7.0, 8.0], np.float32))
    steps, values = timeline._future.getData()
    assert steps.tolist() == [12, 13, 14, 15] and values.tolist() == [5, 6, 7, 8]
    assert "future on show (dotted)" in timeline.title
    timeline.show_future(0, None)
    assert not len(timeline._future.getData()[0] if timeline._future.getData()[0] is not None else [])


def test_the_cursor_stands_where_it_is_put(timeline: Timeline) -> None:
    show(timeline, [5.0, np.nan])
    timeline.show_cursor(0)
    assert timeline.cursor_index == 0 and len(timeline._dot.getData()[0]) == 1
    timeline.show_cursor(1)
    assert timeline.cursor_index == 1 and not len(timeline._dot.getData()[0])
