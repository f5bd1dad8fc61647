"""Runs that are offered, chosen, and gone on with."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from tests.dream_viewer.window import Desk


def test_a_run_to_continue_is_chosen_from_the_panel(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.window.actions_by_id["training"].setChecked(True)
    qtbot.mouseClick(desk.window.training_panel._form.go_on, Qt.MouseButton.LeftButton)
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path))
    assert desk.trainer.request.resume == tmp_path
    dialog.close()


def test_a_broken_off_run_is_offered(desk: Desk) -> None:
    desk.window.resuming.offer(Path("/runs/coinrun-7"))
    assert "coinrun-7 broke off" in desk.window.notice.text
    desk.window.notice._button.click()
    assert desk.trainer.request.resume == Path("/runs/coinrun-7")
    assert desk.window.training_panel.isVisible()
    assert desk.window.settings_now().dismissed == []


def test_a_dismissed_offer_is_remembered_until_the_run_goes_on(desk: Desk, qtbot: QtBot) -> None:
    desk.window.resuming.offer(Path("/runs/coinrun-7"))
    (close,) = desk.window.notice.findChildren(QToolButton)
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert not desk.window.notice.isVisible() and desk.window.settings_now().dismissed == ["/runs/coinrun-7"]
    desk.window.complain("something else")
    qtbot.mouseClick(close, Qt.MouseButton.LeftButton)
    assert desk.window.settings_now().dismissed == ["/runs/coinrun-7"]
    desk.window.resuming.go_on(Path("/runs/coinrun-7"))
    assert desk.window.settings_now().dismissed == []
