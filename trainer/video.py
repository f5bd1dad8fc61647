"""Open-loop videos from replay: what happened beside what the model believes and then dreams."""

from __future__ import annotations

import numpy as np
import torch

from trainer.agent.agent import Agent
from trainer.events import OpenLoopVideo
from trainer.randomness import numpy_generator, torch_generator
from trainer.replay import Replay, context_latent
from trainer.world_model.rssm import Latent

SEQUENCES = 6
"""Sequences in a video."""
OBSERVED = 5
"""Frames the model sees before it dreams on blindly, as in the reference."""
FRAMES = 40
"""Longest video, in frames."""
_CANDIDATES = 64


def open_loop_video(agent: Agent, replay: Replay, seed: int, env_steps: int, updates: int) -> OpenLoopVideo | None:
    """Films sequences of replay that no episode's border cuts; None where there is none. Changes nothing.

    Args:
        agent: whose beliefs and dreams. replay: source of the sequences. seed: of the run.
        env_steps, updates: counters; the same ones choose the same sequences.
    """
    if not replay.sequences:  # a branch off an old checkpoint fills its replay anew
        return None
    batch = replay.sample(_CANDIDATES, numpy_generator(seed, "video", updates))
    length = min(FRAMES, batch.frame.shape[1] - 1)
    whole = ~(batch.is_first[:, 1 : length + 1].any(1) | batch.is_last[:, : length + 1].any(1))
    rows = np.flatnonzero(whole)[-SEQUENCES:]  # the last are drawn uniformly, the first may come from the online queue
    if not len(rows) or length <= OBSERVED:
        return None
    truth = batch.frame[rows, 1 : length + 1]
    actions = torch.from_numpy(batch.action[rows]).to(agent.device)
    deter, stoch = context_latent(batch, agent.dtype, agent.device)
    chosen = torch.from_numpy(rows).to(agent.device)
    latent = Latent(deter[chosen], stoch[chosen])
    going_on = torch.zeros(len(rows), dtype=torch.bool)
    model = np.empty_like(truth)
    for step in range(length):
        generator = torch_generator(seed, "video", updates, step, device=agent.device)
        if step < OBSERVED:
            latent = agent.act(latent, actions[:, step], truth[:, step], going_on, generator).latent
        else:
            latent = agent.blind_step(latent, actions[:, step], generator)
        model[:, step] = agent.decode(latent)
    return OpenLoopVideo(env_steps, updates, truth, model, OBSERVED)
