"""What moves the cursor, without Qt and without a clock."""

from __future__ import annotations

import pytest

from dream_viewer.playback import BASE_FPS, SPEEDS, Playback, State, Stretch, Track

FRAME = 1 / BASE_FPS


def test_a_window_opens_following() -> None:
    assert Playback().state is State.FOLLOWING


def test_a_paused_cursor_stays_whatever_time_passes() -> None:
    playback = Playback()
    playback.pause()
    assert playback.advance(100.0, 3, Track(50, True)) == 3
    assert playback.state is State.PAUSED


def test_playing_goes_by_elapsed_time_and_keeps_fractions() -> None:
    playback = Playback()
    assert playback.play(0, Track(100, False)) == 0
    cursor = 0
    for _ in range(30):  # ticks that do not divide the frame's length
        cursor = playback.advance(FRAME * 0.7, cursor, Track(100, False))
    assert cursor in (20, 21)
    assert playback.advance(FRAME * 10, cursor, Track(100, False)) == cursor + 10, "a late tick makes up for it"


def test_speed_scales_time() -> None:
    playback = Playback()
    playback.play(0, Track(100, False))
    playback.set_speed(4.0)
    assert playback.advance(FRAME * 2.01, 0, Track(100, False)) == 8
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
    playback.play(8, Track(10, live))
    assert playback.advance(FRAME * 5, 8, Track(10, live)) == 10
    assert playback.state is state


def test_a_loop_starts_again_at_the_first_frame() -> None:
    playback = Playback()
    playback.loop = True
    playback.play(8, Track(10, True))
    assert playback.advance(FRAME * 4.01, 8, Track(10, True)) == 1
    assert playback.state is State.PLAYING
    assert playback.advance(FRAME * 33.01, 1, Track(10, True)) == 1, "three times round"


def test_play_at_the_end() -> None:
    playback = Playback()
    playback.pause()
    assert playback.play(10, Track(10, True)) == 10
    assert playback.state is State.FOLLOWING, "the agent plays on"
    playback.pause()
    assert playback.play(10, Track(10, False)) == 0
    assert playback.state is State.PLAYING, "what does not go on is played once more"
    playback.pause()
    playback.loop = True
    assert playback.play(10, Track(10, True)) == 0
    assert playback.state is State.PLAYING


def test_time_owed_does_not_outlive_a_pause() -> None:
    playback = Playback()
    playback.play(0, Track(100, False))
    playback.advance(FRAME * 0.9, 0, Track(100, False))
    playback.pause()
    playback.play(0, Track(100, False))
    assert playback.advance(FRAME * 0.9, 0, Track(100, False)) == 0


def test_backwards_it_pauses_at_the_beginning() -> None:
    playback = Playback()
    assert playback.play(6, Track(10, True), reverse=True) == 6
    assert playback.advance(FRAME * 4.01, 6, Track(10, True)) == 2
    assert playback.state is State.PLAYING
    assert playback.advance(FRAME * 4.01, 2, Track(10, True)) == 0
    assert playback.state is State.PAUSED
    assert playback.play(0, Track(10, True), reverse=True) == 10, "once more, from the end"
    assert playback.play(10, Track(10, True)) == 10 and playback.state is State.FOLLOWING, "forwards it is live"


@pytest.mark.parametrize(("reverse", "seen"), [(False, [4, 6, 8, 5, 7, 4]), (True, [7, 5, 8, 6, 4, 7])])
def test_a_marked_stretch_is_looped_both_ways(reverse: bool, seen: list[int]) -> None:
    playback, track = Playback(), Track(20, True, Stretch(4, 8))
    playback.loop = True
    cursors = [playback.play(15, track, reverse)]
    assert cursors == [8 if reverse else 4], "outside, it begins where the stretch does"
    cursors = [playback.advance(FRAME * (1.01 if reverse else 0), cursors[0], track)]
    for _ in seen[1:]:
        cursors.append(playback.advance(FRAME * 2.001, cursors[-1], track))
    assert cursors == seen
    assert playback.state is State.PLAYING


def test_an_open_stretch_goes_to_the_end_of_what_there_is() -> None:
    playback = Playback()
    playback.loop = True
    assert playback.play(6, Track(6, True, Stretch(5))) == 5
    assert playback.advance(FRAME * 5.01, 5, Track(9, True, Stretch(5))) == 5
    assert playback.advance(FRAME * 1.01, 3, Track(3, True, Stretch(5, 8))) == 3, "never beyond the last frame"


def test_without_loop_a_stretch_is_only_a_mark() -> None:
    playback, track = Playback(), Track(20, False, Stretch(4, 8))
    assert playback.play(15, track) == 15
    assert playback.advance(FRAME * 2.01, 15, track) == 17


def test_frames_are_left_out_unless_every_one_is_wanted() -> None:
    playback, track = Playback(), Track(100, False)
    playback.set_speed(8.0)
    playback.play(0, track)
    assert playback.advance(FRAME, 0, track) == 8
    playback.every_frame = True
    assert [playback.advance(FRAME, at, track) for at in (8, 9, 10)] == [9, 10, 11]
    playback.set_speed(0.5)
    assert playback.advance(FRAME, 11, track) == 11, "slow stays slow"
