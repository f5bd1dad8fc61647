"""Records in words, and the read-outs at the cursor."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from dream_viewer.episodes.reel import Reel
from dream_viewer.playback import State
from dream_viewer.words import wording
from tests.dream_viewer.feed import agent_info, arrival, end_moment, moment


def test_words_for_surprise_go_by_the_episode_s_own() -> None:
    before = np.array([np.nan, 4, 5, 6, 5, 5], np.float32)
    words = [wording.surprise_word(nats, before) for nats in (1.0, 6.0, 9.0, 60.0)]
    assert words == ["less than usual", "as usual", "more than usual", "far more than usual"]
    assert wording.surprise_word(9.0, before[:4]) == ""


def shown(reel: Reel, index: int) -> dict[str, tuple[str, str]]:
    return {stat.label: (stat.value, stat.detail) for stat in wording.stats(reel, index, reel.moments[index])}


def test_stats_of_a_moment() -> None:
    reel = Reel(arrival([moment(0), moment(1, value=6.25, reward=10.0, action=8, surprise=9.0)]))
    assert shown(reel, 1) == {
        "Level seed": ("12\u2009345", "unseen level, easy"),
        "Return": ("+10", "+10 just now"),
        "Step": ("1", "episode goes on"),
        "Value": ("6.25", "expected return"),
        "About to": ("right + up", "60 % sure"),
        "Surprise": ("9.0 nats", ""),
    }
    assert shown(reel, 0)["Surprise"] == ("\u2013", "first frame")


def test_stats_of_the_end() -> None:
    reel = Reel(arrival([moment(0), moment(1), end_moment(reward=10.0)], outcome="won"))
    end = shown(reel, 2)
    assert end["Return"] == ("+10", "+10 just now")
    assert end["Step"] == ("2", "the end: won")
    assert end["About to"] == ("\u2013", "the episode is over")
    assert end["Value"][0] == end["Surprise"][0] == "\u2013"
    assert shown(reel, 1)["Step"] == ("1", "of 2, then won")


def test_labels_stand_before_anything_is_known() -> None:
    assert tuple(stat.label for stat in wording.stats(None, 0, None)) == wording.LABELS


def test_agent_lines() -> None:
    assert wording.agent_lines(agent_info()) == ("coinrun-12m", "coinrun · 12m · 1.2 M steps")
    assert wording.agent_lines(None)[1] == "open a checkpoint"


def test_position_counts_episodes_from_one() -> None:
    assert wording.position(Reel(arrival([moment(0), moment(1)], number=2)), 1) == ("Episode 3 · 1 / 1", "1 / 1", "1")


def test_a_run_that_is_followed_says_so() -> None:
    followed = replace(agent_info(), name="night", run=Path("/runs/night"))
    assert wording.agent_lines(followed) == ("night", "following · 1.2 M steps")
    hint = wording.agent_hint(followed)
    assert hint.startswith("Following /runs/night") and "1\u2009200\u2009000" in hint
    assert wording.agent_hint(agent_info()) == "/checkpoints/coinrun-12m.safetensors" and wording.agent_hint(None) == ""


def test_the_way_back_to_live() -> None:
    assert [wording.follow(State.FOLLOWING, 0, doing) for doing in ("", "You play")] == ["Live", "You play"]
    told = [wording.follow(State.PAUSED, newer) for newer in (0, 27, None)]
    assert told == ["Follow", "Back to live +27", "Back to live"]
