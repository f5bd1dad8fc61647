"""What moves the cursor, without Qt and without a clock."""

from __future__ import annotations

import pytest

from dream_viewer.playback import BASE_FPS, SPEEDS, Playback, State

FRAME = 1 / BASE_FPS


def test_a_window_opens_following() -> None:
    assert Playback().state is State.FOLLOWING


def test_a_paused_cursor_stays_whatever_time_passes() -> None:
    playback = Playback()
    playback.pause()
    assert playback.advance(100.0, 3, 50, True) == 3
    assert playback.state is State.PAUSED


def test_playing_goes_by_elapsed_time_and_keeps_fractions() -> None:
    playback = Playback()
    assert playback.play(0, 100, live=False) == 0
    cursor = 0
    for _ in range(30):  # ticks that do not divide the frame's length
        cursor = playback.advance(FRAME * 0.7, cursor, 100, False)
    assert cursor in (20, 21)
    assert playback.advance(FRAME * 10, cursor, 100, False) == cursor + 10, "a late tick makes up for it"


def test_speed_scales_time() -> None:
    playback = Playback()
    playback.play(0, 100, live=False)
    playback.set_speed(4.0)
    assert playback.advance(FRAME * 2.01, 0, 100, False) == 8
    assert playback.fps == 4 * BASE_FPS


def test_speeds_are_steps_of_a_ladder_with_ends() -> None:
    playback = Playback()
    for _ in SPEEDS:
        playback.faster()
    assert playback.speed == SPEEDS[-1]
    for _ in SPEEDS:
        playback.slower()
    assert playback.speed == SPEEDS[0]
    with pytest.raises(ValueError, match="speed"):
        playback.set_speed(3.3)


@pytest.mark.parametrize(("live", "state"), [(False, State.PAUSED), (True, State.FOLLOWING)])
def test_at_the_end_it_pauses_or_follows(live: bool, state: State) -> None:
    playback = Playback()
    playback.play(8, 10, live)
    assert playback.advance(FRAME * 5, 8, 10, live) == 10
    assert playback.state is state


def test_a_loop_starts_again_at_the_first_frame() -> None:
    playback = Playback()
    playback.loop = True
    playback.play(8, 10, live=True)
    assert playback.advance(FRAME * 4.01, 8, 10, True) == 1
    assert playback.state is State.PLAYING
    assert playback.advance(FRAME * 33.01, 1, 10, True) == 1, "three times round"


def test_play_at_the_end() -> None:
    playback = Playback()
    playback.pause()
    assert playback.play(10, 10, live=True) == 10
    assert playback.state is State.FOLLOWING, "the agent plays on"
    playback.pause()
    assert playback.play(10, 10, live=False) == 0
    assert playback.state is State.PLAYING, "what does not go on is played once more"
    playback.pause()
    playback.loop = True
    assert playback.play(10, 10, live=True) == 0
    assert playback.state is State.PLAYING


def test_time_owed_does_not_outlive_a_pause() -> None:
    playback = Playback()
    playback.play(0, 100, live=False)
    playback.advance(FRAME * 0.9, 0, 100, False)
    playback.pause()
    playback.play(0, 100, live=False)
    assert playback.advance(FRAME * 0.9, 0, 100, False) == 0
