"""`main.py benchmark`: how fast this machine trains, plays and dreams.

What is timed is a real training run: the loop that `train` drives, on real games, in a temporary folder. So an update
here is an update there, its sampling and the write-back of latents included, and after the same number of updates the
parameters are the same to the bit: `hash_after_5_updates` can be held against any run of that seed.
"""

from __future__ import annotations

import contextlib
import hashlib
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from trainer.agent.agent import Agent
from trainer.checkpoint import open_checkpoint
from trainer.config import Config
from trainer.errors import UserError
from trainer.events import Event, Progress
from trainer.flops import update_flops
from trainer.jsonfile import check_target, write_json
from trainer.loop import TrainingLoop, train_env
from trainer.machine import BUSY_CORES, LoadMeter, matrix_rate, peak_memory_bytes, processor_name, wait_for
from trainer.process import cores, use_threads
from trainer.randomness import numpy_generator, torch_generator

HASHED_UPDATES = 5
"""Updates after which the parameters' hash is taken; they also warm the machine up."""
BRANCHES = 16
HORIZON = 15
_PART_UPDATES = 2
_FRAMES = 40
_DREAMS = 5
_ENV_SECONDS = 1.0


@dataclass
class _Timings:
    """Seconds of every update and of every vector step, in order."""

    updates: list[float] = field(default_factory=list)
    steps: list[float] = field(default_factory=list)


class _Marks:
    """Notes when each part of an update begins, in place of the poll that could stop it."""

    def __init__(self, device: torch.device) -> None:
        self.times: list[tuple[str, float]] = []
        self._device = device

    def __call__(self, part: str) -> bool:
        wait_for(self._device)
        self.times.append((part, time.perf_counter()))
        return False


def parameter_hash(weights: Mapping[str, Tensor]) -> str:
    """A fingerprint of float32 parameters by name: BLAKE2b over names and bits, names in order, 32 hex digits."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(weights):
        digest.update(name.encode())
        digest.update(weights[name].detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()


def checkpoint_hash(path: Path) -> str:
    """The same fingerprint of a checkpoint's parameters.

    Raises:
        UserError: the file cannot be used.
    """
    weights = open_checkpoint(path).weights()
    return parameter_hash({name: tensor for name, tensor in weights.items() if not name.startswith("slowval/")})


def run_benchmark(
    config: Config,
    updates: int = 5,
    json_file: Path | None = None,
    say: Callable[[str], None] = print,
    tick: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Measure this machine.

    Args:
        config: of the training run to time; preset, batch, game, device, dtype and threads matter.
        updates: timed ones, after the first five. json_file: written if given.
        say: takes lines for people. tick: hears updates done and updates in all.

    Returns:
        Nested plain values, of the median update and the median vector step:
        `machine`: processor, device, dtype, cores, threads, torch, matrix_gflops_per_second, foreign_cores, busy (the
        last two None where the system does not tell);
        `train`: parameters, seconds_per_update (and fastest_update, slowest_update, updates_timed), frames_per_second
        (replayed), peak_memory_gb (10^9 bytes), update_gflop, floor_seconds, floor_ratio, parts (seconds by name),
        hash_after_5_updates;
        `env`: steps_per_second of the games alone, play_steps_per_second with the policy and the entry into replay;
        `inference`: frame_ms, frame_ms_one_thread; `imagination`: ms, branches, horizon.

    Raises:
        UserError: settings that cannot be used, a file that cannot be written, fewer than one update.
    """
    if updates < 1:
        raise UserError(f"updates is {updates}, give a whole number of at least 1.")
    if json_file is not None:
        check_target(json_file)
    undisturbed = config.replace(
        total_steps=2**62, log_every=0.0, save_every=0.0, evaluate_every=0.0, video_every=0.0
    ).replace(log_every_updates=0, save_every_updates=0, evaluate_every_updates=0)
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        loop = TrainingLoop(undisturbed, Path(folder) / "run")
        with contextlib.closing(loop.run()) as events:
            report = _measure(loop, events, updates, tick)
    for line in report_lines(report):
        say(line)
    if json_file is not None:
        write_json(json_file, report)
    return report


def _measure(
    loop: TrainingLoop, events: Iterator[Event], updates: int, tick: Callable[[int, int], None] | None
) -> dict[str, Any]:
    config = loop.config
    device = torch.device(config.device)
    next(events)  # Started: the loop is built
    rates = [matrix_rate(device, loop.agent.dtype)]
    total = HASHED_UPDATES + updates
    timings = _Timings()
    _train(loop, events, HASHED_UPDATES, timings, lambda done: tick(done, total) if tick else None)
    weights = loop.learner.state_tensors()
    fingerprint = parameter_hash({name: weights[name] for name in loop.learner.names})
    timings = _Timings()
    meter = LoadMeter()
    _train(loop, events, total, timings, lambda done: tick(done, total) if tick else None)
    foreign = meter.foreign_cores()
    peak = peak_memory_bytes(device)
    rates.append(matrix_rate(device, loop.agent.dtype))
    seconds = statistics.median(timings.updates)
    frames = config.batch_size * config.batch_length
    flops = update_flops(
        config.size, config.batch_size, config.batch_length, config.imagination, loop.agent.num_actions
    ).total
    floor = flops / max(rates)
    return {
        "preset": config.preset,
        "game": config.game,
        "seed": config.seed,
        "batch_size": config.batch_size,
        "batch_length": config.batch_length,
        "machine": {
            "processor": torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name(),
            "device": config.device,
            "dtype": config.dtype,
            "cores": cores(),
            "threads": config.threads,
            "torch": torch.__version__,
            "matrix_gflops_per_second": max(rates) / 1e9,
            "foreign_cores": foreign,
            "busy": None if foreign is None else foreign > BUSY_CORES,
        },
        "train": {
            "parameters": loop.agent.parameter_count,
            "seconds_per_update": seconds,
            "fastest_update": min(timings.updates),
            "slowest_update": max(timings.updates),
            "updates_timed": len(timings.updates),
            "frames_per_second": frames / seconds,
            "peak_memory_gb": None if peak is None else peak / 1e9,
            "update_gflop": flops / 1e9,
            "floor_seconds": floor,
            "floor_ratio": seconds / floor,
            "parts": _parts(loop),
            "hash_after_5_updates": fingerprint,
        },
        "env": {
            "steps_per_second": _simulator_rate(config),
            "play_steps_per_second": config.num_envs / statistics.median(timings.steps),
        },
        "inference": _inference(loop.agent, loop.replay.sample(1, numpy_generator(0, "benchmark")).frame[0, 0]),
        "imagination": {"ms": _imagination(loop.agent), "branches": BRANCHES, "horizon": HORIZON},
    }


def _train(
    loop: TrainingLoop, events: Iterator[Event], until: int, timings: _Timings, tick: Callable[[int], None]
) -> None:
    """Drive the loop to a number of updates.

    With everything else switched off, what comes between two Progress events is one update, from sampling to
    write-back, or one step of all games with its inference and its entry into replay.
    """
    before = time.perf_counter()
    while loop.updates < until:
        updates = loop.updates
        event = next(events)
        if not isinstance(event, Progress):
            continue
        now = time.perf_counter()
        if event.updates > updates:
            timings.updates.append(now - before)
            tick(event.updates)
        else:
            timings.steps.append(now - before)
        before = time.perf_counter()


def _parts(loop: TrainingLoop) -> dict[str, float]:
    """Median seconds of each part of an update, in order; the parts are those a stop is polled between."""
    device, seed = loop.agent.device, loop.config.seed
    seconds: dict[str, list[float]] = defaultdict(list)
    for i in range(_PART_UPDATES):
        mark = _Marks(device)
        mark("sample")
        batch = loop.replay.sample(loop.config.batch_size, numpy_generator(seed, "parts", i))
        result = loop.learner.update(batch, torch_generator(seed, "parts", i, device=device), mark)
        mark("write_back")
        loop.replay.commit(batch, result.deter, result.stoch)
        mark("end")
        for (part, start), (_, end) in pairwise(mark.times):
            seconds[part].append(end - start)
    return {part: statistics.median(times) for part, times in seconds.items()}


def _simulator_rate(config: Config) -> float:
    """Environment steps a second of the games alone."""
    env = train_env(config)
    generator = numpy_generator(0, "benchmark")
    try:
        start = time.perf_counter()
        steps = 0
        while time.perf_counter() - start < _ENV_SECONDS:
            env.step(generator.integers(env.num_actions, size=env.num_envs, dtype=np.int32))
            steps += env.num_envs
        return steps / (time.perf_counter() - start)
    finally:
        env.close()


def _inference(agent: Agent, frame: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, float]:
    """Milliseconds of one frame of one game through everything a viewer shows: belief, value, policy, surprise."""
    threads = torch.get_num_threads()

    def read_ms() -> float:
        latent = agent.initial(1)
        times = []
        for i in range(_FRAMES):
            generator = torch_generator(0, "benchmark", i, device=agent.device)
            start = time.perf_counter()
            latent, _ = agent.read(latent, 0, frame, i == 0, generator)
            times.append(time.perf_counter() - start)
        return statistics.median(times) * 1000

    report = {"frame_ms": read_ms()}
    use_threads(1)
    try:
        report["frame_ms_one_thread"] = read_ms()
    finally:
        use_threads(threads)
    return report


def _imagination(agent: Agent) -> float:
    """Milliseconds of a whole dream of 16 branches x 15 steps, every frame decoded."""
    times = []
    for i in range(_DREAMS):
        generator = torch_generator(0, "benchmark dream", i, device=agent.device)
        start = time.perf_counter()
        agent.dream(HORIZON, branches=BRANCHES, generator=generator)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def report_lines(report: Mapping[str, Any]) -> list[str]:
    """The report for people."""
    machine, train, env = report["machine"], report["train"], report["env"]
    parts = ", ".join(f"{name} {seconds:.3f}" for name, seconds in train["parts"].items())
    peak = "unknown" if train["peak_memory_gb"] is None else f"{train['peak_memory_gb']:.2f} GB"
    lines = [
        f"{machine['processor']}, {machine['device']} {machine['dtype']}, {machine['threads']} of {machine['cores']} "
        f"cores, matrix products {machine['matrix_gflops_per_second']:,.0f} GFLOP/s",
        f"train {report['preset']}, batch {report['batch_size']}x{report['batch_length']}, "
        f"{train['parameters']:,} parameters: {train['seconds_per_update']:.3f} s an update "
        f"({train['fastest_update']:.3f} to {train['slowest_update']:.3f} over {train['updates_timed']}), "
        f"{train['frames_per_second']:,.0f} replayed frames/s, peak memory {peak}",
        f"floor {train['floor_seconds']:.3f} s ({train['update_gflop']:,.0f} GFLOP), ratio {train['floor_ratio']:.2f}",
        f"parts in seconds: {parts}",
        f"env {env['steps_per_second']:,.0f} steps/s alone, {env['play_steps_per_second']:,.0f} with the policy",
        f"one frame read {report['inference']['frame_ms']:.1f} ms "
        f"({report['inference']['frame_ms_one_thread']:.1f} ms with one thread), "
        f"{BRANCHES} branches x {HORIZON} steps imagined {report['imagination']['ms']:.0f} ms",
        f"parameters after {HASHED_UPDATES} updates at seed {report['seed']}: {train['hash_after_5_updates']}",
    ]
    foreign = machine["foreign_cores"]
    if foreign is None:
        lines.append("other load: this system does not tell")
    elif machine["busy"]:
        lines.append(f"NOT TO BE TRUSTED: something else kept {foreign:.1f} cores busy meanwhile; end it and try again")
    else:
        lines.append(f"other load meanwhile: {foreign:.2f} cores")
    return lines
