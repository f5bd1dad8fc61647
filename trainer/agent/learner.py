"""One update: world-model loss and imagination loss, one backward pass, one optimiser step, committed as a whole.

Master weights, moments, losses, returns and normalisers are float32; the networks run in the compute dtype, into
which the weights are cast once an update. Until the commit at the end nothing of the learner changes, so an update
that is stopped or refused leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.agent.actor_critic import imagination_loss, replay_value_loss, value_head
from trainer.agent.agent import Agent
from trainer.agent.imagination import ForcedRollout, Rollout, imagine
from trainer.agent.joint_metrics import over_all_ranks
from trainer.agent.returns import ReturnNormaliser
from trainer.config import Config
from trainer.distributed import ALONE, Ranks
from trainer.nn.distributions import twohot_mean
from trainer.nn.optimiser import FlatTensors, LaProp, learning_rate
from trainer.replay_batch import Batch, context_latent
from trainer.world_model.rssm import Latent, Sequence
from trainer.world_model.world_model import Observations, WorldModelLoss

LOSS_SCALES: dict[str, float] = {
    "image": 1.0,
    "rew": 1.0,
    "con": 1.0,
    "dyn": 1.0,
    "rep": 0.1,
    "policy": 1.0,
    "value": 1.0,
    "repval": 0.3,
}
"""Weights of the losses' means in the total."""

SLOW_RATE = 0.02
"""Share of the value that the slow value takes over after every update."""

BACKWARD = ("backward decode", "backward observe", "backward encode")
"""The world model's parts of the backward pass, which comes to them in this order after the heads."""

PARTS = ("encode", "observe", "decode", "imagine", "heads", "losses", "backward", *BACKWARD, "optimise")
"""The parts of an update in order; a stop is polled before each."""


class UpdateStopped(Exception):
    """The update was asked to stop; nothing has changed."""


class NonFiniteUpdate(Exception):
    """A loss or gradient was not finite; nothing has changed."""


class Forced(NamedTuple):
    """Samples to use in place of drawn ones, to compare two computations.

    Attributes:
        stoch: (B, T, S) int64 posterior samples. rollout: imagined samples and actions.
    """

    stoch: Tensor
    rollout: ForcedRollout


class Losses(NamedTuple):
    """Everything an update computes before its backward pass.

    Attributes:
        total: scaled sum of the means, with gradient.
        losses: per element and unscaled: (B, T), repval (B, T - 1).
        sequence: posterior states. rollout: imagined features and actions.
        normaliser: after this batch. metrics: scalars, still tensors.
        imagined: on the rollout, without gradients: predictions reward, continues, value and slow, (K, H+1) each;
            returns, policy_loss and value_loss, (K, H) each; policy_logits (K, H+1, A).
        replay_returns: (B, T - 1).
    """

    total: Tensor
    losses: dict[str, Tensor]
    sequence: Sequence
    rollout: Rollout
    normaliser: ReturnNormaliser
    metrics: dict[str, Tensor]
    imagined: dict[str, Tensor]
    replay_returns: Tensor


class UpdateResult(NamedTuple):
    """What an update leaves for replay and log.

    Attributes:
        deter: (B, T, D) compute dtype and stoch: (B, T, S) int64: latents of steps 1 .. T of the batch.
        metrics: name to scalar tensor; see :func:`fetch`.
    """

    deter: Tensor
    stoch: Tensor
    metrics: dict[str, Tensor]


def fetch(metrics: dict[str, Tensor]) -> dict[str, float]:
    """Metrics as numbers, with one transfer."""
    return dict(zip(metrics, torch.stack([m.float() for m in metrics.values()]).tolist(), strict=True))


def never(part: str) -> bool:
    """The poll of an update that nobody stops."""
    return False


def replay_context(stored: Latent, action: Tensor, carry: Latent, consecutive: Tensor) -> tuple[Latent, Tensor]:
    """Where a batch of T + 1 steps starts from: its first step is context only (the reference's replay context of 1).

    Args:
        stored: latents that replay keeps of step 0, deter (B, D), stoch (B, S).
        action: (B, T + 1) int64. carry: state after the previous batch.
        consecutive: (B,) bool, the sequence goes on where the previous batch ended.

    Returns:
        The state before step 1 and the actions (B, T) taken before steps 1 .. T.
    """
    goes_on = consecutive.unsqueeze(-1)
    start = Latent(
        torch.where(goes_on, carry.deter, stored.deter),
        torch.where(goes_on, carry.stoch, stored.stoch),
    )
    return start, action[:, :-1]


class Learner:
    """An agent's teacher: master weights, moments, slow value and return normaliser.

    Attributes:
        agent: takes the new weights after every update. config: the run's settings.
        optimiser: LaProp on float32 master weights. slow: the slow value's float32 weights.
        normaliser: of the returns.
    """

    def __init__(self, agent: Agent, config: Config, dtype: torch.dtype | None = None, ranks: Ranks = ALONE) -> None:
        """Takes over an agent.

        Args:
            agent: its weights, in float32 for a faithful start, become the master weights.
            config: of the run. dtype: to compute in; None: the agent's.
            ranks: who has the other parts of every batch, and an equal learner.
        """
        self.agent, self.config, self._ranks = agent, config, ranks
        parameters = agent.named_parameters()
        self.names = list(parameters)
        self.optimiser = LaProp(list(parameters.values()), config.lr, config.warmup, config.agc, agent.device)
        self.normaliser = ReturnNormaliser.initial(agent.device)
        self._slow_head = value_head(agent.size, torch.Generator().manual_seed(0)).requires_grad_(False)
        slow = list(self._slow_head.parameters())
        self.slow = FlatTensors(slow, torch.float32, agent.device)
        self._slow_size = self.slow.flat.numel()
        if dtype is not None and dtype != agent.dtype:
            agent.to(dtype)
        self._slow_compute = FlatTensors(slow, agent.dtype, agent.device)
        for parameter, view in zip(slow, self._slow_compute.views, strict=True):
            parameter.data = view
        self.slow.flat.copy_(self._value_weights())
        self._publish()

    def _value_weights(self) -> Tensor:
        """The value's part of the flat master weights: its parameters come last, in the slow value's order."""
        return self.optimiser.params.flat[-self._slow_size :]

    def _publish(self) -> None:
        """Casts the master weights and the slow value into the networks."""
        self.agent.take(self.optimiser.params)
        self._slow_compute.flat.copy_(self.slow.flat)

    def state_tensors(self) -> dict[str, Tensor]:
        """Everything to go on from, float32, by name: weights, `nu/...`, `mu/...`, `slowval/...`, `normaliser/...`.

        The tensors are views of the learner's own memory: save or copy them before the next update.
        """
        optimiser = self.optimiser
        tensors: dict[str, Tensor] = {}
        for prefix, part in (("", optimiser.params), ("nu/", optimiser.nu), ("mu/", optimiser.mu)):
            tensors |= {prefix + name: view for name, view in zip(self.names, part.views, strict=True)}
        tensors |= dict(zip(self._slow_names(), self.slow.views, strict=True))
        return tensors | {"normaliser/lo": self.normaliser.lo, "normaliser/hi": self.normaliser.hi}

    def _slow_names(self) -> list[str]:
        return ["slowval/" + name.replace(".", "/") for name, _ in self._slow_head.named_parameters()]

    def load_state_tensors(self, tensors: dict[str, Tensor], updates: int) -> None:
        """Takes what :meth:`state_tensors` gave after `updates` updates."""
        for name, tensor in self.state_tensors().items():
            tensor.copy_(tensors[name])
        self.optimiser.step_count = updates
        self._publish()

    def load_weights(self, tensors: dict[str, Tensor]) -> None:
        """Starts from weights alone: moments at zero, the slow value a copy of the value."""
        for name, view in zip(self.names, self.optimiser.params.views, strict=True):
            view.copy_(tensors[name])
        self.slow.flat.copy_(self._value_weights())
        self._publish()

    def observations(self, batch: Batch) -> tuple[Observations, Latent]:
        """A batch as tensors on the device, and the state before its first step."""
        device = self.agent.device

        def steps(array: NDArray[Any], start: int = 1) -> Tensor:
            return torch.from_numpy(array)[:, start:].to(device, non_blocking=True)

        stored = Latent(*context_latent(batch, self.agent.dtype, device))
        nothing_goes_on = torch.zeros(len(batch.action), dtype=torch.bool, device=device)
        carry, prev_action = replay_context(stored, steps(batch.action, 0), stored, nothing_goes_on)
        is_last = steps(batch.is_last)
        obs = Observations(
            frame=steps(batch.frame),
            reward=steps(batch.reward),
            is_first=steps(batch.is_first),
            is_last=is_last,
            is_terminal=steps(batch.is_terminal),
            prev_action=prev_action,
            unseen=is_last,
        )
        return obs, carry

    def losses(
        self,
        obs: Observations,
        carry: Latent,
        generator: torch.Generator,
        poll: Callable[[str], bool] = never,
        forced: Forced | None = None,
    ) -> Losses:
        """All losses of a batch.

        Args:
            obs, carry: see :meth:`observations`. generator: of all draws.
            poll: called with the name of each part of PARTS before it, those of BACKWARD from within a backward pass
                of the total; True stops the update.
            forced: samples to use in place of drawn ones.

        Raises:
            UpdateStopped: `poll` said so.
        """
        world, critic, config = self.agent.world_model, self.agent.actor_critic, self.config
        batch, length = obs.reward.shape
        proceed(poll, "encode")
        tokens = world.tokens(obs.frame)
        proceed(poll, "observe")
        noise = self._ranks.rand(batch, length, world.dyn.stoch, dim=0, generator=generator, device=tokens.device)
        stoch = forced.stoch if forced else None
        sequence = world.dyn.observe(carry, tokens, obs.prev_action, obs.is_first, noise, stoch, obs.unseen)
        proceed(poll, "decode")
        model: WorldModelLoss = world.losses(obs, sequence, config.free_nats)
        way_back = (model.losses["image"], sequence.deter, tokens)
        for part, tensor in zip(BACKWARD, way_back, strict=True):
            if tensor.requires_grad:
                tensor.register_hook(lambda _, part=part: proceed(poll, part))  # type: ignore[no-untyped-call]
        proceed(poll, "imagine")
        start = Latent(sequence.deter.detach().flatten(0, 1), sequence.indices.flatten(0, 1))
        rollout = imagine(
            world.dyn, critic.pol, start, config.imagination, generator, forced.rollout if forced else None, self._ranks
        )
        proceed(poll, "heads")
        with torch.no_grad():
            reward = twohot_mean(world.rew(rollout.feat))
            continues = world.continues(rollout.feat)
            slow_logits = self._slow_head(rollout.feat)
            replay_slow = self._slow_head(model.feat)
        policy_logits, value_logits = critic.pol(rollout.feat), critic.val(rollout.feat)
        replay_logits = critic.val(model.feat)
        proceed(poll, "losses")
        imagined = imagination_loss(
            policy_logits,
            value_logits,
            slow_logits,
            rollout.action,
            reward,
            continues,
            self.normaliser,
            config.lam,
            config.entropy,
            self._ranks,
        )
        repval, replay_returns = replay_value_loss(
            replay_logits,
            replay_slow,
            obs.is_last,
            obs.is_terminal,
            obs.reward,
            imagined.returns[:, 0].view(batch, length),
            1 - 1 / config.horizon,
            config.lam,
        )
        losses = {
            **model.losses,
            "policy": imagined.policy.mean(1).view(batch, length),
            "value": imagined.value.mean(1).view(batch, length),
            "repval": repval,
        }
        means = {name: loss.mean() for name, loss in losses.items()}
        total = torch.stack([LOSS_SCALES[name] * mean for name, mean in means.items()]).sum()
        metrics = {f"loss/{name}": mean.detach() for name, mean in means.items()}
        predictions = {
            "reward": reward,
            "continues": continues,
            "value": imagined.predicted,
            "slow": imagined.slow,
            "policy_logits": policy_logits.detach(),
            "returns": imagined.returns,
            "policy_loss": imagined.policy.detach(),
            "value_loss": imagined.value.detach(),
        }
        return Losses(
            total,
            losses,
            sequence,
            rollout,
            imagined.normaliser,
            metrics | model.metrics | imagined.metrics,
            predictions,
            replay_returns,
        )

    def update(self, batch: Batch, generator: torch.Generator, poll: Callable[[str], bool] = never) -> UpdateResult:
        """One update from one batch of replay.

        Args:
            batch: T + 1 steps a sequence. generator: of all draws.
            poll: called with the name of each part before it; True stops the update.

        Raises:
            UpdateStopped: `poll` said so. NonFiniteUpdate: a loss or gradient is not finite, on whichever rank.
                Either way nothing of the learner has changed.
            RankLost: another rank is gone.
        """
        obs, carry = self.observations(batch)
        computed = self.losses(obs, carry, generator, poll)
        proceed(poll, "backward")
        parameters = list(self.agent.named_parameters().values())
        grads = torch.autograd.grad(computed.total, parameters)
        proceed(poll, "optimise")
        norm = self.optimiser.gather(grads, self._ranks.average)
        metrics = over_all_ranks(computed.metrics | {"loss/total": computed.total.detach()}, self._ranks)
        total = metrics["loss/total"]
        if not bool(torch.isfinite(norm + total)):
            raise NonFiniteUpdate(f"loss {total.item()}, gradient norm {norm.item()}")
        self.optimiser.step()
        self.normaliser = computed.normaliser
        self.slow.flat.lerp_(self._value_weights(), SLOW_RATE)
        self._publish()
        step = self.optimiser.step_count
        metrics |= {
            "grad_norm": norm,
            "retnorm_lo": self.normaliser.lo,
            "retnorm_hi": self.normaliser.hi,
            "lr": torch.tensor(learning_rate(step, self.config.lr, self.config.warmup), device=norm.device),
        }
        sequence = computed.sequence
        return UpdateResult(sequence.deter.detach(), sequence.indices, metrics)


def proceed(poll: Callable[[str], bool], part: str) -> None:
    """Asks `poll` before a part of an update.

    Raises:
        UpdateStopped: it said to stop.
    """
    if poll(part):
        raise UpdateStopped(part)
