"""The agent: one generation of weights that acts, reads what it sees, and dreams.

Shapes: B batch, T time, H horizon, N branches, D deter, S latents, A actions.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from trainer.agent.actor_critic import ActorCritic
from trainer.agent.imagination import policy_sample
from trainer.agent.inference import Inference, Packed, Plain
from trainer.config import ModelSize
from trainer.episode import Dream, Reading, frozen
from trainer.errors import UserError
from trainer.nn.categorical import categorical_kl, unimix_log_probs
from trainer.nn.distributions import twohot_mean
from trainer.nn.optimiser import FlatTensors
from trainer.nn.packed import can_pack
from trainer.nn.weights import ComputeWeights
from trainer.randomness import torch_generator
from trainer.world_model.rssm import Latent
from trainer.world_model.world_model import WorldModel

PICTURES_TOGETHER = 8
"""Pictures decoded at a time where others wait for a turn: below 10 ms at preset 12m on one core."""

STATES_TOGETHER = 240
"""States likewise whose rewards, continues and values are predicted at a time."""


def joined(latents: Sequence[Latent]) -> Latent:
    """States, each a batch, as one batch."""
    return Latent(torch.cat([latent.deter for latent in latents]), torch.cat([latent.stoch for latent in latents]))


class Acted(NamedTuple):
    """What acting gives.

    Attributes:
        latent: the posterior. action: (B,) int64.
    """

    latent: Latent
    action: Tensor


class Agent:
    """World model, policy and value of one generation of weights, in the compute dtype.

    Attributes:
        size, num_actions, horizon: what it was built with.
        generation: names these weights; a Reading or Dream carries it.
        world_model, actor_critic: the networks.
        latent: the current state: what the last :meth:`read` left, where dreams start unless told otherwise.
    """

    def __init__(
        self,
        size: ModelSize,
        num_actions: int = 15,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        generation: int = 0,
        horizon: int = 333,
        seed: int = 0,
    ) -> None:
        self.size, self.num_actions, self.horizon, self.generation = size, num_actions, horizon, generation
        generator = torch_generator(seed, "initial weights")
        self.world_model = WorldModel(size, num_actions, generator, horizon)
        self.actor_critic = ActorCritic(size, num_actions, generator)
        self.latent: Latent | None = None
        self._weights = self._move(dtype, torch.device(device))
        self._networks: Inference = Plain(self.world_model, self.actor_critic)

    def pack(self) -> None:
        """Gets these weights ready to be asked often, one frame or a few at a time: until they change.

        Where the machine or the dtype does not allow it, everything stays as it is.
        """
        if can_pack(self.dtype, self.device):
            self._networks = Packed(self.world_model, self.actor_critic)

    def _changed(self) -> None:
        self._networks = Plain(self.world_model, self.actor_critic)

    def _move(self, dtype: torch.dtype, device: torch.device) -> ComputeWeights:
        return ComputeWeights([self.world_model, self.actor_critic], dtype, device)

    def to(self, dtype: torch.dtype) -> None:
        """Casts the weights to another compute dtype."""
        self._weights = self._move(dtype, self.device)
        self.latent = None
        self._changed()

    @property
    def dtype(self) -> torch.dtype:
        """The compute dtype."""
        return self._weights.dtype

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return self._weights.device

    def named_parameters(self) -> dict[str, nn.Parameter]:
        """Parameters by the reference's names, such as `enc/cnn0/kernel`, in a fixed order."""
        parts = [*self.world_model.named_parameters(), *self.actor_critic.named_parameters()]
        return {name.replace(".", "/"): parameter for name, parameter in parts}

    @property
    def parameter_count(self) -> int:
        """Trained parameters, the slow value not counted."""
        return self._weights.count

    def take(self, weights: FlatTensors) -> None:
        """Takes float32 weights of the same layout."""
        self._weights.take(weights)
        self._changed()

    def state_tensors(self) -> dict[str, Tensor]:
        """All weights as contiguous float32 CPU copies, by name."""
        return {
            name: parameter.detach().to("cpu", torch.float32, copy=True).contiguous()
            for name, parameter in self.named_parameters().items()
        }

    def load_state_tensors(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes the weights of :meth:`state_tensors`.

        Raises:
            UserError: a name is missing or a shape differs.
        """
        parameters = self.named_parameters()
        for name, parameter in parameters.items():
            if name not in tensors:
                raise UserError(f"the weights lack {name!r}: they belong to another model, open another checkpoint.")
            if tensors[name].shape != parameter.shape:
                raise UserError(
                    f"{name!r} has shape {tuple(tensors[name].shape)} where this model size has "
                    f"{tuple(parameter.shape)}: open a checkpoint of this size."
                )
        with torch.no_grad():
            for name, parameter in parameters.items():
                parameter.copy_(tensors[name])
        self._changed()

    def initial(self, batch: int) -> Latent:
        """The state before an episode, for `batch` games."""
        return self.world_model.dyn.initial(batch)

    def _frames(self, frames: Tensor | NDArray[np.uint8]) -> Tensor:
        if isinstance(frames, np.ndarray):
            frames = torch.from_numpy(np.array(frames))
        return frames.to(self.device)

    def _observe(
        self, latent: Latent, prev_action: Tensor, frames: Tensor, is_first: Tensor, generator: torch.Generator
    ) -> tuple[Latent, Tensor]:
        rssm = self.world_model.dyn
        noise = torch.rand(frames.shape[0], rssm.stoch, generator=generator, device=self.device)
        tokens = self.world_model.enc(frames)
        return rssm.observe_step(latent, prev_action.to(self.device), tokens, is_first.to(self.device), noise)

    @torch.no_grad()
    def act(
        self,
        latent: Latent,
        prev_action: Tensor,
        frames: Tensor | NDArray[np.uint8],
        is_first: Tensor,
        generator: torch.Generator,
    ) -> Acted:
        """Looks at one frame of each of B games and samples an action for each.

        Args:
            latent: states before. prev_action: (B,) int64. frames: (B, 64, 64, 3) uint8. is_first: (B,) bool.
            generator: of the draws.
        """
        posterior, _ = self._observe(latent, prev_action, self._frames(frames), is_first, generator)
        return Acted(posterior, self.choose(posterior, generator))

    @torch.no_grad()
    def choose(self, latent: Latent, generator: torch.Generator) -> Tensor:
        """Samples the policy at B states: (B,) int64."""
        logits = self.actor_critic.pol(self.world_model.dyn.feat(latent))
        return policy_sample(logits, torch.rand(logits.shape[0], generator=generator, device=self.device))

    @torch.no_grad()
    def read(
        self,
        latent: Latent,
        prev_action: int,
        frame: NDArray[np.uint8],
        is_first: bool,
        generator: torch.Generator,
    ) -> tuple[Latent, Reading]:
        """Looks at one frame of one game; the posterior becomes the current state.

        Args:
            latent: state before (batch 1). prev_action: taken before the frame. frame: (64, 64, 3) uint8.
            is_first: the frame opens an episode. generator: of the draws.
        """
        posterior, logits = self.observe(latent, prev_action, self.project(frame[None]), is_first, generator)
        self.latent = posterior
        return posterior, self.readings(posterior, logits, [is_first], self.decode(posterior))[0]

    @torch.no_grad()
    def project(self, frames: NDArray[np.uint8]) -> Tensor:
        """What the posterior takes from B frames (B, 64, 64, 3): (B, hidden)."""
        return self._networks.project(self._frames(frames))

    @torch.no_grad()
    def observe(
        self, latent: Latent, prev_action: int | Tensor, projected: Tensor, is_first: bool, generator: torch.Generator
    ) -> tuple[Latent, Tensor]:
        """One step of the recurrence of B games: posterior states and their raw logits (B, S, C).

        Args:
            latent: states before. prev_action: taken before the frames, in all games or (B,) int64.
            projected: (B, hidden), of :meth:`project`. is_first: the frames open episodes. generator: of the draws.
        """
        rssm, batch = self.world_model.dyn, projected.shape[0]
        noise = torch.rand(batch, rssm.stoch, generator=generator, device=self.device)
        actions = torch.full((batch,), prev_action) if isinstance(prev_action, int) else prev_action
        return self._networks.observe(latent, actions.to(self.device), projected, is_first, noise)

    @torch.no_grad()
    def readings(
        self, latent: Latent, logits: Tensor, is_first: Sequence[bool], beliefs: NDArray[np.uint8]
    ) -> list[Reading]:
        """Readings of B posterior states, their raw logits (B, S, C) and their pictures (B, 64, 64, 3) uint8."""
        value, policy, going_on = self._networks.judge(latent)
        prior = unimix_log_probs(self._networks.prior(latent.deter))
        numbers = (
            twohot_mean(value).unsqueeze(1),
            torch.softmax(policy.float(), -1),
            self._shown(going_on),
            categorical_kl(unimix_log_probs(logits), prior).unsqueeze(1),
            latent.deter.float(),
            latent.stoch.float(),
        )
        widths = [part.shape[1] for part in numbers]
        together = torch.cat(numbers, 1).cpu()  # a GPU is waited for once
        values, policies, continues, surprise, deters, stochs = (
            x.numpy() for x in together.split_with_sizes(widths, 1)
        )
        return [
            Reading(
                generation=self.generation,
                deter=frozen(deters[i]),
                stoch=frozen(stochs[i].astype(np.uint8)),
                belief=frozen(beliefs[i].copy()),  # by itself: a view would keep the whole batch
                value=float(values[i, 0]),
                policy=frozen(policies[i]),
                continues=float(continues[i, 0]),
                surprise=None if first else float(surprise[i, 0]),
            )
            for i, first in enumerate(is_first)
        ]

    def _shown(self, going_on: Tensor) -> Tensor:
        """A raw continue as the probability that a person expects: without the discount that it was trained with."""
        return (torch.sigmoid(going_on.float()) / (1 - 1 / self.horizon)).clamp(max=1.0)

    def latent_of(self, reading: Reading) -> Latent:
        """The model state of a Reading.

        Raises:
            ValueError: another generation of weights made it.
        """
        if reading.generation != self.generation:
            raise ValueError(f"a latent of generation {reading.generation} means nothing to {self.generation}")
        deter = torch.from_numpy(np.array(reading.deter)).to(self.device, self.dtype)
        stoch = torch.from_numpy(np.array(reading.stoch)).to(self.device, torch.int64)
        return Latent(deter[None], stoch[None])

    @torch.no_grad()
    def blind_step(self, latent: Latent, action: int | Tensor, generator: torch.Generator) -> Latent:
        """One step of the prior: what comes after `action` (B,) int64, without looking."""
        batch = latent.deter.shape[0]
        actions = torch.full((batch,), action) if isinstance(action, int) else action
        noise = torch.rand(batch, self.world_model.dyn.stoch, generator=generator, device=self.device)
        return self.imagine_step(latent, actions, noise)

    @torch.no_grad()
    def imagine_step(self, latent: Latent, action: Tensor, noise: Tensor) -> Latent:
        """One step of the prior after `action` (B,) int64 with uniform draws `noise` (B, S)."""
        return self._networks.imagine(latent, action.to(self.device), noise.to(self.device))

    @torch.no_grad()
    def decode(self, latent: Latent) -> NDArray[np.uint8]:
        """Pictures (B, 64, 64, 3) uint8 of B states."""
        pixels: NDArray[np.uint8] = self._networks.decode(latent).cpu().numpy()
        return pixels

    @torch.no_grad()
    def decoding(self, latents: Sequence[Latent]) -> Generator[None, None, NDArray[np.uint8]]:
        """:meth:`decode` of all these states in order, giving others a turn after each PICTURES_TOGETHER pictures."""
        deter, stoch = joined(latents)
        parts: list[NDArray[np.uint8]] = []
        for first in range(0, len(deter), PICTURES_TOGETHER):
            part = slice(first, first + PICTURES_TOGETHER)
            parts.append(self.decode(Latent(deter[part], stoch[part])))
            yield
        return np.concatenate(parts)

    @torch.no_grad()
    def dream_steps(
        self,
        horizon: int,
        actions: NDArray[np.int64] | None = None,
        branches: int = 1,
        generator: torch.Generator | None = None,
        start: Latent | None = None,
        pictures: bool = True,
        same_luck: bool = False,
    ) -> Generator[None, None, Dream]:
        """:meth:`dream`, giving others a turn after every small part; the Dream is the generator's return value.

        Args:
            pictures: decode the states; otherwise the Dream's frames are (N, 0, 64, 64, 3).
            same_luck: all branches share their noise, so that nothing but their actions tells them apart.
        """
        latent = start if start is not None else self.latent
        if latent is None:
            raise ValueError("there is nothing to dream from: let the agent read a frame first, or give `start`")
        if horizon < 1:
            raise ValueError(f"a dream of {horizon} steps is none")
        if actions is not None and actions.ndim != 2:
            raise ValueError(f"actions have shape {actions.shape}, needed is (branches, steps)")
        given = np.empty((branches, 0), np.int64) if actions is None else actions
        branches = given.shape[0]
        generator = generator or torch_generator(0, "dream", device=self.device)
        rssm = self.world_model.dyn
        draws = 1 if same_luck else branches
        latent = Latent(latent.deter.expand(branches, -1).contiguous(), latent.stoch.expand(branches, -1).contiguous())
        taken: list[Tensor] = []
        latents: list[Latent] = []
        for h in range(horizon):
            if h < given.shape[1]:
                action = torch.from_numpy(given[:, h].copy()).to(self.device)
            else:
                luck = torch.rand(draws, generator=generator, device=self.device)
                action = policy_sample(self._networks.policy(latent), luck.expand(branches))
            noise = torch.rand(draws, rssm.stoch, generator=generator, device=self.device)
            latent = self._networks.imagine(latent, action, noise.expand(branches, -1))
            taken.append(action)
            latents.append(latent)
            yield
        expected = []
        together = max(1, STATES_TOGETHER // branches)
        for first in range(0, horizon, together):
            expected.append(self.expected(latents[first : first + together]))
            yield
        rewards, continues, values = (np.concatenate(parts, 1) for parts in zip(*expected, strict=True))
        chosen = torch.stack(taken, 1).cpu().numpy()
        frames = np.empty((branches, 0, 64, 64, 3), np.uint8)
        if pictures:
            drawn = yield from self.decoding(latents)
            frames = np.ascontiguousarray(drawn.reshape(horizon, branches, 64, 64, 3).swapaxes(0, 1))
        return Dream(
            self.generation, frozen(frames), frozen(chosen), frozen(rewards), frozen(continues), frozen(values)
        )

    @torch.no_grad()
    def expected(self, latents: Sequence[Latent]) -> tuple[NDArray[np.float32], ...]:
        """Rewards, continues as shown and values, each (N, H) float32, of H states of N branches."""
        reward, going_on, value = self._networks.forecast(joined(latents))
        expected = torch.stack([twohot_mean(reward), self._shown(going_on).squeeze(1), twohot_mean(value)])
        return tuple(np.ascontiguousarray(x.reshape(len(latents), -1).T) for x in expected.cpu().numpy())

    def dream(
        self,
        horizon: int,
        actions: NDArray[np.int64] | None = None,
        branches: int = 1,
        generator: torch.Generator | None = None,
        start: Latent | None = None,
    ) -> Dream:
        """Imagines `horizon` steps of the prior.

        Args:
            horizon: H, steps. actions: (N, any) int64 to follow; the policy's own once they run out, or without any.
            branches: N rollouts from the same state, where no actions are given.
            generator: of all draws; without one the same state always dreams the same.
            start: state (batch 1) to start from; None: the current one.

        Raises:
            ValueError: there is no state to start from, no step to imagine, or the actions do not fit.
        """
        steps = self.dream_steps(horizon, actions, branches, generator, start)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                dream: Dream = end.value
                return dream

    def imagine_future(
        self, horizon: int = 15, generator: torch.Generator | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
        """What the agent imagines before it acts: the policy's rollout from the current state.

        Returns:
            dreams (H, 64, 64, 3) uint8, rewards (H,) float32, values (H,) float32; index i belongs to the (i+1)-th
            imagined state.
        """
        dream = self.dream(horizon, generator=generator)
        return dream.frames[0], dream.rewards[0], dream.values[0]
