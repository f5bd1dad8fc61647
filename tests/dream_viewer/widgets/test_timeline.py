"""The value timeline: colours by height, a steady scale, marks, and scrubbing."""

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from dream_viewer.widgets.timeline import Timeline


@pytest.fixture
def timeline(qtbot: QtBot) -> Timeline:
    timeline = Timeline()
    qtbot.addWidget(timeline)
    timeline.resize(1000, 140)
    timeline.show()
    return timeline


def show(timeline: Timeline, values: list[float], rewards: dict[int, float] | None = None, outcome=None) -> None:
    given = np.zeros(len(values), np.float32)
    for index, reward in (rewards or {}).items():
        given[index] = reward
    timeline.show_episode(np.array(values, np.float32), given, outcome)


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
    show(timeline, [5.0, 6.0, 7.0, np.nan], {1: 1.0, 3: 10.0}, "won")
    steps, heights = timeline._rewards.getData()
    assert steps.tolist() == [1, 3] and heights.tolist() == [6, 7]


@pytest.mark.parametrize(("outcome", "word"), [("won", "won"), ("lost", "lost"), ("timeout", "time-out")])
def test_the_end_is_marked_with_its_word(timeline: Timeline, outcome, word: str) -> None:
    show(timeline, [5.0, 6.0, np.nan], outcome=outcome)
    assert timeline._end.isVisible() and timeline._end.value() == 2
    assert timeline._end_word.toPlainText() == word
    show(timeline, [5.0, 6.0])
    assert not timeline._end.isVisible() and not timeline._end_word.isVisible()


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


def test_the_right_button_does_nothing(timeline: Timeline, qtbot: QtBot) -> None:
    show(timeline, [5.0] * 50)
    with qtbot.assertNotEmitted(timeline.scrubbed):
        qtbot.mouseClick(timeline.viewport(), Qt.MouseButton.RightButton, pos=place(timeline, 10, 5.0))


def test_an_imagined_future_goes_on_from_its_moment(timeline: Timeline) -> None:
    show(timeline, [5.0] * 20)
    timeline.show_future(12, np.array([6.0, 7.0, 8.0], np.float32))
    steps, values = timeline._future.getData()
    assert steps.tolist() == [12, 13, 14, 15] and values.tolist() == [5, 6, 7, 8]
    timeline.show_future(0, None)
    assert not len(timeline._future.getData()[0] if timeline._future.getData()[0] is not None else [])


def test_the_cursor_stands_where_it_is_put(timeline: Timeline) -> None:
    show(timeline, [5.0, np.nan])
    timeline.show_cursor(0)
    assert timeline.cursor_index == 0 and len(timeline._dot.getData()[0]) == 1
    timeline.show_cursor(1)
    assert timeline.cursor_index == 1 and not len(timeline._dot.getData()[0])
