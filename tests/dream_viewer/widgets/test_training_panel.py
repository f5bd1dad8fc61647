"""The training panel: a form whose parts agree, and buttons that say what they will do."""

import pytest
from PyQt6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from dream_viewer.widgets.training_panel import Phase, TrainingForm, TrainingPanel
from trainer.config import Config

CONFIGS = {
    "coinrun": Config(),
    "debug": Config(preset="debug", num_envs=4, total_steps=512),
    "starpilot": Config(game="starpilot", total_steps=2_000_000),
}


@pytest.fixture
def panel(qtbot: QtBot) -> TrainingPanel:
    panel = TrainingPanel(CONFIGS)
    qtbot.addWidget(panel)
    panel.show()
    return panel


def test_it_begins_with_the_first_configuration(panel: TrainingPanel) -> None:
    assert panel.form == TrainingForm("coinrun", "coinrun", "auto", 16, 1_000_000, False)


def test_a_configuration_fills_the_form(panel: TrainingPanel) -> None:
    panel._form._config.setCurrentText("debug")
    assert panel.form == TrainingForm("debug", "coinrun", "debug", 4, 512, False)


def test_a_game_brings_its_own_configuration(panel: TrainingPanel, qtbot: QtBot) -> None:
    box = panel._form._game
    box.setCurrentText("starpilot")
    box.activated.emit(box.currentIndex())
    assert panel.form.config == "starpilot" and panel.form.total_steps == 2_000_000


def test_a_game_without_one_keeps_the_rest(panel: TrainingPanel) -> None:
    box = panel._form._game
    box.setCurrentText("maze")
    box.activated.emit(box.currentIndex())
    assert (panel.form.config, panel.form.game) == ("coinrun", "maze")


def test_weights_decide_their_own_preset(panel: TrainingPanel) -> None:
    assert not panel._form._open.isEnabled()
    panel.show_open_agent("mine", "25m")
    panel._form._open.setChecked(True)
    assert panel.form.from_open and panel.form.preset == "25m"
    assert not panel._form._preset.isEnabled()
    panel._form._config.setCurrentText("debug")
    assert panel.form.preset == "25m" and panel.remembered.preset == "debug"
    panel.show_open_agent(None)
    assert not panel.form.from_open and panel._form._preset.isEnabled()
    assert panel.form.preset == "debug", "what the configuration has comes back"


def test_a_trained_checkpoint_is_where_training_goes_on(panel: TrainingPanel) -> None:
    panel.show_open_agent("new", "25m", trained=False)
    assert not panel.form.from_open and panel._form._open.isEnabled()
    panel.show_open_agent("mine", "25m", trained=True)
    assert panel.form.from_open and panel.form.preset == "25m"


@pytest.mark.parametrize("from_open", [False, True])
def test_where_to_start_from_stays_as_a_person_chose(panel: TrainingPanel, qtbot: QtBot, from_open: bool) -> None:
    panel.show_open_agent("mine", "25m", trained=not from_open)
    chosen = panel._form._open if from_open else panel._form._zero
    qtbot.mouseClick(chosen, Qt.MouseButton.LeftButton, pos=QPoint(8, chosen.height() // 2))
    assert panel.form.from_open == from_open
    panel.show_open_agent("another", "12m", trained=not from_open)
    assert panel.form.from_open == from_open
    panel.show_open_agent(None)
    assert not panel.form.from_open
    panel.show_open_agent("mine", "25m", trained=not from_open)
    assert panel.form.from_open == from_open


def test_start_carries_the_form(panel: TrainingPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.start_asked) as asked:
        qtbot.mouseClick(panel._form.start, Qt.MouseButton.LeftButton)
    assert asked.args == [panel.form]


def test_remembered_values_come_back_and_unknown_ones_are_left(panel: TrainingPanel) -> None:
    panel.fill(TrainingForm("debug", "maze", "1m", 8, 777, False))
    assert panel.form == TrainingForm("debug", "maze", "1m", 8, 777, False)
    panel.fill(TrainingForm("gone", "pong", "9m", 10**12, -(10**400), False))
    assert panel.form == TrainingForm("debug", "maze", "1m", 8, 777, False)


def test_buttons_follow_the_phase(panel: TrainingPanel, qtbot: QtBot) -> None:
    pause, stop = panel._progress.pause, panel._progress.stop
    panel.show_phase(Phase.STARTING, "coinrun")
    assert not pause.isEnabled() and stop.isEnabled() and not panel._form.isVisible()
    panel.show_phase(Phase.RUNNING, "coinrun")
    with qtbot.waitSignal(panel.pause_asked):
        pause.click()
    panel.show_phase(Phase.PAUSED, "coinrun")
    assert pause.text() == "Resume"
    with qtbot.waitSignal(panel.resume_asked):
        pause.click()
    panel.show_phase(Phase.STOPPING, "coinrun")
    assert not pause.isEnabled() and not stop.isEnabled() and stop.text() == "Saving…"
    panel.show_phase(Phase.SETUP)
    assert panel._form.isVisible() and not panel._progress.isVisible()


def test_progress_is_a_bar_and_words(panel: TrainingPanel) -> None:
    panel.show_phase(Phase.RUNNING, "coinrun")
    panel.show_progress(0.25, [("1", "2"), ("3", "4"), ("5", "6")])
    assert panel._progress._bar.value() / panel._progress._bar.maximum() == 0.25
    panel.show_progress(None, [("setting up", ""), ("", ""), ("", "")])
    assert panel._progress._bar.maximum() == 0
