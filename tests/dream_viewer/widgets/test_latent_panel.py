"""The latent panel alone."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QAction
from PyQt6.QtTest import QTest
from pytestqt.qtbot import QtBot

from dream_viewer.widgets.latent_panel import LatentPanel
from tests.dream_viewer.feed import frame
from trainer.episode import Insight

S, C = 32, 16


def inside(first: bool = False) -> Insight:
    posterior = np.full((S, C), 0.001, np.float32)
    prior = np.full((S, C), 1 / C, np.float32)
    drawn = (np.arange(S) % C).astype(np.uint8)
    posterior[np.arange(S), drawn] = 1 - 0.001 * (C - 1)
    change = np.zeros((8, 16), np.float32)
    change[2, 5] = -0.25
    return Insight(posterior, None if first else prior, drawn, None if first else change)


@pytest.fixture
def panel(qtbot: QtBot) -> LatentPanel:
    panel = LatentPanel([(QAction("Undo the last"), "Undo")])
    qtbot.addWidget(panel)
    panel.resize(panel.sizeHint())
    with qtbot.waitExposed(panel):
        panel.show()
    panel.show_inside(inside(), frame(3), "")
    panel.show_touched(None, (), "nothing set")
    return panel


def place(panel: LatentPanel, latent: int, index: int) -> QPoint:
    return panel.posterior.rect_of(latent, index).center()


def test_the_mouse_tells_latent_class_and_probabilities_and_a_click_sets(panel: LatentPanel, qtbot: QtBot) -> None:
    QTest.mouseMove(panel.posterior, place(panel, 19, 3))
    qtbot.waitUntil(lambda: panel.words == "latent 19, class 3: expected 6.2 %, seen 98.5 %, drawn")
    QTest.mouseMove(panel.posterior, place(panel, 19, 4))
    qtbot.waitUntil(lambda: panel.words == "latent 19, class 4: expected 6.2 %, seen 0.1 %")
    with qtbot.waitSignal(panel.set_asked) as asked:
        QTest.mouseClick(panel.posterior, Qt.MouseButton.LeftButton, pos=place(panel, 19, 4))
    assert asked.args == [19, 4]
    QTest.mouseMove(panel, QPoint(2, panel.height() - 2))
    qtbot.waitUntil(lambda: panel.words == "nothing set")


def test_likely_classes_are_brighter_and_drawn_and_set_ones_are_framed(panel: LatentPanel) -> None:
    def shades(latent: int, index: int) -> tuple[int, str]:
        picture = panel.posterior.grab().toImage()
        rect = panel.posterior.rect_of(latent, index)
        return picture.pixelColor(rect.center()).lightness(), picture.pixelColor(rect.topLeft()).name()

    (likely, framed), (unlikely, bare) = shades(7, 7), shades(7, 8)
    assert likely > 2 * unlikely and framed != bare
    panel.show_touched(frame(9), [(7, 8)], "set")
    assert shades(7, 8)[1] not in (bare, framed) and panel.frames[1] is not None


def test_by_keyboard_tab_arrows_and_enter(panel: LatentPanel, qtbot: QtBot) -> None:
    panel.posterior.setFocus(Qt.FocusReason.TabFocusReason)
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Down):
        QTest.keyClick(panel.posterior, key)
    assert panel.words.startswith("latent 2, class 1:"), "the first key shows where it stands"
    with qtbot.waitSignal(panel.set_asked) as asked:
        QTest.keyClick(panel.posterior, Qt.Key.Key_Return)
    assert asked.args == [2, 1]


def test_on_the_first_frame_it_says_that_nothing_was_expected(panel: LatentPanel) -> None:
    panel.show_inside(inside(first=True), frame(3), "")
    prior, posterior, difference = panel.messages()
    assert "no prior" in prior and "no prior" in difference and posterior == ""
    assert panel.strip_title == "Change of h"
    panel.show_inside(inside(), frame(3), "")
    assert panel.messages() == ["", "", ""] and "8 blocks of 16 cells" in panel.strip_title


def test_at_the_least_size_of_the_window_nothing_is_cut(panel: LatentPanel) -> None:
    assert panel.minimumSizeHint().width() <= 800 and panel.minimumSizeHint().height() <= 600
    panel.resize(panel.minimumSizeHint())
    rect = panel.posterior.rect_of(S - 1, C - 1)
    assert panel.posterior.rect().contains(rect) and rect.height() >= 8
