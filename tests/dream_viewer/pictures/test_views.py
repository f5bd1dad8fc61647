"""What the panes show, for every mode and at the end."""

import numpy as np
import pytest

from dream_viewer.messages.futures import Future, FutureKey
from dream_viewer.pictures import views
from tests.dream_viewer.feed import end_moment, frame, future, moment


def key(index: int = 4, generation: int = 1, number: int = 0) -> FutureKey:
    return FutureKey(number, index, generation, 15, 0)


def test_reality_is_observed_in_both_views() -> None:
    now, picture = moment(3), frame(9, 512)
    human = views.reality(now, None, picture, human=True)
    agent = views.reality(now, None, picture, human=False)
    assert human.frame is picture and agent.frame is now.step.frame
    assert human.origin == agent.origin == "observed"
    assert human.caption != agent.caption


def test_the_agents_frame_stands_in_for_a_picture_not_drawn_yet() -> None:
    now = moment(3)
    assert views.reality(now, None, None, human=True).frame is now.step.frame


def test_the_end_says_that_there_is_no_last_frame() -> None:
    for view in (
        views.reality(end_moment(), "won", None, human=True),
        views.belief(end_moment()),
        views.dream(end_moment()),
        views.no_future(end_moment()),
    ):
        assert "end (Procgen shows no last frame)" in view.message
    assert "won" in views.reality(end_moment(), "won", None, human=True).message
    assert views.belief(end_moment()).frame is None


def test_a_belief_is_observed() -> None:
    now = moment(3)
    assert (views.belief(now).frame is now.reading.belief) and views.belief(now).origin == "observed"


def test_a_dream_is_imagined_from_the_first_blind_frame_on() -> None:
    looking, blind = views.dream(moment(15, age=0)), views.dream(moment(16, age=1))
    assert looking.origin == "observed"
    assert blind.origin == "imagined"
    assert blind.caption == "Dream: 1 frame after a look"


def test_a_dream_not_made_yet_says_so() -> None:
    assert views.dream(moment(3, age=None)).message == "dreaming…"


def test_a_future_is_imagined_and_says_what_it_does() -> None:
    view = views.future(future(key()), 2)
    assert view.origin == "imagined"
    assert np.array_equal(view.frame, frame(102))
    assert view.caption.startswith("+3 of 15 · right + up")
    last = views.future(future(key()), 14)
    assert "expects the end" in last.caption and last.shorter[-1] == "+15 of 15 · expects the end"


class TestFutureShow:
    def test_it_plays_to_the_end_rests_and_begins_again(self) -> None:
        show, made = views.FutureShow(), future(key())
        show.offer(made, at_rest=True, now=key())
        seen = [show.ahead]
        for _ in range(15 + views.HOLD_FRAMES):
            show.advance(1.0, made, at_rest=True)
            seen.append(show.ahead)
        assert seen == [*range(15), *[14] * views.HOLD_FRAMES, 0]

    def test_at_rest_the_cursors_own_future_is_shown_at_once(self) -> None:
        show, later = views.FutureShow(), future(key(9))
        show.offer(future(key()), at_rest=True, now=key())
        show.advance(5.0, None, at_rest=True)
        show.offer(later, at_rest=True, now=key(9))
        assert show.future is later and show.ahead == 0
        show.offer(None, at_rest=True, now=key(10))
        assert show.future is None

    def test_while_the_agent_acts_a_future_is_seen_to_its_end(self) -> None:
        show, first, later = views.FutureShow(), future(key()), future(key(9))
        show.offer(first, at_rest=False, now=key())
        show.advance(2.5, later, at_rest=False)
        show.offer(later, at_rest=False, now=key(9))
        assert show.future is first and show.ahead == 5
        show.advance(5.0, later, at_rest=False)
        assert show.future is later and show.ahead == 0

    @pytest.mark.parametrize("now", [key(9, generation=2), key(0, number=1), key(3), None])
    def test_a_future_that_the_cursor_has_left_is_over_before_another_is_there(self, now: FutureKey | None) -> None:
        show = views.FutureShow()
        show.offer(future(key()), at_rest=False, now=key(6))
        assert show.future is not None
        show.offer(None, at_rest=False, now=now)
        assert show.future is None

    def test_other_weights_or_another_episode_bring_their_own(self) -> None:
        for other in (key(generation=2), key(number=1)):
            show, later = views.FutureShow(), future(other)
            show.offer(future(key()), at_rest=False, now=key())
            show.advance(2.0, None, at_rest=False)
            show.offer(later, at_rest=False, now=other)
            assert show.future is later and show.ahead == 0

    def test_the_same_future_is_not_begun_anew(self) -> None:
        show, made = views.FutureShow(), future(key())
        show.offer(made, at_rest=True, now=key())
        show.advance(5.0, made, at_rest=True)
        show.offer(Future(made.key, made.dream), at_rest=True, now=key())
        assert show.ahead == 5

    def test_the_same_future_imagined_again_is_another_one(self) -> None:
        show, made, again = views.FutureShow(), future(key()), future(key())
        show.offer(made, at_rest=False, now=key())
        assert show.advance(100.0, again, at_rest=False)
        assert show.future is again

    def test_advance_tells_whether_anything_changed(self) -> None:
        show, made = views.FutureShow(), future(key())
        assert not show.advance(1.0, None, at_rest=True)
        show.offer(made, at_rest=True, now=key())
        assert not show.advance(0.4, made, at_rest=True)
        assert show.advance(0.7, made, at_rest=True)
