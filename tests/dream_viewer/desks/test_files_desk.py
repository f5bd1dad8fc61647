"""Files that a person opens and saves: recordings come beside the episode being lived, and every outcome is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PyQt6.QtWidgets import QFileDialog

from dream_viewer.desks.files_desk import EXPORTED
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Recalled
from dream_viewer.messages.news import Written
from dream_viewer.pictures.film_files import SUFFIXES
from dream_viewer.playback import State
from dream_viewer.words import wording
from tests.dream_viewer.feed import agent_info, arrival, end_moment, moment, opened
from tests.dream_viewer.window import Desk, Make

FILE = Path("/somewhere/won.episode")


@pytest.fixture
def desk(made: Make) -> Desk:
    return made()


def recalled(differs: str = "", number: int = -2, steps: int = 4) -> Recalled:
    moments = [*(moment(i, level_seed=77) for i in range(steps)), end_moment(level_seed=77)]
    return Recalled(FILE, arrival(moments, 0, number, "won"), differs)


def notice(desk: Desk) -> str:
    return desk.window.notice.text if desk.window.notice.isVisibleTo(desk.window) else ""


def test_a_recording_is_opened_by_its_name_and_all_else_as_a_checkpoint(desk: Desk) -> None:
    desk.live(2)
    desk.window.files.open_path(FILE)
    assert desk.player.asked("open_recording") == [(FILE,)] and desk.player.asked("open_checkpoint") == []
    desk.window.files.open_path(Path("/runs/agent.safetensors"))
    assert len(desk.player.asked("open_checkpoint")) == 1


def test_without_an_agent_nothing_could_read_it(desk: Desk) -> None:
    desk.window.files.open_path(FILE)
    assert desk.player.asked("open_recording") == []
    assert "open a checkpoint first" in notice(desk)


def test_it_is_shown_paused_at_its_first_moment_and_life_goes_on_behind(desk: Desk) -> None:
    desk.live(3)
    session = desk.session
    desk.player.tell(recalled())
    session.tick()
    assert session.playhead.reel is not None and (session.playhead.reel.number, session.playhead.index) == (-2, 0)
    assert session.playhead.playback.state is State.PAUSED and not session.playhead.is_live
    assert session.playhead.reel.outcome == "won" and session.playhead.reel.episode.level_seed == 77
    assert wording.position(session.playhead.reel, 0)[0].startswith("Recording")
    desk.live(2, start=3)
    assert (session.playhead.reel.number, session.playhead.index) == (-2, 0)
    session.playhead.episode_by(1)
    assert session.playhead.reel.number == 0 and session.playhead.is_live
    session.playhead.episode_by(-1)
    assert session.playhead.reel.number == -2
    session.playhead.follow()
    assert session.playhead.reel.number == 0 and session.playhead.index == 4
    assert notice(desk) == ""


@pytest.mark.parametrize(("told", "words"), [("refused", ("it is damaged",)), ("failed", ("the game broke", "trace"))])
def test_the_agent_rests_until_it_is_there_even_when_another_one_is_opened_first(
    desk: Desk, told: str, words: tuple[str, ...]
) -> None:
    desk.session.casting.open_checkpoint(Path("/bundled.safetensors"))
    desk.session.files.open_recording(FILE)
    desk.live(1)
    assert desk.session.playhead.playback.state is State.PAUSED, "it reads faster"
    getattr(desk.player, told).emit(*words)
    desk.session.casting.open_checkpoint(Path("/other.safetensors"))
    desk.player.tell(opened())
    desk.session.tick()
    assert desk.session.playhead.playback.state is State.FOLLOWING


def test_what_comes_out_different_is_told(desk: Desk) -> None:
    desk.live(1)
    desk.player.tell(recalled("It comes out different here from step 4 on."))
    desk.session.tick()
    assert "from step 4 on" in notice(desk)
    desk.player.refused.emit("/x.episode: is damaged.")
    assert "is damaged" in notice(desk)


def test_ctrl_s_saves_the_episode_under_the_cursor_as_far_as_it_went(desk: Desk) -> None:
    desk.live(3)
    desk.window.actions_by_id["save"].trigger()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None and dialog.defaultSuffix() == "episode"
    assert dialog.selectedFiles()[0].endswith("coinrun-12345.episode")
    dialog.fileSelected.emit(str(FILE))
    dialog.close()
    ((path, episode),) = desk.player.asked("save_recording")
    assert path == FILE and len(episode.steps) == 3
    desk.live(2, start=3)
    assert len(episode.steps) == 3, "it does not grow while it is written"
    desk.player.tell(Written(FILE))
    desk.session.tick()
    assert str(FILE) in notice(desk)


def test_before_the_first_frame_there_is_nothing_to_save(desk: Desk) -> None:
    desk.window.actions_by_id["save"].trigger()
    assert desk.window.findChild(QFileDialog) is None and "no episode" in notice(desk)


def test_other_weights_read_a_recording_of_their_game_anew(desk: Desk) -> None:
    desk.live(1)
    old: Any = recalled()
    desk.player.tell(replace(old, arrival=replace(old.arrival, generation=0)))
    desk.session.tick()
    assert [number for number, _ in desk.player.asked("ask_reread")] == [-2]


def export_to(desk: Desk, path: Path) -> None:
    desk.window.actions_by_id["export"].trigger()
    dialog = desk.window.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(path))
    dialog.close()


def test_what_can_be_exported_is_what_is_offered() -> None:
    assert all(any(f"*{suffix})" in kind for kind in EXPORTED) for suffix in SUFFIXES) and len(EXPORTED) == 5


def test_ctrl_e_exports_the_episode_under_the_cursor_as_it_stands(desk: Desk) -> None:
    desk.live(5)
    desk.session.playhead.seek(2)
    export_to(desk, Path("/somewhere/a.mp4"))
    ((request,),) = desk.player.asked("export")
    assert (request.path, request.index, request.horizon) == (
        Path("/somewhere/a.mp4"),
        2,
        desk.session.dreaming.horizon,
    )
    assert len(request.arrival.moments) == 5 and request.agent is desk.session.casting.agent
    desk.live(1, start=5)
    assert len(request.arrival.moments) == 5


def test_an_export_that_cannot_be_is_refused(desk: Desk) -> None:
    desk.window.actions_by_id["export"].trigger()
    assert "no episode" in notice(desk)
    desk.live(2)
    export_to(desk, FILE.with_suffix(".avi"))
    assert ".mp4, .gif, .png" in notice(desk) and desk.player.asked("export") == []
    desk.player.tell(Opened(agent_info(generation=2, training=True)))
    desk.session.tick()
    export_to(desk, FILE.with_suffix(".mp4"))
    assert "did not read this episode" in notice(desk) and desk.player.asked("export") == []
