"""What a training run is made of: model sizes, every setting with its unit, and YAML files of both.

A :class:`Config` is frozen, flat and complete: the same object is written to a run's `config.yaml`, carried in
every checkpoint's header and shown as command-line flags.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

GAMES: tuple[str, ...] = (
    "bigfish",
    "bossfight",
    "caveflyer",
    "chaser",
    "climber",
    "coinrun",
    "dodgeball",
    "fruitbot",
    "heist",
    "jumper",
    "leaper",
    "maze",
    "miner",
    "ninja",
    "plunder",
    "starpilot",
)
"""The 16 Procgen games."""

Difficulty = Literal["easy", "hard"]


@dataclass(frozen=True)
class ModelSize:
    """Widths of the networks, as DreamerV3 publishes them (configs.yaml of the reference)."""

    deter: int
    """Width of the recurrent state h."""
    hidden: int
    """Width of the layers inside the RSSM."""
    classes: int
    """Classes of each categorical latent."""
    depth: int
    """Channels of the first convolution before its multiplier."""
    units: int
    """Width of the heads' and the decoder's dense layers."""
    stoch: int = 32
    """Number of categorical latents."""
    blocks: int = 8
    """Blocks of the block-diagonal GRU and of the decoder's first layer."""
    mults: tuple[int, ...] = (2, 3, 4, 4)
    """Channel multipliers of the four convolutions."""

    @property
    def feat(self) -> int:
        """Width of `feat` = deter and the flattened one-hot stoch."""
        return self.deter + self.stoch * self.classes


SIZES: dict[str, ModelSize] = {
    "debug": ModelSize(deter=32, hidden=16, classes=4, depth=2, units=16, stoch=4),
    "1m": ModelSize(deter=512, hidden=64, classes=4, depth=4, units=64),
    "4m": ModelSize(deter=1024, hidden=128, classes=8, depth=8, units=128),
    "12m": ModelSize(deter=2048, hidden=256, classes=16, depth=16, units=256),
    "25m": ModelSize(deter=3072, hidden=384, classes=24, depth=24, units=384),
    "50m": ModelSize(deter=4096, hidden=512, classes=32, depth=32, units=512),
    "100m": ModelSize(deter=6144, hidden=768, classes=48, depth=48, units=768),
    "200m": ModelSize(deter=8192, hidden=1024, classes=64, depth=64, units=1024),
    "400m": ModelSize(deter=12288, hidden=1536, classes=96, depth=96, units=1536),
}
"""Presets: 1m to 400m as published; `4m` between them for CPUs, `debug` for tests."""


@dataclass(frozen=True)
class Config:
    """Every setting of a training run; the defaults are the reference's where it has them."""

    game: str = "coinrun"
    """Procgen game to train on, one of the 16."""
    difficulty: Difficulty = "easy"
    """Procgen's difficulty; Procgen's own default is hard, ours is easy."""
    levels: int = 200
    """Train levels: seeds 0 to levels - 1. All others are unseen."""
    num_envs: int = 16
    """Games played side by side."""
    total_steps: int = 1_000_000
    """Environment steps after which training ends, those of a resumed run included."""
    preset: str = "12m"
    """Model size, a key of SIZES."""
    seed: int = 0
    """Seed of every random draw of the run."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: CUDA where there is one."""
    dtype: str = "auto"
    """Compute type: `float32`, `bfloat16`, or `auto`: bfloat16 where the processor multiplies in it."""
    threads: int = 0
    """Threads torch may use for training; 0 = every core."""
    batch_size: int = 16
    """Sequences per update."""
    batch_length: int = 64
    """Steps per sequence, without the one step of replay context."""
    train_ratio: float = 0.0
    """Replayed steps per environment step; 0 = 64 on a GPU and the CPU's own default on a CPU."""
    replay_gib: float = 8.0
    """Budget of the replay in GiB, frames and latents counted; the capacity follows from it."""
    lr: float = 4e-5
    """Learning rate."""
    warmup: int = 1000
    """Updates over which the learning rate rises from 0."""
    agc: float = 0.3
    """Adaptive gradient clipping: largest ratio of a tensor's gradient norm to its own norm."""
    imagination: int = 15
    """Steps imagined from every replayed step."""
    horizon: int = 333
    """Discount horizon in steps: the discount is 1 - 1/horizon."""
    lam: float = 0.95
    """Mixing factor of the lambda-returns."""
    entropy: float = 3e-4
    """Scale of the policy's entropy bonus."""
    free_nats: float = 1.0
    """KL below which dynamics and representation losses do not push, in nats."""
    log_every: float = 10.0
    """Seconds between rows of metrics."""
    save_every: float = 300.0
    """Seconds between checkpoints."""
    save_every_updates: int = 0
    """Updates between checkpoints, in place of seconds where not 0: repeatable to the bit."""
    evaluate_every: float = 1800.0
    """Seconds of the loop's clock between evaluations on validation levels; 0 = never."""
    evaluate_every_updates: int = 0
    """Updates between evaluations, in place of seconds where not 0: repeatable to the bit."""
    evaluate_episodes: int = 16
    """Episodes per evaluation and split."""
    video_every: float = 900.0
    """Seconds between open-loop videos for TensorBoard; 0 = never."""
    keep_checkpoints: int = 3
    """Newest checkpoints kept, beside the best one."""

    @property
    def size(self) -> ModelSize:
        """The model's widths."""
        return SIZES[self.preset]

    def replace(self, **changes: object) -> Config:
        """A copy with other values."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]
