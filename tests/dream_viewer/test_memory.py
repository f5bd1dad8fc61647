"""Memory: 20 episodes of 1,000 Moments have room, their accounting is true, and what is over is given back."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
import torch

from dream_viewer.episodes import shelf
from dream_viewer.episodes.reel import Reel
from dream_viewer.messages.lived import arrival_of
from dream_viewer.messages.news import Answered
from dream_viewer.messages.questions import WhatIfQuestion
from tests.dream_viewer.feed import what_if
from tests.dream_viewer.window import Make
from tests.player_support import SHORT_GAME, small_agent, small_checkpoint
from trainer.config import SIZES
from trainer.player import Player

FILLED = 6 * 2**20
FILLINGS = 3


def played(moments: int) -> Player:
    """A player that lived so many Moments of one level and dreams along."""
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.ground_every = 15
    level = 10_000
    with torch.inference_mode():
        player.new_level("unseen", level)
        while len(player.moments) < moments:
            if player.ended:
                level += 1
                player.new_level("unseen", level)
            player.advance(4)
    return player


def test_an_episode_takes_no_more_than_it_says_and_twenty_long_ones_of_the_bundled_size_have_room() -> None:
    played(4)  # what is made once is made
    tracemalloc.start()
    try:
        player = played(40)
        reel = Reel(arrival_of(player.number, 0, player.episode, player.moments))
        count, told, deter = len(reel), reel.nbytes, SIZES["debug"].deter * 4
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        del player.moments, player.episode, reel
        freed = before - tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.9 * told < freed + count * deter <= told  # torch holds deter, and nobody traces that

    at_12m = told / count + 4 * (SIZES["12m"].deter - SIZES["debug"].deter)
    assert 20 * 1000 * at_12m <= shelf.BUDGET_BYTES


def test_nothing_is_left_of_the_episodes_that_are_over_once_the_budget_was_filled(tmp_path: Path) -> None:
    checkpoint = small_checkpoint(tmp_path / "small.safetensors")
    command = [sys.executable, "-m", "tests.dream_viewer.memory_probe", str(checkpoint), str(FILLED), str(FILLINGS)]
    told = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300)
    probe = json.loads(told.stdout)
    assert probe["most"] <= FILLED
    full, *later = probe["resident"]
    assert len(later) == FILLINGS
    assert max(later) - full < FILLINGS * FILLED / 2, "what the heap rounds up may stay, episodes may not"


def test_questions_about_an_episode_that_is_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch, made: Make) -> None:
    desk = made()
    desk.live(3, number=0)
    questions, (reel,) = desk.session.questions, desk.session.playhead.reels
    asked = WhatIfQuestion(0, 0, 1, reel.moments[0], reel.episode, 15)
    questions.ask(asked)
    desk.player.tell(Answered(asked, what_if()))
    desk.session.tick()
    desk.live_to_the_end(3, number=1)
    assert questions.answer(asked) is not None
    monkeypatch.setattr(shelf, "BUDGET_BYTES", 0)
    desk.live(3, number=2)
    assert questions.answer(asked) is None
    questions.ask(asked)
    assert len(desk.player.asked("ask")) == 2, "not even that it was asked is remembered"
