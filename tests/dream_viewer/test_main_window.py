"""The window as a person uses it, around a fake player and a fake trainer."""

import json
from pathlib import Path

import pytest
from PyQt6.QtCore import QMimeData, QPoint, QPointF, QRect, QSize, Qt, QUrl
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PyQt6.QtWidgets import QAbstractButton, QApplication, QFileDialog, QLabel, QWidget
from pytestqt.qtbot import QtBot

from dream_viewer.look.elided import ElidedLabel
from dream_viewer.look.palette import PAIRS
from dream_viewer.main_window import SMALLEST
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.settings import Settings, SettingsFile
from dream_viewer.state.dreaming import DreamMode
from dream_viewer.widgets.event_list import THUMBNAIL
from dream_viewer.widgets.failure_dialog import FailureDialog
from tests.dream_viewer.feed import agent_info, fan
from tests.dream_viewer.window import Desk, Show, begin_training, press
from trainer.events import Progress


def test_the_question_mark_shows_the_keys_and_escape_closes(desk: Desk, qtbot: QtBot) -> None:
    desk.live(5)
    desk.window.actions_by_id["shortcuts"].trigger()
    assert desk.window.shortcuts.isVisible()
    qtbot.keyClick(desk.window.shortcuts, Qt.Key.Key_Space)
    assert desk.session.playhead.playback.state is State.FOLLOWING
    qtbot.keyClick(desk.window.shortcuts, Qt.Key.Key_Escape)
    assert not desk.window.shortcuts.isVisible() and desk.window.hasFocus()
    press(qtbot, desk, Qt.Key.Key_Space)
    assert desk.session.playhead.playback.state is State.PAUSED


def test_f11_fills_the_screen_and_gives_it_back(desk: Desk, qtbot: QtBot) -> None:
    press(qtbot, desk, Qt.Key.Key_F11)
    assert desk.window.isFullScreen()
    press(qtbot, desk, Qt.Key.Key_F11)
    assert not desk.window.isFullScreen()


def test_frames_box_sets_what_the_mode_needs(desk: Desk) -> None:
    desk.live(3)
    box = desk.window.frames
    assert not box.isVisible()
    desk.session.dreaming.set_mode(DreamMode.DREAM)
    assert box.value() == 15
    box.setValue(7)
    assert desk.session.dreaming.ground_every == 7 and desk.player.asked("set_blind")[-1] == (7,)
    desk.session.dreaming.set_mode(DreamMode.FUTURE)
    assert box.value() == 15
    box.setValue(30)
    assert desk.session.dreaming.horizon == 30 and desk.session.dreaming.ground_every == 7


def test_read_outs_follow_the_cursor(desk: Desk) -> None:
    desk.live_to_the_end(5)
    desk.session.playhead.seek(3)
    texts = desk.window.readouts.texts()
    assert texts["Level seed"] == ("12\u2009345", "unseen level, easy")
    assert texts["Step"] == ("3", "of 5, then won")
    assert texts["Surprise"][0] == "2.0 nats"


def test_a_click_on_the_timeline_scrubs(desk: Desk, qtbot: QtBot) -> None:
    desk.live(60)
    view = desk.window.timeline.getPlotItem().getViewBox()
    place = desk.window.timeline.mapFromScene(view.mapViewToScene(QPointF(21, 5)))
    qtbot.mouseClick(desk.window.timeline.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.playhead.index == 21 and desk.session.playhead.playback.state is State.PAUSED


def test_the_fan_opens_from_the_cursor(desk: Desk, qtbot: QtBot) -> None:
    desk.live(20)
    desk.session.playhead.seek(12)
    key = desk.player.asked("ask_fan")[-1][0]
    assert key.index == 12
    desk.player.tell(fan(key))
    desk.session.tick()
    steps, _ = desk.window.timeline._fan._median.getData()
    assert steps[0] == 12 and len(steps) == 16
    press(qtbot, desk, Qt.Key.Key_U)
    assert not desk.window.timeline._fan._between.isVisible()
    press(qtbot, desk, Qt.Key.Key_U)
    assert desk.window.timeline._fan._between.isVisible()
    desk.session.playhead.seek(3)
    assert not desk.window.timeline._fan._between.isVisible(), "another Moment, another fan"


def test_what_really_came_is_shown_once_the_episode_is_over(desk: Desk) -> None:
    desk.live(20)
    assert "really came" not in desk.window.timeline.title
    desk.live_to_the_end(20, number=1)
    assert "really came" in desk.window.timeline.title
    assert desk.window.timeline._realised.getData()[1][19] == pytest.approx(10.0)


def test_the_lane_stands_below_the_timeline_and_scrubs(desk: Desk, qtbot: QtBot) -> None:
    desk.live(60)
    lane = desk.window.lane
    assert lane.isVisible() and lane.width() == desk.window.timeline.width()
    place = QPoint(round(lane.place_of(21)), 14)
    qtbot.mouseClick(lane, Qt.MouseButton.LeftButton, pos=place)
    assert desk.session.playhead.index == 21


def test_the_list_of_events_goes_where_a_click_says(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(20)
    desk.window.resize(*SMALLEST)
    press(qtbot, desk, Qt.Key.Key_E)
    window = desk.window
    QApplication.processEvents()
    assert window.events.height() >= 5 * (THUMBNAIL + 4), "five have room"
    assert window.events.isVisible() and not window.policy.isVisible()
    assert window.events.texts() == ["Step 20\nreward +10", "Step 20\nthe end: won"]
    desk.session.playhead.seek(4)
    press(qtbot, desk, Qt.Key.Key_B)
    assert window.events.texts()[0] == "Step 4\nbookmark" and window.events.current == 4
    window.events.chosen.emit(20)
    assert desk.session.playhead.index == 20
    press(qtbot, desk, Qt.Key.Key_T)
    assert window.training_panel.isVisible() and not window.events.isVisible()
    press(qtbot, desk, Qt.Key.Key_E)
    assert window.events.isVisible() and not window.training_panel.isVisible()
    press(qtbot, desk, Qt.Key.Key_E)
    assert window.policy.isVisible()


def test_another_episode_is_shown_whole(desk: Desk, qtbot: QtBot) -> None:
    desk.live_to_the_end(60)
    desk.live(3, number=1)
    desk.window.timeline._span.zoom_to(0, 20)
    press(qtbot, desk, Qt.Key.Key_Up)
    assert desk.window.timeline.span == (-0.5, 100.5)
    desk.window.timeline._span.zoom_to(0, 20)
    press(qtbot, desk, Qt.Key.Key_0)
    assert desk.window.timeline.span == (-0.5, 100.5)


def test_blue_and_orange_everywhere_and_remembered(shown: Show) -> None:
    desk = shown(Settings(colours="blue-orange"))
    try:
        desk.live(20)
        assert desk.window.settings_now().colours == "blue-orange"
        border = desk.window.reality.grab().toImage().pixelColor(1, 100)
        assert border.name() == PAIRS["blue-orange"]["dark"]["observed"]
    finally:
        desk.window.actions_by_id["blue_orange"].setChecked(False)
    assert desk.window.reality.grab().toImage().pixelColor(1, 100).name() == PAIRS["green-red"]["dark"]["observed"]


def test_a_damaged_checkpoint_leaves_the_present_one_playing_and_says_why(desk: Desk) -> None:
    desk.live(4)
    desk.window.files.open_path(Path("/somewhere/broken.safetensors"))
    assert desk.player.asked("open_checkpoint")[-1][0] == Path("/somewhere/broken.safetensors")
    desk.player.open_failed.emit("/somewhere/broken.safetensors", "/somewhere/broken.safetensors: is cut short.")
    assert "is cut short" in desk.window.notice.text and "coinrun-12m plays on" in desk.window.notice.text
    assert desk.window.notice.isVisible()
    desk.live(2, start=4)
    assert desk.session.playhead.index == 5


def dropped(desk: Desk, *urls: str) -> bool:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(url) if url.startswith("/") else QUrl(url) for url in urls])
    where, copy = QPoint(200, 200), Qt.DropAction.CopyAction
    none = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    entering = QDragEnterEvent(where, copy, data, *none)
    entering.ignore()
    desk.window.dragEnterEvent(entering)
    if entering.isAccepted():
        desk.window.dropEvent(QDropEvent(QPointF(where), copy, data, *none))
    return entering.isAccepted()


def test_a_checkpoint_can_be_dropped(desk: Desk) -> None:
    assert dropped(desk, "/runs/agent.safetensors")
    assert desk.player.asked("open_checkpoint")[-1][0] == Path("/runs/agent.safetensors")
    count = len(desk.player.asked("open_checkpoint"))
    assert not dropped(desk, "https://example.org/agent.safetensors")
    assert not dropped(desk, "/a", "/b")
    assert len(desk.player.asked("open_checkpoint")) == count


def test_the_dialog_opens_what_is_chosen(desk: Desk, tmp_path: Path, qtbot: QtBot) -> None:
    desk.window.actions_by_id["open"].trigger()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None and dialog.isVisible()
    dialog.fileSelected.emit(str(tmp_path / "x.safetensors"))
    assert desk.player.asked("open_checkpoint")[-1][0] == tmp_path / "x.safetensors"
    dialog.close()


def test_levels_are_chosen_in_the_menu(desk: Desk) -> None:
    desk.live(4)
    assert desk.window.actions_by_id["unseen"].isChecked()
    desk.window.actions_by_id["train"].trigger()
    assert desk.player.asked("new_level")[-1] == (LevelChoice("train"),)
    desk.window.actions_by_id["same"].trigger()
    assert desk.player.asked("new_level")[-1] == (LevelChoice("unseen", 12345),)
    assert desk.window.actions_by_id["same"].isChecked()


@pytest.mark.parametrize("who", ["player", "trainer"])
def test_a_worker_s_failure_shows_its_text_and_the_window_lives_on(desk: Desk, qtbot: QtBot, who: str) -> None:
    desk.live(4)
    if who == "trainer":
        begin_training(desk)
    failing = desk.player if who == "player" else desk.trainer
    failing.failed.emit("ValueError: odd", "Traceback…\nValueError: odd")
    failing.failed.emit("ValueError: odd", "Traceback…\nValueError: odd")
    (dialog,) = desk.window.findChildren(FailureDialog)
    assert dialog.isVisible() and not dialog.isModal()
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    assert "Traceback…\nValueError: odd" in QGuiApplication.clipboard().text()
    dialog.close()
    desk.session.playhead.follow()
    desk.live(2, start=4)
    assert desk.session.playhead.index == 5 and desk.window.isVisible()


def geometries(desk: Desk) -> dict[str, tuple[int, ...]]:
    window = desk.window
    parts: dict[str, QWidget] = {
        "reality": window.reality,
        "dream": window.dream,
        "timeline": window.timeline,
        "transport": window.transport,
        "readouts": window.readouts,
        "picture": window.dream._picture,
    }
    return {name: part.geometry().getRect() for name, part in parts.items()}


def test_nothing_that_is_shown_moves_anything(desk: Desk, qtbot: QtBot) -> None:
    desk.live(3)
    before = geometries(desk)
    for mode in (*DreamMode, DreamMode.BELIEF):
        desk.session.dreaming.set_mode(mode)
        assert geometries(desk) == before
    desk.live_to_the_end(700, number=1)
    desk.window.complain("a long message " * 20)
    desk.session.playhead.seek(300)
    QApplication.processEvents()
    assert geometries(desk) == before


@pytest.mark.parametrize("key", [None, Qt.Key.Key_I, Qt.Key.Key_Z, Qt.Key.Key_F5])
def test_a_message_covers_neither_the_timeline_nor_the_transport(shown: Show, qtbot: QtBot, key: Qt.Key | None) -> None:
    window = shown(None, (1024, 680)).window
    window.complain("a long message " * 20)
    if key is not None:
        qtbot.keyClick(window, key)  # while it stands there
    assert window.notice.isVisible() and window.stage.rect().contains(window.notice.geometry())
    parts = (window.timeline, window.lane, window.transport)
    places = [QRect(part.mapTo(window.stage, QPoint(0, 0)), part.size()) for part in parts if part.isVisible()]
    assert places and not [place for place in places if place.intersects(window.notice.geometry())]


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("size", [(1280, 800), (1024, 680)])
def test_no_text_is_cut(shown: Show, size: tuple[int, int], training: bool) -> None:
    desk = shown(Settings(training_panel=training, dream_mode="dream"), size)
    desk.live_to_the_end(130)
    if training:
        begin_training(desk)
        desk.trainer.progress.put(Progress(999_900, 62_400, 0, 3600.0, 0.42, 430.0, 6.5, 100_000.0))
        desk.session.tick()
    desk.session.playhead.seek(127)
    QApplication.processEvents()
    assert desk.window.size() == QSize(*size)
    for label in desk.window.findChildren(ElidedLabel):
        assert not label.isVisible() or label.text() == label.full, label.full
    for label in desk.window.findChildren(QLabel):
        if label.isVisible() and not label.wordWrap() and not isinstance(label, ElidedLabel):
            assert label.width() >= label.sizeHint().width(), label.text()
    for button in desk.window.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.width() >= button.minimumSizeHint().width(), button.text()


def test_another_agent_gets_another_scale(desk: Desk) -> None:
    desk.live(3)
    assert desk.window.timeline.scale_of_values.high == 5
    desk.player.tell(Opened(agent_info("other", 2)))
    desk.session.tick()
    assert desk.window.timeline.scale_of_values.high == 1


def test_training_from_start_to_end_fits_a_small_window(shown: Show) -> None:
    desk = shown(Settings(training_panel=True), (1024, 680))
    desk.live(3)
    for _ in range(2):
        begin_training(desk)
        QApplication.processEvents()
        desk.trainer.failed.emit("odd", "details")
        desk.trainer.ended.emit()
        QApplication.processEvents()
        desk.window.training_panel._progress.stop.click()
        QApplication.processEvents()
        assert desk.window.size() == QSize(1024, 680)


@pytest.mark.parametrize(
    ("size", "film", "side"),
    [((1280, 800), False, 512), ((1280, 800), True, 384), ((1024, 680), False, 384), ((1024, 680), True, 320)],
)
def test_pictures_take_the_room_there_is(shown: Show, size: tuple[int, int], film: bool, side: int) -> None:
    desk = shown(Settings(film_strip=film), size=size)
    picture = desk.window.dream._picture
    assert (picture.width() - 6, picture.height() - 6) == (side, side)


def test_settings_come_back(shown: Show) -> None:
    first = shown(Settings(speed=4.0, loop=True, dream_mode="dream", ground_every=9, reality_view="agent"))
    assert first.session.playhead.playback.speed == 4.0 and first.session.playhead.playback.loop
    assert first.session.dreaming.mode is DreamMode.DREAM and first.session.dreaming.ground_every == 9
    assert first.player.asked("set_human_wanted")[-1] == (False,)
    first.window.training_panel._form._envs.setValue(8)
    kept = first.window.settings_now()
    second = shown(kept)
    assert second.window.settings_now().replace(geometry="") == kept.replace(geometry="")
    assert second.window.training_panel.form.num_envs == 8


def test_wild_settings_open_the_window_all_the_same(shown: Show, tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    wild = {"ground_every": 10**12, "dream_mode": "dream", "training": {"num_envs": 10**12, "total_steps": -(10**12)}}
    path.write_text(json.dumps(wild), encoding="utf-8")
    desk = shown(SettingsFile(path).load())
    assert desk.session.dreaming.ground_every == 15
    assert (desk.window.training_panel.form.num_envs, desk.window.training_panel.form.total_steps) == (16, 1_000_000)


def test_closing_tells_once(desk: Desk, qtbot: QtBot) -> None:
    told: list[None] = []
    desk.window.closing.connect(lambda: told.append(None))
    desk.window.close()
    desk.window.close()
    QApplication.sendEvent(desk.window, QCloseEvent())  # as Qt does at every close of a window never shown
    assert told == [None] and not desk.window.isVisible()


def test_without_an_agent_the_window_says_how_to_open_one(desk: Desk) -> None:
    assert "Ctrl+O" in desk.window.dream.message and "Ctrl+O" in desk.window.reality.message
    for name in ("play", "back", "forward", "first", "last", "episode_back", "follow", "again"):
        desk.window.actions_by_id[name].trigger()
    assert desk.session.playhead.reel is None and desk.session.playhead.index == 0
    assert not any(desk.player.asked(what) for what in ("step_once", "ask_future", "ask_reread", "ask_picture"))
    assert "Ctrl+O" in desk.window.dream.message and len(desk.window.timeline._course.values) == 0
