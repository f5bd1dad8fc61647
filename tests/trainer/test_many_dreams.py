"""Many futures with pictures, and where they disagree."""

from __future__ import annotations

import numpy as np

from tests.player_support import SHORT_GAME, SHORT_LEVEL, result_of, small_agent
from trainer.player import Player


def test_they_are_the_fan_with_pictures_and_disagree_where_their_pixels_differ() -> None:
    player = Player(small_agent(), SHORT_GAME, "easy")
    player.new_level("unseen", SHORT_LEVEL)
    reading = player.moments[0].reading
    assert reading is not None
    answer = result_of(player.many_dreams(0, 0, reading, horizon=5, branches=6))
    fan = result_of(player.fan(0, 0, reading, horizon=5, branches=6))
    player.close()
    assert np.array_equal(answer.dream.values, fan.values) and np.array_equal(answer.dream.actions, fan.actions)
    pixels = answer.dream.frames.astype(float)
    assert pixels.shape == (6, 5, 64, 64, 3)
    spread = np.sqrt(((pixels - pixels.mean(0)) ** 2).mean(0)).mean(-1)
    assert answer.disagreement.max() > 0
    assert np.allclose(answer.disagreement, spread, atol=1e-3)
    assert np.abs(answer.mean - pixels.mean(0)).max() <= 0.5
