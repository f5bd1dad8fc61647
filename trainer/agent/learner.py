"""One update: world-model loss and imagination loss, one backward pass, one optimiser step, committed as a whole.

Master weights, moments, losses, returns and normalisers are float32; the networks run in the compute dtype, into
which the weights are cast once an update. Until the commit at the end nothing of the learner changes, so an update
that is stopped or refused leaves no trace.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.agent.actor_critic import imagination_loss, replay_value_loss, value_head
from trainer.agent.agent import Agent
from trainer.agent.captured import way_to_run
from trainer.agent.computation import Computed, Inputs, Noise, draw_noise, observations
from trainer.agent.imagination import ForcedRollout, Rollout, imagine
from trainer.agent.joint_metrics import over_all_ranks
from trainer.agent.parts import BACKWARD, PARTS, Poll, never, proceed
from trainer.agent.returns import ReturnNormaliser
from trainer.agent.transfer import to_host
from trainer.config import Config
from trainer.distributed import ALONE, Ranks
from trainer.nn.distributions import twohot_mean
from trainer.nn.optimiser import FlatTensors, LaProp, learning_rate
from trainer.nn.weights import ComputeWeights
from trainer.replay_batch import Batch
from trainer.world_model.rssm import Latent, Sequence
from trainer.world_model.world_model import WorldModelLoss

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
    """What an update leaves for replay and log, in the host's memory.

    Attributes:
        deter: (B, T, D) compute dtype and stoch: (B, T, S) uint8: latents of steps 1 .. T of the batch.
        metrics: by name.
    """

    deter: Tensor
    stoch: Tensor
    metrics: dict[str, float]


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
        self._run = way_to_run(agent.device, ranks)
        self.normaliser = ReturnNormaliser.initial(agent.device)
        self._slow_head = value_head(agent.size, torch.Generator().manual_seed(0)).requires_grad_(False)
        slow = list(self._slow_head.parameters())
        self.slow = FlatTensors(slow, torch.float32, agent.device)
        self._slow_size = self.slow.flat.numel()
        if dtype is not None and dtype != agent.dtype:
            agent.to(dtype)
        self._slow_compute = ComputeWeights([self._slow_head], agent.dtype, agent.device)
        self.slow.flat.copy_(self._value_weights())
        self._publish()

    def _value_weights(self) -> Tensor:
        """The value's part of the flat master weights: its parameters come last, in the slow value's order."""
        return self.optimiser.params.flat[-self._slow_size :]

    def _publish(self) -> None:
        """Casts the master weights and the slow value into the networks."""
        self.agent.take(self.optimiser.params)
        self._slow_compute.take(self.slow)

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

    def noise(self, batch: int, length: int, generator: torch.Generator) -> Noise:
        """All noise of an update of `batch` sequences of `length` steps, from a generator of the agent's device."""
        return draw_noise(batch, length, self.agent.size.stoch, self.config, self._ranks, generator)

    def losses(self, inputs: Inputs, poll: Poll = never, forced: Forced | None = None) -> Losses:
        """All losses of a batch.

        Args:
            inputs: of the update, on the agent's device.
            poll: called with the name of each part of PARTS before it, those of BACKWARD from within a backward pass
                of the total; True stops the update.
            forced: samples to use in place of drawn ones.

        Raises:
            UpdateStopped: `poll` said so.
        """
        obs, carry, noise = inputs
        world, critic, config = self.agent.world_model, self.agent.actor_critic, self.config
        batch, length = obs.reward.shape
        proceed(poll, "encode")
        tokens = world.tokens(obs.frame)
        proceed(poll, "observe")
        stoch = forced.stoch if forced else None
        sequence = world.dyn.observe(carry, tokens, obs.prev_action, obs.is_first, noise.posterior, stoch, obs.unseen)
        proceed(poll, "decode")
        model: WorldModelLoss = world.losses(obs, sequence, config.free_nats)
        way_back = (model.losses["image"], sequence.deter, tokens)
        for part, tensor in zip(BACKWARD, way_back, strict=True):
            if tensor.requires_grad:
                tensor.register_hook(lambda _, part=part: proceed(poll, part))  # type: ignore[no-untyped-call]
        proceed(poll, "imagine")
        start = Latent(sequence.deter.detach().flatten(0, 1), sequence.indices.flatten(0, 1))
        rollout = imagine(world.dyn, critic.pol, start, noise.prior, noise.action, forced.rollout if forced else None)
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

    def compute(self, inputs: Inputs, poll: Poll = never) -> Computed:
        """Forward and backward pass of an update; the gradients go to the optimiser, and nothing lasting changes.

        Args:
            inputs: of the update, on the agent's device. poll: called before each part; True stops the update.

        Raises:
            UpdateStopped: `poll` said so.
        """
        losses = self.losses(inputs, poll)
        proceed(poll, "backward")
        self.optimiser.grads.copy_from(torch.autograd.grad(losses.total, list(self.agent.named_parameters().values())))
        metrics = losses.metrics | {"loss/total": losses.total.detach()}
        sequence = losses.sequence
        return Computed(metrics, losses.normaliser, sequence.deter.detach(), sequence.indices.to(torch.uint8))

    def update(self, batch: Batch, generator: torch.Generator, poll: Poll = never) -> UpdateResult:
        """One update from one batch of replay.

        On a GPU the host waits for it once, where it needs numbers: between the computation and the optimiser's step.
        While the device takes that step, the host can go on to what comes next.

        Args:
            batch: T + 1 steps a sequence. generator: of all draws, on the agent's device.
            poll: called with the name of each part before it; True stops the update. Where the device computes it all
                as one graph, the parts are COMPUTE and the last of PARTS, asked for while the device works: a stop is
                heard there, but does not cut short what was begun.

        Raises:
            UpdateStopped: `poll` said so. NonFiniteUpdate: a loss or gradient is not finite, on whichever rank.
                Either way nothing of the learner has changed.
            RankLost: another rank is gone.
        """
        obs, carry = observations(batch, self.agent.dtype)
        inputs = Inputs(obs, carry, self.noise(len(obs.reward), obs.reward.shape[1], generator))
        computed = self._run(self.compute, inputs, poll)
        proceed(poll, PARTS[-1])
        scalars = over_all_ranks(computed.metrics, self._ranks) | {
            "grad_norm": self.optimiser.norm(self._ranks.average),
            "retnorm_lo": computed.normaliser.lo,
            "retnorm_hi": computed.normaliser.hi,
        }
        numbers, deter, stoch = to_host(
            torch.stack([scalar.float() for scalar in scalars.values()]), computed.deter, computed.stoch
        )
        metrics: dict[str, float] = dict(zip(scalars, numbers.tolist(), strict=True))
        total, norm = metrics["loss/total"], metrics["grad_norm"]
        if not (math.isfinite(total) and math.isfinite(norm)):
            raise NonFiniteUpdate(f"loss {total}, gradient norm {norm}")
        self._commit(computed.normaliser)
        metrics["lr"] = learning_rate(self.optimiser.step_count, self.config.lr, self.config.warmup)
        return UpdateResult(deter, stoch, metrics)

    def _commit(self, normaliser: ReturnNormaliser) -> None:
        """All that an update changes, in place: a captured graph reads it where it lies."""
        self.optimiser.step()
        self.normaliser.lo.copy_(normaliser.lo)
        self.normaliser.hi.copy_(normaliser.hi)
        self.slow.flat.lerp_(self._value_weights(), SLOW_RATE)
        self._publish()
