"""The result of a duel, as it is shown."""

import numpy as np
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from dream_viewer.records import DuelSide, Stat
from dream_viewer.widgets.duel_result import SIDE, DuelResult


def one_side(name: str, shade: int) -> DuelSide:
    rows = (Stat("Return", f"+{shade}"), Stat("End", "won"))
    return DuelSide(name, np.full((64, 64, 3), shade, np.uint8), rows)


@pytest.fixture
def result(qtbot: QtBot) -> DuelResult:
    result = DuelResult("You win: +20 against +10", (one_side("You", 20), one_side("The agent", 10)), "It expected 9.")
    result.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(result)
    result.show()
    return result


def test_both_sides_stand_beside_each_other(result: DuelResult) -> None:
    texts = [label.text() for label in result.findChildren(QLabel) if label.text()]
    assert texts[0] == "You win: +20 against +10" and {"You", "The agent", "+20", "+10"} <= set(texts)
    pictures = [label for label in result.findChildren(QLabel) if not label.pixmap().isNull()]
    assert [picture.pixmap().toImage().pixelColor(9, 9).red() for picture in pictures] == [20, 10]
    assert all(picture.width() == SIDE for picture in pictures) and pictures[0].x() < pictures[1].x()
    for label in result.findChildren(QLabel):
        assert label.wordWrap() or label.width() >= label.sizeHint().width(), label.text()


def test_each_side_can_be_watched(result: DuelResult, qtbot: QtBot) -> None:
    for place, button in enumerate(result.watch):
        with qtbot.waitSignal(result.watch_asked) as asked:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert asked.args == [place]
    assert result.isVisible()
    close = next(button for button in result.findChildren(QPushButton) if button.text() == "Close")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not result.isVisible()
