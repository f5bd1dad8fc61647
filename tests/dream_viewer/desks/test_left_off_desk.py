"""One goes on where one left off: with the agent, the game, the level, and the very moment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dream_viewer.desks.left_off_desk import ANEW
from dream_viewer.messages.agents import Opened
from dream_viewer.messages.lived import Recalled
from dream_viewer.messages.orders import LevelChoice
from dream_viewer.playback import State
from dream_viewer.settings import Settings
from tests.dream_viewer.feed import agent_info, arrival, moment
from tests.dream_viewer.window import Desk, Make


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "one.safetensors"
    path.touch()
    return path


@pytest.fixture
def keepsake(tmp_path: Path) -> Path:
    path = tmp_path / "left-off.episode"
    path.touch()
    return path


def desk_of(made: Make, settings: Settings, keepsake: Path | None) -> Desk:
    desk = made(settings, keepsake)
    desk.window.show()
    return desk


def last_time(made: Make, checkpoint: Path, again: bool = False) -> Settings:
    """What is remembered of an episode that stands at its third frame."""
    desk = desk_of(made, Settings(), None)
    assert not desk.window.actions_by_id["left_off"].isEnabled() and desk.window.left_off.episode is None
    desk.player.tell(Opened(replace(agent_info(), path=checkpoint)))
    desk.session.tick()
    desk.live(4)
    if again:
        desk.window.actions_by_id["same"].trigger()
    desk.session.playhead.seek(2)
    assert desk.session.playhead.reel is not None and desk.window.left_off.episode is desk.session.playhead.reel.episode
    desk.window.close()
    return desk.window.settings_now()


def back(desk: Desk) -> None:
    """It is asked for while the bundled agent plays another level."""
    desk.live(3)
    desk.window.actions_by_id["left_off"].trigger()


def recalled(desk: Desk, path: Path, level_seed: int = 12_345, differs: str = "") -> None:
    moments = [moment(i, level_seed=level_seed) for i in range(4)]
    desk.player.tell(Recalled(path, arrival(moments, 0, -2), differs))
    desk.session.tick()


@pytest.mark.parametrize("again", [False, True])
def test_agent_game_and_level_are_those_of_last_time(made: Make, checkpoint: Path, again: bool) -> None:
    settings = last_time(made, checkpoint, again)
    desk = desk_of(made, settings, None)
    assert desk.window.settings_now().left_off == settings.left_off, "nothing was seen yet"
    desk.window.actions_by_id["left_off"].trigger()
    choice = LevelChoice("unseen", 12_345 if again else None, first=12_345)
    assert desk.player.asked("open_checkpoint") == [(checkpoint, choice, "easy", "coinrun")]
    assert desk.window.notice.text == ANEW
    checkpoint.unlink()
    desk.window.actions_by_id["left_off"].trigger()
    assert "not there any more" in desk.window.notice.text and len(desk.player.asked("open_checkpoint")) == 1


def test_the_episode_is_played_again_up_to_the_moment(made: Make, checkpoint: Path, keepsake: Path) -> None:
    desk = desk_of(made, last_time(made, checkpoint), keepsake)
    back(desk)
    assert [name for name, _ in desk.player.commands if name.startswith("open")] == [
        "open_checkpoint",
        "open_recording",
    ]
    recalled(desk, keepsake)
    session = desk.session
    assert session.playhead.reel is not None and (session.playhead.reel.number, session.playhead.index) == (-2, 2)
    assert session.playhead.playback.state is State.PAUSED and "Back at step 2 of level 12" in desk.window.notice.text
    assert str(keepsake) not in desk.window.recent.paths, "nobody opened that file"
    recalled(desk, Path("/other.episode"))
    assert session.playhead.index == 0, "that was once"


def test_an_episode_that_comes_out_different_says_so(made: Make, checkpoint: Path, keepsake: Path) -> None:
    desk = desk_of(made, last_time(made, checkpoint), keepsake)
    back(desk)
    recalled(desk, keepsake, differs="It comes out different here.")
    assert desk.session.playhead.index == 2 and desk.window.notice.text == "It comes out different here."


@pytest.mark.parametrize("how", ["another episode", "damaged", "no agent", "given up"])
def test_otherwise_the_level_starts_anew(made: Make, checkpoint: Path, keepsake: Path, how: str) -> None:
    desk = desk_of(made, last_time(made, checkpoint), keepsake)
    back(desk)
    match how:
        case "another episode":
            recalled(desk, keepsake, level_seed=7)
        case "damaged":
            desk.player.refused.emit("damaged")
        case "no agent":
            desk.player.open_failed.emit(str(checkpoint), "damaged")
            assert desk.player.asked("cancel_recording")
        case "given up":
            desk.session.playhead.follow()
            desk.player.refused.emit("something else")
    assert (
        desk.session.playhead.playback.state is State.FOLLOWING
        and desk.session.playhead.reel is desk.session.playhead.reels[-1]
    )
    assert (desk.window.notice.text == ANEW) == (how in ("another episode", "damaged"))
