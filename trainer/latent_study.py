"""What one Moment looks like from inside the model: its discrete state, and what becomes of the picture without a part.

Everything here is a function of a Reading and its frame: h holds all that came before, so neither prior nor posterior
needs the Moment before.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

import torch

from trainer.agent.agent import Agent
from trainer.episode import Insight, Moment, Reading, Touched, frozen
from trainer.nn.categorical import unimix_probs
from trainer.nn.distributions import twohot_mean
from trainer.world_model.rssm import Latent


def look_inside(agent: Agent, moment: Moment, before: Moment | None) -> Generator[None, None, Insight]:
    """The state of a Moment, in two small pieces of work.

    Args:
        agent: the weights that read both. moment: which one; not an end step. before: the one before it, if any.

    Raises:
        ValueError: other weights read it, or nothing was read.
    """
    reading = _read(moment)
    rssm, latent = agent.world_model.dyn, agent.latent_of(reading)
    projected = agent.project(moment.step.frame[None])
    yield
    with torch.no_grad():
        posterior = unimix_probs(rssm.posterior(latent.deter, projected))[0]
        prior = None if moment.step.is_first else unimix_probs(rssm.prior(latent.deter))[0].cpu().numpy()
    change = None
    if before is not None and not moment.step.is_first:
        earlier = _read(before)
        if earlier.generation != reading.generation:
            raise ValueError(f"generations {earlier.generation} and {reading.generation} of weights have nothing alike")
        change = frozen((reading.deter - earlier.deter).reshape(rssm.blocks, -1))
    return Insight(frozen(posterior.cpu().numpy()), None if prior is None else frozen(prior), reading.stoch, change)


def touch(agent: Agent, reading: Reading, touches: Sequence[tuple[int, int]]) -> Generator[None, None, Touched]:
    """The picture and the value of a state in which some latents have another class; h stays.

    Args:
        agent: the weights that made the Reading. reading: the state. touches: (latent, class) of each that is set.

    Raises:
        ValueError: other weights made the Reading, or there is no such latent or class.
    """
    rssm, latent = agent.world_model.dyn, agent.latent_of(reading)
    stoch = latent.stoch.clone()
    for place, index in touches:
        if not (0 <= place < rssm.stoch and 0 <= index < rssm.classes):
            raise ValueError(f"there is no class {index} of latent {place}: {rssm.stoch} latents of {rssm.classes}")
        stoch[0, place] = index
    touched = Latent(latent.deter, stoch)
    frame = agent.decode(touched)[0]
    yield
    with torch.no_grad():
        value = float(twohot_mean(agent.actor_critic.val(rssm.feat(touched)))[0])
    return Touched(frozen(frame), value)


def _read(moment: Moment) -> Reading:
    if moment.reading is None:
        raise ValueError("nothing was read on an end step")
    return moment.reading
