"""What a training run is made of: model sizes, every setting with its unit, and YAML files of both.

A :class:`Config` is frozen, flat and complete: the same object is written to a run's `config.yaml`, carried in
every checkpoint's header and shown as command-line flags.
"""

from __future__ import annotations

import contextlib
import dataclasses
import difflib
import math
import reprlib
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from trainer.errors import UserError
from trainer.small_files import read_small_file, reason

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
AUTO = "auto"
"""Stands for what suits the machine; of numbers 0 does. :func:`trainer.settle.settle` decides."""


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


PRESETS: tuple[str, ...] = (AUTO, *SIZES)
"""What `preset` may be."""


@dataclass(frozen=True)
class Config:
    """Every setting of a training run; the defaults are the reference's where it has them.

    What depends on the machine is left open by default, and decided when a run begins.
    """

    game: str = "coinrun"
    """Procgen game to train on, one of the 16."""
    difficulty: Difficulty = "easy"
    """Procgen's difficulty; Procgen's own default is hard, ours is easy."""
    levels: int = 200
    """Train levels: seeds 0 to levels - 1. All others are unseen."""
    num_envs: int = 16
    """Games played side by side, by all processes that train together."""
    total_steps: int = 1_000_000
    """Environment steps after which training ends, those of a resumed run included."""
    preset: str = AUTO
    """Model size, a key of SIZES, or `auto`: by the table of device and memory."""
    seed: int = 0
    """Seed of every random draw of the run."""
    device: str = AUTO
    """`cpu`, `cuda`, or `auto`: what a short measurement finds faster."""
    dtype: str = AUTO
    """Compute type: `float32`, `bfloat16`, or `auto`: what a short measurement finds faster, bfloat16 only where the
    hardware multiplies in it."""
    kernels: str = AUTO
    """How a CPU computes what is no matrix product: `compiled`, by kernels that a C compiler makes for the processor on
    first use; `torch`, in torch's own operations; or `auto`: compiled where there is a compiler. The last bits differ
    between the two."""
    processes: int = 1
    """Processes on this machine that train together, each on its share of games, batch and replay; with CUDA each has a
    GPU. Under `torchrun` as many as it starts."""
    threads: int = 0
    """Threads torch may use for training, in each process; 0 = every core, or half of them where that is measured to be
    faster."""
    batch_size: int = 0
    """Sequences per update, in all processes together; 0 = by the table of device and memory."""
    batch_length: int = 64
    """Steps per sequence, without the one step of replay context."""
    train_ratio: float = 0.0
    """Replayed steps per environment step; 0 = by the table of device and memory."""
    replay_gib: float = 8.0
    """Budget of the replay in GiB, of all processes together, frames and latents counted; the capacity follows."""
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
    log_every_updates: int = 0
    """Updates between rows of metrics, in place of seconds where not 0: repeatable to the bit."""
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
        """The model's widths; only a settled config has them."""
        return SIZES[self.preset]

    def replace(self, **changes: object) -> Config:
        """A copy with other values."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


BEFORE = Config(kernels="torch")
"""What settings stand for that a run of an older version does not name: what it did then."""

MOST_STEPS = 10**12
"""Environment steps that a training can be asked for: as good as endless, and its time left is still a date."""

_RANGES: dict[str, tuple[float, float]] = {
    "levels": (1, 200),
    "num_envs": (1, 1024),
    "total_steps": (1, MOST_STEPS),
    "seed": (0, math.inf),
    "processes": (1, 64),
    "threads": (0, 1024),
    "batch_size": (0, 65_536),
    "batch_length": (2, 65_536),
    "train_ratio": (0, 65_536),
    "replay_gib": (0, 10_000),
    "lr": (0, 1),
    "warmup": (0, math.inf),
    "agc": (0, math.inf),
    "imagination": (1, 1000),
    "horizon": (2, math.inf),
    "lam": (0, 1),
    "entropy": (0, math.inf),
    "free_nats": (0, math.inf),
    "log_every": (0, math.inf),
    "log_every_updates": (0, math.inf),
    "save_every": (0, math.inf),
    "save_every_updates": (0, math.inf),
    "evaluate_every": (0, math.inf),
    "evaluate_every_updates": (0, math.inf),
    "evaluate_episodes": (1, 9_800),
    "video_every": (0, math.inf),
    "keep_checkpoints": (1, math.inf),
}
"""Least and greatest value. Levels from 200 on are the unseen ones, of which 9,800 are for validation."""
_CHOICES: dict[str, tuple[str, ...]] = {
    "game": GAMES,
    "difficulty": ("easy", "hard"),
    "preset": PRESETS,
    "device": (AUTO, "cpu", "cuda"),
    "dtype": (AUTO, "float32", "bfloat16"),
    "kernels": (AUTO, "compiled", "torch"),
}


_WHOLE = (-(2**63), 2**63 - 1)
_LARGEST_FILE = 2**16
_DEEPEST = 3
_LONGEST_REASON = 300
_LONGEST_NAME = 60
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring, _BRIEF.maxother = 1, _LONGEST_NAME, _LONGEST_NAME


def config_from(values: Mapping[str, Any], source: str, base: Config | None = None) -> Config:
    """A checked Config from names and plain values.

    Args:
        values: what to set; everything else is as in `base`.
        source: where the values come from, for messages.
        base: defaults, those of Config where None.

    Raises:
        UserError: an unknown name, a value of the wrong kind or outside its range.
    """
    hints = typing.get_type_hints(Config)
    checked: dict[str, Any] = {}
    for name, value in values.items():
        if name not in hints:
            raise UserError(
                f"{source}: there is no setting {_brief(name)}{_instead(name, hints)}; take the name out or mend it."
            )
        checked[name] = _as_kind(name, value, hints[name], source)
    return check(dataclasses.replace(base or Config(), **checked), source)


def check(config: Config, source: str) -> Config:
    """The same Config, if every value is one that training can use.

    Raises:
        UserError: a value that is not among its choices or outside its range; the message begins with `source`.
    """
    for name, choices in _CHOICES.items():
        value = getattr(config, name)
        if value not in choices:
            raise UserError(
                f"{source}: {name} is {_brief(value)}{_instead(value, choices)}; choose one of {', '.join(choices)}."
            )
    for name, (least, most) in _RANGES.items():
        value = getattr(config, name)
        if math.isinf(most) and not least <= value < math.inf:
            raise UserError(f"{source}: {name} is {value}, give a number of at least {least:g}.")
        if not least <= value <= most:
            raise UserError(f"{source}: {name} is {value}, give a number from {least:g} to {most:g}.")
    for name in ("replay_gib", "lr"):
        if getattr(config, name) == 0:
            raise UserError(f"{source}: {name} is 0, give a number above 0.")
    return config


def read_config(path: Path, base: Config | None = None) -> Config:
    """The Config of a YAML file; settings it does not name are as in `base`.

    Raises:
        UserError: the file cannot be read, is no YAML mapping, or holds a wrong setting.
    """
    data = read_small_file(path, _LARGEST_FILE, "give a file of settings that you may read")
    try:
        text = data.decode("utf-8")
        if not _is_plain(text):
            raise UserError(f"{path}: holds a tag, an alias or lists in lists; write one plain `name: value` a line.")
        values = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: cannot be read ({error}); mend or replace it.") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UserError(f"{path}: is not YAML ({reason(error)[:_LONGEST_REASON]}); mend or replace it.") from error
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UserError(f"{path}: holds no settings; write one `name: value` a line.")
    return config_from(values, str(path), base)


def _is_plain(text: str) -> bool:
    """Whether a YAML text is safe to make values of.

    A few aliases may stand for 10^30 words, a tag may want any kind of value of any text, and deep nesting takes time
    that grows with its square; all this is seen in the stream of events before anything is made of them.
    """
    depth = 0
    for event in yaml.parse(text):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        tagged = isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.tag is not None
        if tagged or isinstance(event, yaml.AliasEvent) or depth > _DEEPEST:
            return False
    return True


def config_text(config: Config) -> str:
    """The Config as YAML, every setting written out."""
    text: str = yaml.safe_dump(dataclasses.asdict(config), sort_keys=False)
    return text


def _brief(value: object) -> str:
    """A value as a message shows it: in some dozen letters, whatever it is."""
    huge = isinstance(value, int) and not _WHOLE[0] <= value <= _WHOLE[1]
    return "a huge number" if huge else _BRIEF.repr(value)


def _instead(name: object, known: typing.Iterable[str]) -> str:
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return ""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _as_kind(name: str, value: Any, kind: Any, source: str) -> Any:
    if kind is float and isinstance(value, str):  # YAML 1.1 reads 4e-5 as text
        with contextlib.suppress(ValueError):
            value = float(value)
    if isinstance(value, int) and not _WHOLE[0] <= value <= _WHOLE[1]:
        raise UserError(f"{source}: {name} is a huge number, give a smaller one.")
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if kind is int and isinstance(value, float) and value.is_integer():
        value = int(value)
    wanted = kind if kind in (int, float) else str
    if not isinstance(value, wanted) or isinstance(value, bool):
        word = {int: "a whole number", float: "a number", str: "text"}[wanted]
        raise UserError(f"{source}: {name} is {_brief(value)}, give {word}.")
    return value
