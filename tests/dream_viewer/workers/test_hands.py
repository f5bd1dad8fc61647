"""Whose hands are on the game."""

from dream_viewer.workers.hands import Hands
from trainer.envs.actions import NO_OP


def test_the_agent_plays_until_a_person_does() -> None:
    hands = Hands()
    assert hands.take() is None
    hands.hold(NO_OP)
    assert hands.person and hands.take() == NO_OP
    hands.hold(None)
    assert not hands.person and hands.take() is None


def test_what_is_held_is_taken_again_and_again() -> None:
    hands = Hands()
    hands.hold(7)
    assert [hands.take(), hands.take()] == [7, 7]


def test_a_short_tap_counts_for_one_step() -> None:
    hands = Hands()
    hands.hold(NO_OP)
    hands.hold(5)
    hands.hold(NO_OP)
    assert [hands.take(), hands.take()] == [5, NO_OP]


def test_a_tap_before_handing_back_is_forgotten() -> None:
    hands = Hands()
    hands.hold(5)
    hands.hold(None)
    hands.hold(NO_OP)
    assert hands.take() == NO_OP
