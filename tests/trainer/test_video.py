from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.trainer.loop_support import TINY, copied, differing, tiny_loop
from trainer.events import Started
from trainer.video import OBSERVED, SEQUENCES, open_loop_video


def test_a_video_shows_uncut_sequences_and_changes_nothing(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run", train_ratio=0.1)
    events = loop.run()
    while isinstance(next(events), Started):
        pass
    assert open_loop_video(loop.agent, loop.replay, seed=3, env_steps=7, updates=5) is None  # nothing is there yet
    while next(events) and loop.env_steps < 150:
        pass
    before, digest = copied(loop.learner.state_tensors()), loop.replay.digest()
    video = open_loop_video(loop.agent, loop.replay, seed=3, env_steps=7, updates=5)
    again = open_loop_video(loop.agent, loop.replay, seed=3, env_steps=7, updates=5)
    assert differing(before, loop.learner.state_tensors()) == [] and loop.replay.digest() == digest
    assert video is not None and again is not None
    assert (video.env_steps, video.updates, video.observed) == (7, 5, OBSERVED)
    rows, frames = video.truth.shape[:2]
    assert 1 <= rows <= SEQUENCES and frames == TINY.batch_length
    assert video.model.shape == video.truth.shape == (rows, frames, 64, 64, 3)
    ground = video.truth[:, :, 0, 63]  # the level's own colour: an episode's border would change it
    assert (ground == ground[:, :1]).all()
    assert np.array_equal(video.truth, again.truth) and np.array_equal(video.model, again.model)
    other = open_loop_video(loop.agent, loop.replay, seed=3, env_steps=7, updates=6)
    assert other is not None and not np.array_equal(other.truth, video.truth)
    events.close()


def test_where_every_sequence_is_cut_there_is_no_video(tmp_path: Path) -> None:
    loop = tiny_loop(tmp_path / "run", train_ratio=0.1, batch_length=30)
    events = loop.run()
    while isinstance(next(events), Started) or loop.env_steps < 150:
        pass
    assert open_loop_video(loop.agent, loop.replay, seed=3, env_steps=7, updates=5) is None
    events.close()
