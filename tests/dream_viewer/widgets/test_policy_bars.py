"""The policy panel alone."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from dream_viewer.look import theme
from dream_viewer.widgets.policy_bars import LEAST_ROW, PolicyBars, entropy
from dream_viewer.words import wording
from trainer.envs.actions import ACTIONS

NAMES = [action.name for action in ACTIONS]
GLYPHS = [wording.action_glyph(action.index) for action in ACTIONS]


def test_every_action_has_a_sign_of_its_own() -> None:
    assert "".join(GLYPHS) == "↙←↖↓·↑↘→↗DAWSQE"


@pytest.mark.parametrize(("policy", "nats"), [([1, 0, 0], 0.0), ([0.5, 0.5, 0], np.log(2)), ([1 / 3] * 3, np.log(3))])
def test_entropy(policy: list[float], nats: float) -> None:
    assert entropy(np.array(policy, np.float32)) == pytest.approx(nats, abs=1e-6)


@pytest.fixture
def bars(qtbot: QtBot) -> PolicyBars:
    bars = PolicyBars(NAMES, GLYPHS)
    qtbot.addWidget(bars)
    bars.resize(180, bars.sizeHint().height())
    return bars


def test_the_entropy_of_what_is_shown_stands_above_it(bars: PolicyBars) -> None:
    policy = np.linspace(0.01, 0.1233, 15, dtype=np.float32)
    above = []
    for shown in (policy, policy[::-1], policy**3 / (policy**3).sum()):
        bars.show_policy(shown, None)
        above.append(bars.grab().toImage().copy(0, 0, bars.width(), 16))
    assert above[0] == above[1] != above[2], "it hangs on how sure the agent is, not on what of"


def test_under_the_mouse_it_tells_of_the_action(bars: PolicyBars) -> None:
    assert "nats would be pure chance" in bars.text_at(QPointF(50, 100))
    policy = np.full(15, 0.02, np.float32)
    policy[7] = 0.72
    bars.show_policy(policy, 7)
    rows = [bars.text_at(QPointF(50, 20 + 18 * row + 9)) for row in range(15)]
    assert rows[7] == "right: 72.0 %, about to be taken" and rows[0] == "left + down: 2.0 %"
    bars.show_policy(policy, 7, by_person=True)
    assert bars.text_at(QPointF(50, 20 + 18 * 7 + 9)) == "right: 72.0 %, chosen by a person"
    assert "Entropy" in bars.text_at(QPointF(50, 5))


def test_the_longest_bar_is_the_likeliest_action_and_bright_where_it_is_taken(bars: PolicyBars, qtbot: QtBot) -> None:
    policy = np.full(15, 0.02, np.float32)
    policy[3] = 0.72
    lengths = []
    for taken, word in ((3, "accent"), (5, "faint")):
        bars.show_policy(policy, taken)
        picture = bars.grab().toImage()
        y = 20 + 18 * 3 + 9
        lengths.append(
            sum(picture.pixelColor(x, y).name() == theme.colour(word).name() for x in range(picture.width()))
        )
    assert lengths[0] == lengths[1] > 15, "as long, in another colour"


def test_a_low_column_shows_two_of_signs_and_a_lower_one_nothing(bars: PolicyBars) -> None:
    policy = np.full(15, 0.02, np.float32)
    policy[8] = 0.72
    bars.show_policy(policy, 8)
    bars.resize(180, 20 + 15 * LEAST_ROW - 1)
    assert bars.text_at(QPointF(130, 26)) == "right + up: 72.0 %, about to be taken", "the second column begins with it"
    assert bars.text_at(QPointF(30, 26)).startswith("left + down")
    drawn = []
    for row in (LEAST_ROW, LEAST_ROW - 1):
        bars.resize(180, 20 + 8 * row)
        picture = bars.grab().toImage()
        drawn.append(len({picture.pixel(x, y) for x in range(0, 180, 3) for y in range(0, picture.height(), 3)}) > 1)
    assert drawn == [True, False]


@pytest.mark.parametrize("height", [290, 140])
def test_what_was_drawn_before_leaves_no_trace(bars: PolicyBars, qtbot: QtBot, height: int) -> None:
    policy = np.linspace(0, 0.13, 15, dtype=np.float32)
    bars.show_policy(policy, 3)
    bars.grab()
    bars.resize(200, height)
    for taken in (5, None, 3):
        bars.show_policy(policy[::-1], taken)
        bars.grab()
    bars.show_policy(policy, 3)
    fresh = PolicyBars(NAMES, GLYPHS)
    qtbot.addWidget(fresh)
    fresh.resize(200, height)
    fresh.show_policy(policy, 3)
    assert bars.grab().toImage() == fresh.grab().toImage()
    shown = fresh.grab().toImage()
    fresh.show_policy(policy, 4)
    assert fresh.grab().toImage() != shown
