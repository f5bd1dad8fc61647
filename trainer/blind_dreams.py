"""The dream along the reality of a past stretch: open loop from look to look, along the actions really taken."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

from trainer.agent.agent import PICTURES_TOGETHER, Agent
from trainer.episode import Blind, Moment, frozen
from trainer.randomness import torch_generator
from trainer.world_model.rssm import Latent


@dataclass(frozen=True, slots=True)
class BlindPiece:
    """Some of the dream along reality of an episode.

    Attributes:
        start: index of the first. blinds: one a Step.
    """

    start: int
    blinds: tuple[Blind, ...]


def blind_pieces(
    agent: Agent,
    seed: int,
    number: int,
    index: int,
    ground_every: int,
    moments: Sequence[Moment],
    caught_up: Callable[[Latent], None],
) -> Generator[BlindPiece | None, None, None]:
    """The dream along reality of an episode, looking every so many frames; the part around an index comes first.

    Args:
        agent: who dreams, and read the Moments. seed, number: of the draws: the player's, the episode's.
        index: what somebody looks at. ground_every: frames from look to look.
        moments: of the episode, which may grow meanwhile.
        caught_up: told the dream's state whenever it has reached the newest Moment.

    Yields:
        A piece whenever one is done, and None in between.

    Raises:
        ValueError: other weights read the Moments.
    """
    here = index - index % ground_every
    start: int | None = here
    while start is not None:
        yield from _stretch(agent, seed, number, start, ground_every, moments, caught_up)
        following = start + ground_every
        if start >= here:
            start = following if following < len(moments) else here - ground_every
        else:
            start -= ground_every
        if start < 0:
            start = None


def _stretch(
    agent: Agent,
    seed: int,
    number: int,
    start: int,
    ground_every: int,
    moments: Sequence[Moment],
    caught_up: Callable[[Latent], None],
) -> Generator[BlindPiece | None, None, None]:
    """From one look on to the next."""
    first = moments[start].reading
    if first is None:
        return
    latent = agent.latent_of(first)
    blinds = [Blind(first.belief, 0)]
    waiting: list[Latent] = []
    t = start + 1
    while True:
        while t < min(start + ground_every, len(moments)) and moments[t].reading is not None:
            generator = torch_generator(seed, "blind", number, t, device=agent.device)
            latent = agent.blind_step(latent, moments[t - 1].step.action or 0, generator)
            waiting.append(latent)
            t += 1
            yield None
            if len(waiting) == PICTURES_TOGETHER:
                break
        if not waiting:
            break
        pictures = yield from agent.decoding(waiting)
        blinds += [Blind(frozen(picture), age) for age, picture in enumerate(pictures, len(blinds))]
        waiting = []
    if t == len(moments):
        caught_up(latent)
    yield BlindPiece(start, tuple(blinds))
