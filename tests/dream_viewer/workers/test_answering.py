"""What the study desk does with each kind of question, on a real game and a real model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dream_viewer.messages.questions import HorizonQuestion, ManyDreamsQuestion, SaliencyQuestion, WhatIfQuestion
from dream_viewer.workers.study_desk import ANSWERING
from tests.player_support import SHORT_GAME, SHORT_LEVEL, result_of, small_agent, try_fewer_actions
from trainer.player import Player
from trainer.saliency import COUNT


@pytest.fixture(scope="module")
def player() -> Iterator[Player]:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    while not player.ended:
        player.advance()
    yield player
    player.close()


def test_horizons(player: Player) -> None:
    last = len(player.moments) - 2
    readings = tuple(reading for i in (0, last) if (reading := player.moments[i].reading) is not None)
    question = HorizonQuestion(player.number, 0, 0, player.moments[0], player.episode, (0, last), readings)
    found = result_of(ANSWERING[HorizonQuestion](player, question))
    again = result_of(ANSWERING[HorizonQuestion](player, question))
    assert found.starts.tolist() == [0, last]
    assert found.flaws[0] is not None, "it was never trained"
    assert found.frames[1] <= 1
    assert (found.frames.tolist(), found.flaws) == (again.frames.tolist(), again.flaws)


def test_saliency(player: Player) -> None:
    moment = player.moments[3]
    question = SaliencyQuestion(player.number, 3, 0, moment, player.episode, 7)
    found = result_of(ANSWERING[SaliencyQuestion](player, question))
    assert found.value.shape == found.choice.shape == (COUNT,)
    assert found.value.any() and found.choice.any()


def test_what_if_and_many_dreams(player: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    try_fewer_actions(monkeypatch)
    moment = player.moments[2]
    tried = result_of(ANSWERING[WhatIfQuestion](player, WhatIfQuestion(player.number, 2, 0, moment, player.episode, 4)))
    assert tried.dream.frames.shape[:2] == (len(tried.actions), 4)
    assert tried.forks is not None and len(tried.forks) == len(tried.actions) == 5
    question = ManyDreamsQuestion(player.number, 2, 0, moment, player.episode, 4, 3)
    many = result_of(ANSWERING[ManyDreamsQuestion](player, question))
    assert many.dream.frames.shape[:2] == (3, 4) and many.disagreement.shape == (4, 64, 64)
